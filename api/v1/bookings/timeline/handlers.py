"""The timeline as JSON, or as a document for use as evidence."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from api.http.envelope import ok
from api.http.request_info import request_info
from api.v1.bookings.timeline.schemas import TimelineEntryRead, TimelineRead
from db.engine.session import UnitOfWork
from domain.bookings.timeline import visible_entries
from domain.bookings.view import BookingView
from domain.catalogue.cancellation import Policy
from domain.messages import formats


class TimelineFormat(StrEnum):
    """The format of the timeline."""

    JSON = "json"
    MARKDOWN = "markdown"


async def timeline(
    work: UnitOfWork, booking_id: UUID, works_here: bool, form: TimelineFormat, now: datetime
) -> Response:
    """The timeline for its reader. Raises NotFound."""
    booking = await work.bookings.get(booking_id)
    language = request_info().language.value
    entries = visible_entries(await work.bookings.timeline.entries(booking_id), works_here)
    read = [TimelineEntryRead.of(entry, booking.time_zone, language, works_here) for entry in entries]
    if form is TimelineFormat.JSON:
        return ok(TimelineRead(code=booking.code, entries=read))
    contact = await work.bookings.timeline.contact(booking_id) if works_here else {}
    text = _document(booking, read, contact, language, now)
    headers = {
        "Content-Language": language,
        "Vary": "Accept-Language",
        "Content-Disposition": f'attachment; filename="booking-{booking.code}.md"',
    }
    return Response(text, 200, headers, "text/markdown; charset=utf-8")


def _document(
    booking: BookingView,
    entries: list[TimelineEntryRead],
    contact: dict[str, str | datetime | None],
    language: str,
    now: datetime,
) -> str:
    lines = [f"# {_word('title', language)} {booking.code}", ""]
    lines += [f"- {name}: {_plain(value)}" for name, value in _facts(booking, contact, language) if value]
    lines += [f"- {_word('written', language)}: {now.astimezone(ZoneInfo(booking.time_zone)).isoformat()}", ""]
    lines += [f"## {_word('events', language)}", ""]
    for entry in entries:
        beside = [one for one in (entry.actor, entry.reason, entry.reference) if one]
        note = f" ({_plain('; '.join(beside))})" if beside else ""
        lines.append(f"- `{entry.at.isoformat(timespec='seconds')}` {_plain(entry.text)}{note}")
    return "\n".join(lines) + "\n"


def _facts(
    booking: BookingView, contact: dict[str, str | datetime | None], language: str
) -> list[tuple[str, str | None]]:
    policy = Policy.from_json(booking.policy)
    tiers = ", ".join(f"{tier.hours_before} h: {tier.penalty_percent} %" for tier in policy.tiers)
    customer = booking.customer or {}
    services = ", ".join(item.name.get(language) or next(iter(item.name.values())) for item in booking.items)
    proven = contact.get("contact_proven_at")
    return [
        (_word("when", language), formats.span(booking.start_at, booking.end_at, booking.time_zone, language)),
        (_word("what", language), services),
        (_word("status", language), booking.status.value),
        (_word("party", language), str(booking.party_size)),
        (_word("price", language), formats.taxed(booking.price, booking.currency, language)),
        (_word("due", language), formats.money(booking.amount_due, booking.currency, language)),
        (_word("policy", language), f"{tiers or '0 %'}; no-show: {policy.no_show_percent} %"),
        (
            _word("customer", language),
            formats.full_name(customer.get("family_name", ""), customer.get("given_name", ""), language)
            if contact
            else None,
        ),
        (_word("email", language), _text(contact.get("email"))),
        (_word("phone", language), _text(contact.get("phone"))),
        (_word("network", language), _text(contact.get("ip"))),
        (_word("proven", language), proven.astimezone(UTC).isoformat() if isinstance(proven, datetime) else None),
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _plain(value: str | None) -> str:
    """A line of Markdown that shows typed text as it was typed."""
    shown = " ".join((value or "").split())
    for sign in "\\`*_[]<>#|":
        shown = shown.replace(sign, "\\" + sign)
    return shown


_WORDS = {
    "title": ("予約の記録", "Record of booking"),
    "written": ("作成日時", "Written at"),
    "events": ("経過", "What happened"),
    "when": ("日時", "Date and time"),
    "what": ("メニュー", "Services"),
    "status": ("状態", "Status"),
    "party": ("人数", "People"),
    "price": ("料金", "Price"),
    "due": ("オンラインでのお支払い", "To be paid online"),
    "policy": ("キャンセル規定", "Cancellation policy as agreed"),
    "customer": ("お名前", "Customer"),
    "email": ("メールアドレス", "E-mail address"),
    "phone": ("電話番号", "Telephone"),
    "network": ("予約時のネットワーク", "Network of the booking"),
    "proven": ("メールアドレスの確認", "E-mail address confirmed at"),
}


def _word(name: str, language: str) -> str:
    ja, en = _WORDS[name]
    return ja if language == "ja" else en
