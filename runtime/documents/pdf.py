"""Typst templates as PDF/A-2b (https://typst.app/docs/reference/pdf/), with the used characters of the font inside.

Texts reach a template as data, so nothing in a name is markup. The font is Noto Sans JP (SIL Open Font License 1.1),
from a Python package; fonts of the machine are not used.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pylopdf_fonts_cjk
import typst

_FONTS = pylopdf_fonts_cjk.sans_path().parent


def compile_pdf(template: Path, data: Mapping[str, Any]) -> bytes:
    """The PDF of a template that reads ``data`` from its inputs, as JSON. The same arguments give the same bytes. It
    takes some hundred milliseconds of work: call it in a thread."""
    made: bytes = typst.compile(
        template,
        font_paths=[_FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["a-2b"],
        format="pdf",
    )
    return made
