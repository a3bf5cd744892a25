"""Server-sent events: what a follower receives, as bytes (WHATWG HTML, 9.2)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from api.v1.bookings.live.hub import OVERLAP, Follower, LiveHub
from db.platform.events import BookingEvent
from domain.bookings.timeline import INSIDE
from domain.ids import first_uuid_of

#: After this time, or behind this many events, a client reads the present state instead of the missed events.
RESUMES_WITHIN, RESUMES = timedelta(hours=24), 1000
RECONNECT = b"retry: 2000\n\n"
_RESET = b"event: reset\ndata: {}\n\n"


@dataclass(frozen=True, slots=True)
class Opening:
    """How a connection begins. ``after``: the last event that the client has; ``works_here``: sees what happens inside
    the business as well."""

    slot: str
    business_id: UUID
    booking_id: UUID | None
    after: UUID | None
    works_here: bool


async def stream(hub: LiveHub, opening: Opening) -> AsyncIterator[bytes]:
    """First the missed events since ``after``, then new events, until the connection has lasted its time, or
    the client or the process ends. An event may come twice, with the same id."""
    until = asyncio.get_running_loop().time() + hub.lasts.total_seconds()
    async with hub.follow(opening.slot, opening.business_id, opening.booking_id) as follower:
        yield RECONNECT
        sent: set[UUID] = set()
        async for part in _missed(hub, follower, opening, sent):
            yield part
        while not follower.is_ended and asyncio.get_running_loop().time() < until:
            event = await follower.next(hub.heartbeat)
            if event is None:
                if not follower.is_ended:
                    yield b": heartbeat\n\n"
                continue
            if event.id not in sent and _is_for(event, opening):
                yield written(event)


async def _missed(hub: LiveHub, follower: Follower, opening: Opening, sent: set[UUID]) -> AsyncIterator[bytes]:
    if opening.after is None:
        return
    at = _moment_of(opening.after)
    if at is None or hub.now() - at > RESUMES_WITHIN:
        yield _RESET
        return
    missed = await hub.since(follower, first_uuid_of(at - OVERLAP), RESUMES)
    if len(missed) >= RESUMES:
        yield _RESET
        return
    for event in missed:
        sent.add(event.id)
        if event.id != opening.after and follower.wants(event) and _is_for(event, opening):
            yield written(event)


def _moment_of(event_id: UUID) -> datetime | None:
    """When a UUIDv7 was made; None for another id."""
    if event_id.version != 7:
        return None
    return datetime.fromtimestamp((event_id.int >> 80) / 1000).astimezone()


def _is_for(event: BookingEvent, opening: Opening) -> bool:
    return opening.works_here or event.event.partition(".")[2] not in INSIDE


def written(event: BookingEvent) -> bytes:
    """One event: ids, status and time, and nothing about a person."""
    data = orjson.dumps({"booking_id": event.booking_id, "status": event.status, "at": event.at})
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (str(event.id).encode(), event.event.encode(), data)
