"""Reading a series with the bookings that it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from domain.booking_status import BookingStatus
from domain.bookings.series import Occurrence, Refusal
from domain.errors import NotFound
from domain.scheduling.recurrence import Recurrence

RECURRENCE = TypeAdapter(Recurrence)
_GET = text("""
    SELECT s.id, s.business_id, s.customer_id, s.start_at, s.recurrence, s.time_zone, s.created_at, s.updated_at
      FROM booking_series s WHERE s.id = :id
""").columns(recurrence=JSONB)
_LIST = text("""
    SELECT s.id, s.business_id, s.customer_id, s.start_at, s.recurrence, s.time_zone, s.created_at, s.updated_at
      FROM booking_series s
     WHERE (CAST(:business_id AS uuid) IS NULL OR s.business_id = :business_id)
       AND (CAST(:user_id AS uuid) IS NULL OR s.user_id = :user_id)
       AND (CAST(:after AS uuid) IS NULL OR s.id < :after)
     ORDER BY s.id DESC LIMIT :limit
""").columns(recurrence=JSONB)
_LIST = _LIST.bindparams(*(bindparam(name, type_=PgUUID(as_uuid=True)) for name in ("business_id", "user_id", "after")))
_OCCURRENCES = text("""
    SELECT o.series_id, o.number, o.planned_at, o.booking_id, o.refusal, b.status, b.start_at, b.end_at, b.price,
           b.currency
      FROM series_occurrences o LEFT JOIN bookings b ON b.id = o.booking_id
     WHERE o.series_id = ANY(:ids) ORDER BY o.series_id, o.number
""")


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A stored series. ``currency``: of the prices of its occurrences."""

    id: UUID
    business_id: UUID
    customer_id: UUID
    start_at: datetime
    recurrence: Recurrence
    time_zone: str
    created_at: datetime
    updated_at: datetime
    currency: str
    occurrences: Sequence[Occurrence]


class SeriesReadStore(Store):
    """Reads in the scope of the transaction."""

    async def get(self, series_id: UUID) -> SeriesRow:
        """One series, each occurrence as it is now. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": series_id})).one_or_none()
        if row is None:
            raise NotFound
        return (await self._with_occurrences([row]))[0]

    async def list_series(
        self, business_id: UUID | None, user_id: UUID | None, after: UUID | None, limit: int
    ) -> list[SeriesRow]:
        """Of a business, or of a login; the newest first."""
        values = {"business_id": business_id, "user_id": user_id, "after": after, "limit": limit}
        return await self._with_occurrences((await self.session.execute(_LIST, values)).all())

    async def _with_occurrences(self, rows: Sequence[Row[Any]]) -> list[SeriesRow]:
        found: dict[UUID, list[Row[Any]]] = {row.id: [] for row in rows}
        for one in await self.session.execute(_OCCURRENCES, {"ids": list(found)}):
            found[one.series_id].append(one)
        return [_series(row, found[row.id]) for row in rows]


def _series(row: Row[Any], found: Sequence[Row[Any]]) -> SeriesRow:
    columns = row._asdict()
    recurrence = RECURRENCE.validate_python(columns.pop("recurrence"), strict=False)
    return SeriesRow(
        **columns,
        recurrence=recurrence,
        currency=next((one.currency for one in found if one.currency), ""),
        occurrences=[
            Occurrence(
                number=one.number,
                planned_at=one.planned_at,
                booking_id=one.booking_id,
                status=BookingStatus(one.status) if one.status else None,
                start_at=one.start_at,
                end_at=one.end_at,
                price=one.price or 0,
                refusal=Refusal(one.refusal) if one.refusal else None,
            )
            for one in found
        ],
    )
