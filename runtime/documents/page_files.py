"""Pages of text as PDF."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from runtime.documents.pdf import compile_pdf

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
    return compile_pdf(_TEMPLATE, data)
