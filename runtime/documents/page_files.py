"""Pages of text as PDF/A-2b, with the used characters of the font inside."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import typst

from runtime.documents.receipt_files import FONTS

_TEMPLATE = Path(__file__).with_name("page.typ")


def page_file(title: str, about: str, lines: Sequence[str], day: date, language: str = "en") -> bytes:
    """The PDF. ``day`` is what its properties say; the same arguments give the same bytes. It takes some hundred
    milliseconds of work: call it in a thread."""
    data = {
        "title": title,
        "about": about,
        "lines": list(lines),
        "day": [day.year, day.month, day.day],
        "language": language,
    }
    made: bytes = typst.compile(
        _TEMPLATE,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["a-2b"],
        format="pdf",
    )
    return made
