"""One layout around every message: a subject and paragraphs go in, an e-mail comes out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from activities.templates.words import one_line

#: Longer subjects are cut by most readers anyway.
SUBJECT_LENGTH = 200

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
_POLICY_TITLE = {"ja": "キャンセル規定", "en": "Cancellation policy"}
_FOOTER = {
    "ja": "このメールは送信専用です。ご返信いただいてもお答えできませんのでご了承ください。（Omotenashi Connect）",
    "en": "This message was sent automatically; replies are not read. (Omotenashi Connect)",
}


@dataclass(frozen=True, slots=True)
class MessageLayout:
    """What stands around the paragraphs. ``sender`` is the headline; ``details`` are rows of label and value;
    ``policy`` and ``signature`` are lines; ``button`` is label and address of what the message asks for;
    ``link`` title and address of what it is about."""

    sender: str
    greeting: str
    signature: Sequence[str]
    details: Sequence[tuple[str, str]] = ()
    policy: Sequence[str] = ()
    button: tuple[str, str] | None = None
    link: tuple[str, str] | None = None


def written(names: Sequence[str], variables: Mapping[str, Any]) -> list[str]:
    """The subject and the paragraphs of the first template that is there. Raises ``jinja2.TemplateNotFound``, and
    ``jinja2.UndefinedError`` for a text that names what is not in ``variables``: bugs, seen by the tests."""
    rendered = TEXT.select_template(list(names)).render(variables)
    subject, _, body = rendered.strip().partition("\n")
    paragraphs = [paragraph.strip() for paragraph in re.split(r"\n\s*\n", body)]
    return [one_line(subject)[:SUBJECT_LENGTH], *(paragraph for paragraph in paragraphs if paragraph)]


def render_layout(language: str, subject: str, paragraphs: Sequence[str], frame: MessageLayout) -> tuple[str, str]:
    """The message as plain text and as HTML; the HTML escapes everything that it is given."""
    shared: dict[str, Any] = {
        "language": language,
        "subject": subject,
        "business": frame.sender,
        "greeting": frame.greeting,
        "paragraphs": paragraphs,
        "button": frame.button,
        "link": frame.link,
        "details": frame.details,
        "policy": frame.policy,
        "policy_title": _POLICY_TITLE[language],
        "signature": frame.signature,
        "footer": _FOOTER[language],
        "colon": "：" if language == "ja" else ": ",
        "bullet": "・" if language == "ja" else "- ",
    }
    plain = TEXT.get_template("layout.txt.j2").render(shared)
    return re.sub(r"\n{3,}", "\n\n", plain).strip() + "\n", _HTML.get_template("layout.html.j2").render(shared)
