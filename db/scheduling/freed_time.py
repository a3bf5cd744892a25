"""Notes that a transaction frees time, so that the time is offered to the waitlist before anybody else can take it:
before the transaction commits, and before it takes time itself that it has swept."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

_NOTED = "omotenashi.freed_time"
_OFFER = "omotenashi.offer_freed_time"
_SWEPT = "omotenashi.swept"


@dataclass(frozen=True, slots=True)
class Swept:
    """Expired holds (``bookings``) and ``offers`` that a transaction has ended because they were in its way, and whose
    time it then offered to the waitlist of ``business_id``."""

    business_id: UUID
    bookings: Sequence[UUID]
    offers: Sequence[UUID]
    now: datetime


def note_freed_time(session: AsyncSession, business_id: UUID, now: datetime) -> None:
    """The open transaction of the session frees time of this business, at ``now`` (aware)."""
    session.info.setdefault(_NOTED, {})[business_id] = now


def take_freed_time(session: AsyncSession) -> dict[UUID, datetime]:
    """What was noted since the last call: the businesses, and when."""
    found: dict[UUID, datetime] = session.info.pop(_NOTED, {})
    return found


def offer_through(session: AsyncSession, offer: Callable[[], Awaitable[dict[UUID, datetime]]]) -> None:
    """``offer`` offers what was noted, and returns the businesses where somebody got an offer, and when."""
    session.info[_OFFER] = offer


@contextmanager
def no_offers(session: AsyncSession) -> Iterator[None]:
    """Inside, `offer_swept` does nothing: the time goes to the waitlist already."""
    offer = session.info.pop(_OFFER, None)
    try:
        yield
    finally:
        if offer is not None:
            session.info[_OFFER] = offer


async def offer_swept(session: AsyncSession, bookings: Sequence[UUID], offers: Sequence[UUID]) -> None:
    """Offer the time of expired holds and offers that the transaction has just ended, before it takes that time."""
    offer = session.info.get(_OFFER)
    if offer is None:
        return
    made: dict[UUID, datetime] = await offer()
    for business_id, now in made.items():
        session.info.setdefault(_SWEPT, []).append(Swept(business_id, tuple(bookings), tuple(offers), now))


def take_swept(session: AsyncSession) -> list[Swept]:
    """What was swept and offered since the last call. A transaction that ends with a refusal has lost both."""
    found: list[Swept] = session.info.pop(_SWEPT, [])
    return found
