"""One layout around every message: a subject and paragraphs go in, an e-mail comes out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from activities.templates.rows import Row
from activities.templates.words import one_line

#: What an inbox on a phone and a mail program show of a subject; the rest would be cut there without a sign.
SUBJECT_LENGTH = {"ja": 32, "en": 60}

_FOLDER = Path(__file__).parent
TEXT = Environment(  # noqa: S701 - plain text; what goes into HTML is escaped by the environment below
    loader=FileSystemLoader(_FOLDER), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_HTML = Environment(
    loader=FileSystemLoader(_FOLDER),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TERMS_TITLE = {"ja": "キャンセル規定", "en": "Cancellation policy"}
_CONTACT_TITLE = {"ja": "お問い合わせ", "en": "Questions?"}


@dataclass(frozen=True, slots=True)
class MessageLayout:
    """What surrounds the paragraphs. ``sender`` is the headline; an empty ``greeting`` is left out; ``button`` is label
    and address of what the message asks for, ``note`` is said under it; ``rows`` are the facts; ``terms`` (of a
    cancellation) and ``contact`` are lines; ``footer`` says who sent the message and whether it can be answered."""

    sender: str
    greeting: str
    footer: str
    button: tuple[str, str] | None = None
    note: str = ""
    rows: Sequence[Row] = ()
    terms: Sequence[str] = ()
    contact: Sequence[str] = ()


def written(names: Sequence[str], variables: Mapping[str, Any]) -> list[str]:
    """The subject and the paragraphs of the first template that is there. Raises ``jinja2.TemplateNotFound``, and
    ``jinja2.UndefinedError`` for a text that names what is not in ``variables``: bugs, seen by the tests."""
    rendered = TEXT.select_template(list(names)).render(variables)
    subject, _, body = rendered.strip().partition("\n")
    paragraphs = [paragraph.strip() for paragraph in re.split(r"\n\s*\n", body)]
    return [one_line(subject), *(paragraph for paragraph in paragraphs if paragraph)]


def fitting(subject: str, language: str) -> str:
    """The subject, cut with a sign where it is too long: what is at its end is the least important."""
    most = SUBJECT_LENGTH[language]
    return subject if len(subject) <= most else subject[: most - 1].rstrip(" ,（(") + "…"


def render_layout(language: str, subject: str, paragraphs: Sequence[str], frame: MessageLayout) -> tuple[str, str]:
    """The message as plain text and as HTML; the HTML escapes everything that it is given."""
    shared: dict[str, Any] = {
        "language": language,
        "subject": subject,
        "paragraphs": paragraphs,
        "frame": frame,
        "terms_title": _TERMS_TITLE[language],
        "contact_title": _CONTACT_TITLE[language],
        "colon": "：" if language == "ja" else ": ",
        "bullet": "・" if language == "ja" else "- ",
    }
    plain = TEXT.get_template("layout.txt.j2").render(shared)
    return re.sub(r"\n{3,}", "\n\n", plain).strip() + "\n", _HTML.get_template("layout.html.j2").render(shared)
