"""The events of bookings, read from the outbox for followers of a business or a booking."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store

_SINCE = text("""
    SELECT id, business_id, event, aggregate, payload, created_at FROM outbox
     WHERE business_id = ANY(:business_ids) AND id > :after AND aggregate LIKE 'booking/%' AND event LIKE 'booking.%'
     ORDER BY id LIMIT :limit
""").bindparams(bindparam("business_ids", type_=ARRAY(PgUUID(as_uuid=True))))


@dataclass(frozen=True, slots=True)
class BookingEvent:
    """One event. ``id`` is in order of time, but a long transaction commits an older id after newer ones."""

    id: UUID
    business_id: UUID
    booking_id: UUID
    event: str
    status: str | None
    at: datetime


class BookingEventStore(Store):
    """Reads in the scope of the transaction."""

    async def since(self, business_ids: Collection[UUID], after: UUID, limit: int) -> list[BookingEvent]:
        """The next events of these businesses with an id above ``after``, at most ``limit``."""
        values = {"business_ids": list(business_ids), "after": after, "limit": limit}
        return [_event(row._mapping) for row in await self.session.execute(_SINCE, values)]


def _event(row: Any) -> BookingEvent:
    payload = row["payload"]
    status = payload.get("to") or payload.get("booking", {}).get("status")
    booking_id = UUID(row["aggregate"].partition("/")[2])
    return BookingEvent(row["id"], row["business_id"], booking_id, row["event"], status, row["created_at"])
