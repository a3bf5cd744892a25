"""The history of one customer in one stream: bookings, money, notes and reviews."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store

_ENTRIES = (
    """SELECT 'booking' AS kind, b.id, b.start_at AS at, b.status, b.price AS amount, b.currency, b.code::text AS label
         FROM bookings b WHERE b.customer_id = :customer_id""",
    """SELECT 'payment' AS kind, p.id, p.created_at AS at, p.status, p.amount, p.currency, p.provider AS label
         FROM booking_payments p JOIN bookings b ON b.id = p.booking_id WHERE b.customer_id = :customer_id""",
    """SELECT 'note' AS kind, n.id, n.created_at AS at, NULL AS status, NULL::bigint AS amount, NULL AS currency,
              n.kind AS label
         FROM customer_notes n WHERE n.customer_id = :customer_id AND n.deleted_at IS NULL""",
    """SELECT 'venue_payment' AS kind, v.id, v.created_at AS at, v.kind AS status, v.amount, v.currency,
              v.method AS label
         FROM venue_payments v JOIN bookings b ON b.id = v.booking_id WHERE b.customer_id = :customer_id""",
    """SELECT 'review' AS kind, r.id, r.created_at AS at, r.status, NULL::bigint AS amount, NULL AS currency,
              r.rating::text AS label
         FROM reviews r JOIN bookings b ON b.id = r.booking_id
        WHERE b.customer_id = :customer_id AND r.deleted_at IS NULL""",
)
#: Each branch is in the order of the stream, so that none is read beyond its page.
_BRANCHES = " UNION ALL ".join(
    f"""(SELECT * FROM ({entries}) e
     WHERE CAST(:at AS timestamptz) IS NULL OR (e.at, e.id) < (:at, CAST(:id AS uuid))
     ORDER BY e.at DESC, e.id DESC LIMIT :limit)"""
    for entries in _ENTRIES
)
_STREAM = text(f"SELECT * FROM ({_BRANCHES}) every ORDER BY at DESC, id DESC LIMIT :limit").bindparams(
    bindparam("at", type_=TIMESTAMP(timezone=True)), bindparam("id", type_=PgUUID)
)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One entry. ``label``: the code of a booking, the provider of a payment, the method of one at
    the venue, the kind of a note, the stars of a review. ``amount`` in minor
    units of ``currency``."""

    kind: str
    id: UUID
    at: datetime
    status: str | None
    amount: int | None
    currency: str | None
    label: str


class HistoryStore(Store):
    """Reads only."""

    async def list_history(
        self, customer_id: UUID, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[HistoryRow]:
        """The newest first, in one statement; a booking stands at its start. ``after``: time and id of the last one
        seen."""
        at, entry_id = after or (None, None)
        values = {"customer_id": customer_id, "at": at, "id": entry_id, "limit": limit}
        return [HistoryRow(**row._mapping) for row in await self.session.execute(_STREAM, values)]
