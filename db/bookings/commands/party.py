"""Changes how many people a booking is for, with another table where the present one is too small."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.bookings.claims import ClaimStore
from db.bookings.commands.reschedule import MOVE_ITEMS
from db.engine.store import Store
from domain.booking_status import BookingStatus
from domain.bookings.party import PartyFacts, changes_party
from domain.errors import NotFound

_PARTY = text("""
    SELECT b.business_id, b.start_at, b.end_at, b.version, b.status, b.party_size, b.preferred_resource_ids,
           x.party_min, x.party_max, x.capacity
      FROM bookings b
     CROSS JOIN LATERAL (SELECT max(s.party_min) AS party_min, min(s.party_max) AS party_max,
                                max(s.capacity) AS capacity
                           FROM booking_items i JOIN services s ON s.id = i.service_id
                          WHERE i.booking_id = b.id) x
     WHERE b.id = :booking_id FOR NO KEY UPDATE OF b
""")
_SET_PARTY = text("""
    WITH booking AS (UPDATE bookings SET party_size = :party_size WHERE id = :booking_id),
    event AS (
        INSERT INTO outbox (business_id, event, aggregate, payload, request_id)
        VALUES (:business_id, :event, :aggregate, CAST(:payload AS jsonb), :request_id))
    INSERT INTO booking_history (business_id, booking_id, event, from_status, to_status, actor_kind, actor_id, details)
    VALUES (:business_id, :booking_id, 'party_changed', :status, :status, :actor_kind, :actor_id,
            CAST(:details AS jsonb))
""").bindparams(bindparam("actor_id", type_=PgUUID(as_uuid=True)), bindparam("request_id", type_=Text))
# One row for each requirement that has tables: how many people sit there, together where they are joined.
_SEATS = text("""
    SELECT CASE WHEN count(*) = 1 THEN max(r.seats)
                ELSE coalesce((SELECT max(CAST(j->>'seats' AS int)) FROM jsonb_array_elements(t.table_joins) j
                                WHERE (SELECT array_agg(one ORDER BY one)
                                         FROM jsonb_array_elements_text(j->'resource_ids') one)
                                    = array_agg(CAST(c.resource_id AS text) ORDER BY CAST(c.resource_id AS text))), 0)
           END AS seats
      FROM resource_claims c
      JOIN resources r ON r.id = c.resource_id AND r.seats IS NOT NULL
      JOIN business_settings t ON t.business_id = c.business_id
     WHERE c.booking_id = :booking_id AND c.released_at IS NULL
     GROUP BY c.item_position, c.requirement_group, t.table_joins
""")


class PartyStore(Store):
    """The party of a booking."""

    async def set_party(self, booking_id: UUID, party_size: int, now: datetime) -> None:
        """Change how many people come. A table that seats them is kept; otherwise the booking moves to another table,
        or to joined ones, at the same time. Raises NotFound, the errors of ``changes_party``, and SlotTaken where no
        table is free."""
        row = (await self.session.execute(_PARTY, {"booking_id": booking_id})).one_or_none()
        if row is None:
            raise NotFound({"booking_id": str(booking_id)})
        facts = PartyFacts(BookingStatus(row.status), row.party_size, row.party_min, row.party_max, row.capacity)
        if not changes_party(facts, party_size):
            return
        await self._set(booking_id, row, party_size)
        seats = list(await self.session.scalars(_SEATS, {"booking_id": booking_id}))
        if any(one < party_size for one in seats):
            await self._reseat(booking_id, row, now)

    async def _set(self, booking_id: UUID, row: Row[Any], party_size: int) -> None:
        actor = self.context.actor
        payload = {
            "booking_id": str(booking_id),
            "business_id": str(row.business_id),
            "from": row.status,
            "to": row.status,
            "start_at": row.start_at.isoformat(),
            "end_at": row.end_at.isoformat(),
            "version": row.version,
        }
        values = {
            "booking_id": booking_id,
            "business_id": row.business_id,
            "party_size": party_size,
            "status": row.status,
            "actor_kind": actor.kind.value,
            "actor_id": actor.user_id,
            "event": "booking.party_changed",
            "aggregate": f"booking/{booking_id}",
            "request_id": self.context.request_id,
            "payload": json.dumps(payload),
            "details": json.dumps({"old_party_size": row.party_size, "party_size": party_size}),
        }
        await self.session.execute(_SET_PARTY, values)

    async def _reseat(self, booking_id: UUID, row: Row[Any], now: datetime) -> None:
        claims = ClaimStore(self.session, self.context)
        times = await claims.move_claims(booking_id, row.business_id, row.start_at, now, (), staff=True)
        starts, ends, chosen = zip(*times, strict=True)
        values = {"booking_id": booking_id, "starts": list(starts), "ends": list(ends), "chosen": list(chosen)}
        await self.session.execute(MOVE_ITEMS, values)
