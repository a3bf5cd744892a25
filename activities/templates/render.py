"""Renders messages about a booking as e-mails."""

from collections.abc import Mapping
from datetime import datetime

from activities.templates import calendar, rows, terms, view
from activities.templates.layout import Look, MessageLayout, own_text, render_layout, shorten_subject, written
from activities.templates.words import BUTTONS, CHOICES, PLATFORM, pick, private_link
from db.messages.notices import NoticeContent
from domain.booking_status import BookingStatus
from domain.messages.kinds import NoticeKind
from domain.messages.preferences import is_optional
from domain.messages.texts import OwnText
from providers.email.interface import Attachment, Email
from runtime.booking_links import BookingLinks
from runtime.message_links import MessageLinks

_WITH_CALENDAR = frozenset({NoticeKind.BOOKING_CONFIRMED, NoticeKind.BOOKING_CHANGED, NoticeKind.BOOKING_CANCELLED})

#: The button of messages that ask for more than opening the booking.
_ASKS: Mapping[NoticeKind, str] = {
    NoticeKind.BOOKING_HELD: "pay",
    NoticeKind.BOOKING_PROOF: "prove",
    NoticeKind.PAYMENT_FAILED: "pay",
    NoticeKind.PAYMENT_RENEW: "card",
    NoticeKind.PAYMENT_VOUCHER: "voucher",
    NoticeKind.PAYMENT_VOUCHER_ENDING: "voucher",
    NoticeKind.REACCOMMODATION_OFFERED: "choose",
    NoticeKind.REACCOMMODATION_REMINDER: "choose",
}
_CHANGEABLE = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})


def compose(content: NoticeContent, now: datetime, links: BookingLinks, own: OwnText | None = None) -> Email:
    """The complete message in the recipient's language, as of ``now``. ``content.address`` must be set. ``links`` make
    the link to the booking, which only its customer gets. ``own``: the text that the business has written itself.

    Raises ``jinja2.UndefinedError`` for a template with an unknown name: a bug; tests check for it.
    """
    language, to_customer = content.language, content.audience == "customer"
    folder, url = f"{language}/{content.audience}", _url(content, links)
    message_links = MessageLinks(links.links, links.public_url)
    optional = is_optional(NoticeKind(content.kind), content.audience)
    choices_url = message_links.url(content.id) if optional else None
    names = [f"{folder}/{content.kind}.j2", *([] if to_customer else [f"{folder}/other.j2"])]
    variables = view.variables(content, now)
    subject, *paragraphs = written(names, variables)
    if own is not None:
        subject, paragraphs = own_text(own, variables, paragraphs)
    subject = shorten_subject(subject, language)
    business = pick(content.business_name, language)
    frame = MessageLayout(
        sender=business if to_customer else PLATFORM,
        greeting=view.greeting(content),
        footer=_footer(content, business),
        button=(BUTTONS[button(content)][language], url) if to_customer else None,
        note=private_link(language) if to_customer else "",
        rows=rows.facts(content),
        terms=terms.terms(content),
        contact=view.contact(content),
        look=_look(content, message_links),
        choices=(CHOICES[language], choices_url) if choices_url else None,
    )
    plain, html = render_layout(language, subject, paragraphs, frame)
    return Email(
        to=content.address or "",
        from_name=business if to_customer else PLATFORM,
        reply_to=content.business_email if to_customer else None,
        subject=subject,
        text=plain,
        html=html,
        notice_id=str(content.id),
        language=language,
        attachments=_attachments(content, url, now),
        unsubscribe_url=choices_url,
    )


def _look(content: NoticeContent, links: MessageLinks) -> Look:
    """The business's own in messages to its customers; the platform writes to businesses."""
    if content.audience == "business":
        return Look()
    return Look.of(content.business_id, content.colour, content.has_logo, links)


def _url(content: NoticeContent, links: BookingLinks) -> str:
    """The target of the button: the booking, with a proof of the address in the messages that ask for it."""
    if _asks_for_proof(content) and content.proof_deadline is not None:
        return links.proof_url(content.booking_id, content.proof_deadline)
    return links.url(content.booking_id)


def _asks_for_proof(content: NoticeContent) -> bool:
    """Whether the link proves the address: the request for it, and a provisional booking that asks for no payment."""
    return content.kind == NoticeKind.BOOKING_PROOF or (
        content.kind == NoticeKind.BOOKING_HELD and not content.amount_due
    )


def button(content: NoticeContent) -> str:
    """The button for the message and the status of its booking. A booking that has ended can only be viewed."""
    if content.kind == NoticeKind.REVIEW_REQUESTED:
        return "review"
    if content.booking_status not in _CHANGEABLE:
        return "view"
    asked = "prove" if _asks_for_proof(content) else _ASKS.get(NoticeKind(content.kind), "change")
    pays = content.booking_status == BookingStatus.PENDING
    return "change" if asked in {"pay", "voucher"} and not pays else asked


def _footer(content: NoticeContent, business: str) -> str:
    japanese = content.language == "ja"
    if content.audience == "business":
        return (
            f"{PLATFORM}がお送りしています。このメールには返信できません。"
            if japanese
            else f"Sent by {PLATFORM}. This e-mail cannot be answered."
        )
    if content.business_email:
        return (
            f"このメールは{PLATFORM}よりお送りしています。ご返信は{business}に届きます。"
            if japanese
            else f"Sent by {PLATFORM} for {business}. Your reply goes to {business}."
        )
    return (
        f"このメールは{PLATFORM}よりお送りしています。このメールには返信できません。"
        if japanese
        else f"Sent by {PLATFORM} for {business}. This e-mail cannot be answered."
    )


def _attachments(content: NoticeContent, url: str, now: datetime) -> tuple[Attachment, ...]:
    reinstated = content.kind == NoticeKind.PAYMENT_LATE and content.booking_status == BookingStatus.CONFIRMED
    if content.audience == "business" or not (content.kind in _WITH_CALENDAR or reinstated):
        return ()
    file = calendar.calendar_file(content, rows.address(content), view.calendar_notes(content, url), now)
    # SendGrid refuses a content type with a semicolon, so the method is only inside the file.
    return (Attachment("booking.ics", "text/calendar", file),)
