"""The tables of ``docs/errors.md``, as declared. ``python -m tests.architecture.error_page`` writes the page."""

from collections.abc import Iterator
from pathlib import Path

from api.http.error_texts import AREAS

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
_START = "<!-- The tables below are written by `python -m tests.architecture.error_page`. -->\n"


def tables() -> str:
    """A section for each area: its codes, then its rules."""
    return "\n".join(line for area in AREAS for line in _section(area)) + "\n"


def _section(area: str) -> Iterator[str]:
    texts = AREAS[area]
    if texts.meanings or texts.rules:
        yield from ("", "## " + ("All areas" if area == "shared" else area.capitalize()))
    if texts.meanings:
        yield from ("", "| code | status | 日本語 | English |", "|---|---|---|---|")
        yield from (f"| `{code}` | {m.status} | {m.ja} | {m.en} |" for code, m in texts.meanings.items())
    if texts.rules:
        yield from ("", "| rule | 日本語 | English |", "|---|---|---|")
        yield from (f"| `{rule}` | {text.ja} | {text.en} |" for rule, text in texts.rules.items())


def page(now: str) -> str:
    """The page ``now``, with the tables of the code."""
    return now.partition(_START)[0] + _START + tables()


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
