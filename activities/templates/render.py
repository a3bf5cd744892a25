"""From the content of a message about a booking to an e-mail."""

from datetime import datetime

from activities.templates import calendar, view
from activities.templates.layout import MessageLayout, render_layout, written
from activities.templates.words import PLATFORM, pick
from db.messages.notices import NoticeContent
from domain.messages.kinds import NoticeKind
from providers.email.interface import Attachment, Email
from runtime.booking_links import BookingLinks

_WITH_CALENDAR = frozenset(
    {NoticeKind.BOOKING_CONFIRMED, NoticeKind.BOOKING_CHANGED, NoticeKind.BOOKING_CANCELLED, NoticeKind.PAYMENT_LATE}
)


_LINK_TITLE = {
    "ja": "ご予約の確認・お支払い・変更・キャンセル（このリンクはご本人専用です。転送しないでください）",
    "en": "See, pay, change or cancel your booking (this link is yours alone: please do not pass it on)",
}


def compose(content: NoticeContent, now: datetime, links: BookingLinks) -> Email:
    """The whole message in the recipient's language. ``content.address`` must be there; ``now`` dates the calendar
    file; ``links`` make what opens the booking, for its customer alone.

    Raises ``jinja2.UndefinedError`` for a text that names what is not there: a bug, seen by the tests.
    """
    folder = f"{content.language}/{content.audience}"
    subject, *paragraphs = written([f"{folder}/{content.kind}.j2", f"{folder}/other.j2"], view.variables(content))
    frame = MessageLayout(
        sender=pick(content.business_name, content.language),
        greeting=view.greeting(content),
        signature=view.signature(content),
        details=view.details(content),
        policy=view.policy(content),
        link=(_LINK_TITLE[content.language], links.url(content.booking_id)) if content.audience == "customer" else None,
    )
    plain, html = render_layout(content.language, subject, paragraphs, frame)
    to_customer = content.audience == "customer"
    return Email(
        to=content.address or "",
        from_name=pick(content.business_name, content.language) if to_customer else PLATFORM,
        reply_to=content.business_email if to_customer else None,
        subject=subject,
        text=plain,
        html=html,
        notice_id=str(content.id),
        language=content.language,
        attachments=_attachments(content, now),
    )


def _attachments(content: NoticeContent, now: datetime) -> tuple[Attachment, ...]:
    if content.audience == "business" or content.kind not in _WITH_CALENDAR:
        return ()
    # SendGrid refuses a content type with a semicolon, so the method is said inside the file alone.
    return (Attachment("booking.ics", "text/calendar", calendar.visit(content, now)),)
