"""The answer of a feed: the file, or that it has not changed."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from starlette.responses import Response

from api.access.callers import PublicCaller
from api.http.operation_errors import raises
from db.bookings.feeds import FeedBooking, FeedContent, split_token
from db.engine.session import Scope
from domain.errors import NotFound
from runtime.calendar_files import CalendarEvent, booking_uid, calendar_file, certainty, sequence

#: The past and future time that a feed covers, and how many bookings and blocks it has at most.
BACK, AHEAD, MOST = timedelta(days=31), timedelta(days=400), 10_000
_BLOCKED = {"ja": "予約不可", "en": "Blocked"}
_CODE = {"ja": "予約番号：", "en": "Booking number: "}
#: Calendars read the feed regularly; no proxy may cache the file.
_HEADERS = {"Cache-Control": "private, no-cache", "Content-Disposition": 'inline; filename="calendar.ics"'}


@raises(NotFound)
async def read_feed(
    caller: PublicCaller, token: str, now: datetime, seen: str | None, business_id: UUID | None = None
) -> Response:
    """The file of the feed that ``token`` opens, or 304 where ``seen`` (`If-None-Match`) names it. ``business_id``:
    whose feed it must be. Raises NotFound for an invalid token."""
    feed_id, secret = split_token(token)
    scope = Scope.of("calendar_feeds", feed_id, None)
    async with caller.database.unit_of_work(scope, caller.context) as work:
        entered = work.entered
        if entered.business_id is None or entered.closed or business_id not in (None, entered.business_id):
            raise NotFound
        feed = await work.bookings.feeds.check_token(feed_id, secret)
        content = await work.bookings.feeds.read_content(feed, now - BACK, now + AHEAD, MOST)
    file = calendar_file(_events(content), name=_name(content))
    tag = f'"{hashlib.sha256(file).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}
    if seen is not None and _names(seen, tag):
        return Response(status_code=304, headers=headers)
    return Response(file, headers=headers, media_type="text/calendar; charset=utf-8")


def _names(seen: str, tag: str) -> bool:
    """Whether the header names the tag; the comparison is the weak one (RFC 9110, 13.1.2)."""
    return seen.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in seen.split(",")}


def _events(content: FeedContent) -> Iterator[CalendarEvent]:
    for booking in content.bookings:
        yield CalendarEvent(
            uid=booking_uid(booking.id),
            sequence=sequence(booking.version, booking.status),
            stamp=booking.updated_at,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            summary=_summary(booking, content.language),
            status=certainty(booking.status),
            description=f"{_CODE[content.language]}{booking.code}",
        )
    for block in content.blocks:
        yield CalendarEvent(
            uid=f"block-{block.id}@omotenashi",
            sequence=block.version,
            stamp=block.updated_at,
            starts_at=block.starts_at,
            ends_at=block.ends_at,
            summary=_BLOCKED[content.language],
        )


def _summary(booking: FeedBooking, language: str) -> str:
    services = " / ".join(_text(name, language) for name in booking.names)
    person = " ".join(part for part in (booking.family_name, booking.given_name) if part)
    called = f"{person}様" if person and language == "ja" else person
    party = (
        ""
        if booking.party_size == 1
        else f"（{booking.party_size}名）"
        if language == "ja"
        else f" ({booking.party_size})"
    )
    return f"{services}{party} {called}".strip()


def _name(content: FeedContent) -> str:
    parts = [content.business, *([content.resource] if content.resource else [])]
    return " ".join(_text(part, content.language) for part in parts)


def _text(name: object, language: str) -> str:
    return str(name.get(language) or next(iter(name.values()), "")) if isinstance(name, dict) else ""
