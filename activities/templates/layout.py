"""The layout of all messages: makes an e-mail from a subject and paragraphs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from activities.templates.rows import Row
from activities.templates.words import one_line
from domain.messages.brand import DEFAULT_COLOUR
from domain.messages.texts import OwnText, filled, paragraphs_of
from runtime.message_links import MessageLinks

#: How many characters of a subject phones and mail programs show before they cut it.
SUBJECT_LENGTH = {"ja": 32, "en": 60}

_FOLDER = Path(__file__).parent
TEXT = Environment(  # noqa: S701 - plain text; the environment below escapes what goes into HTML
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
class Look:
    """The colour of the button (``#rrggbb``; white can be read on it), and the address of the sender's logo."""

    colour: str = DEFAULT_COLOUR
    logo: str = ""

    @classmethod
    def of(cls, business_id: UUID | None, colour: str | None, has_logo: bool, links: MessageLinks) -> "Look":
        """The look that a business has chosen; the platform's for what it has not."""
        logo = links.logo(business_id) if has_logo and business_id is not None else ""
        return cls(colour or DEFAULT_COLOUR, logo)


@dataclass(frozen=True, slots=True)
class MessageLayout:
    """Everything around the paragraphs. ``sender`` is the headline; an empty ``greeting`` is left out; ``button`` has
    label and address, ``note`` is the text under it; ``rows`` are the facts; ``terms`` (of a cancellation) and
    ``contact`` are lines; ``footer`` says who sent the message and whether it can be answered."""

    sender: str
    greeting: str
    footer: str
    button: tuple[str, str] | None = None
    note: str = ""
    rows: Sequence[Row] = ()
    terms: Sequence[str] = ()
    contact: Sequence[str] = ()
    look: Look = Look()
    #: Label and address of the page on which the recipient chooses which messages come.
    choices: tuple[str, str] | None = None


def written(names: Sequence[str], variables: Mapping[str, Any]) -> list[str]:
    """The subject and the paragraphs of the first template that exists. Raises ``jinja2.TemplateNotFound``, and
    ``jinja2.UndefinedError`` for a name that is not in ``variables``. Both are bugs; tests check for them."""
    rendered = TEXT.select_template(list(names)).render(variables)
    subject, _, body = rendered.strip().partition("\n")
    paragraphs = [paragraph.strip() for paragraph in re.split(r"\n\s*\n", body)]
    return [one_line(subject), *(paragraph for paragraph in paragraphs if paragraph)]


def own_text(own: OwnText, variables: Mapping[str, Any], standard: Sequence[str]) -> tuple[str, list[str]]:
    """The subject and the paragraphs of a business's own text; ``standard`` are the platform's paragraphs. It cannot
    fail: what is not a text among ``variables`` is left out."""
    values = {name: value for name, value in variables.items() if isinstance(value, str)}
    paragraphs = ("\n".join(one_line(line) for line in one.split("\n")) for one in paragraphs_of(own, values, standard))
    return one_line(filled(own.subject, values)), [one for one in paragraphs if one.strip()]


def shorten_subject(subject: str, language: str) -> str:
    """The subject, cut with an ellipsis if it is too long. The least important part is at its end."""
    most = SUBJECT_LENGTH[language]
    return subject if len(subject) <= most else subject[: most - 1].rstrip(" ,（(") + "…"


def render_layout(language: str, subject: str, paragraphs: Sequence[str], frame: MessageLayout) -> tuple[str, str]:
    """The message as plain text and as HTML; every value is escaped in the HTML."""
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
