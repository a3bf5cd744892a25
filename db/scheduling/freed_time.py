"""Notes that a transaction frees time, so that it can offer the time to the waitlist before it commits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

_NOTED = "omotenashi.freed_time"


def note_freed_time(session: AsyncSession, business_id: UUID, now: datetime) -> None:
    """The open transaction of the session frees time of this business, at ``now`` (aware)."""
    session.info.setdefault(_NOTED, {})[business_id] = now


def take_freed_time(session: AsyncSession) -> dict[UUID, datetime]:
    """What was noted since the last call: the businesses, and when."""
    found: dict[UUID, datetime] = session.info.pop(_NOTED, {})
    return found
