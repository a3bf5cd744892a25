"""From the content of a message to an e-mail."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from activities import calendar
from activities.templates import view
from activities.templates.words import one_line, pick
from db.stores.notices import NoticeContent
from domain.notices import NoticeKind
from providers.email.interface import Attachment, Email

#: Longer subjects are cut by most readers anyway.
SUBJECT_LENGTH = 200

_WITH_CALENDAR = frozenset(
    {NoticeKind.BOOKING_CONFIRMED, NoticeKind.BOOKING_CHANGED, NoticeKind.BOOKING_CANCELLED, NoticeKind.PAYMENT_LATE}
)
_FOLDER = Path(__file__).parent
_TEXT = Environment(  # noqa: S701 - plain text; what goes into HTML is escaped by the environment below
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


def compose(content: NoticeContent, now: datetime) -> Email:
    """The whole message in the recipient's language. ``content.address`` must be there; ``now`` dates the calendar
    file. Raises ``jinja2.UndefinedError`` for a text that names what is not there: a bug, seen by the tests."""
    subject, *paragraphs = _message(content)
    shared: dict[str, Any] = {
        "language": content.language,
        "subject": subject,
        "business": pick(content.business_name, content.language),
        "greeting": view.greeting(content),
        "paragraphs": paragraphs,
        "details": view.details(content),
        "policy": view.policy(content),
        "policy_title": _POLICY_TITLE[content.language],
        "signature": view.signature(content),
        "footer": _FOOTER[content.language],
        "colon": "：" if content.language == "ja" else ": ",
        "bullet": "・" if content.language == "ja" else "- ",
    }
    plain = _TEXT.get_template("layout.txt.j2").render(shared)
    return Email(
        to=content.address or "",
        subject=subject,
        text=re.sub(r"\n{3,}", "\n\n", plain).strip() + "\n",
        html=_HTML.get_template("layout.html.j2").render(shared),
        notice_id=str(content.id),
        language=content.language,
        attachments=_attachments(content, now),
    )


def _message(content: NoticeContent) -> list[str]:
    """The subject and the paragraphs."""
    folder = f"{content.language}/{content.audience}"
    names = [f"{folder}/{content.kind}.j2", f"{folder}/other.j2"]
    rendered = _TEXT.select_template(names).render(view.variables(content))
    subject, _, body = rendered.strip().partition("\n")
    paragraphs = [paragraph.strip() for paragraph in re.split(r"\n\s*\n", body)]
    return [one_line(subject)[:SUBJECT_LENGTH], *(paragraph for paragraph in paragraphs if paragraph)]


def _attachments(content: NoticeContent, now: datetime) -> tuple[Attachment, ...]:
    if content.audience == "business" or content.kind not in _WITH_CALENDAR:
        return ()
    # SendGrid refuses a content type with a semicolon, so the method is said inside the file alone.
    return (Attachment("booking.ics", "text/calendar", calendar.visit(content, now)),)
