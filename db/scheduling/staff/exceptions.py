"""Days on which a resource is not there as usual."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, SMALLINT
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.exc import IntegrityError

from db.engine.store import Store
from db.scheduling.calendars.change import CalendarStore
from db.scheduling.calendars.rows import pairs_of, ranges_of
from domain.errors import AlreadyExists, NotFound
from domain.scheduling.hours import Ranges
from domain.scheduling.staff_exceptions import CalendarException, ExceptionKind
from domain.scheduling.stranded import StrandReason

_COLUMNS = "id, business_id, resource_id, first_day, last_day, kind, ranges, reason, created_at, updated_at"
_RANGES = bindparam("ranges", type_=ARRAY(SMALLINT, dimensions=2))
_GET = text(f"SELECT {_COLUMNS} FROM staff_exceptions WHERE id = :id")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM staff_exceptions
     WHERE (CAST(:business_id AS uuid) IS NULL OR business_id = :business_id)
       AND (CAST(:resource_id AS uuid) IS NULL OR resource_id = :resource_id)
       AND (CAST(:since AS date) IS NULL OR last_day >= :since)
       AND (CAST(:until AS date) IS NULL OR first_day <= :until)
       AND (CAST(:after AS uuid) IS NULL OR id > :after)
     ORDER BY id LIMIT :limit
""").bindparams(
    bindparam("business_id", type_=PgUUID),
    bindparam("resource_id", type_=PgUUID),
    bindparam("after", type_=PgUUID),
    bindparam("since", type_=Date),
    bindparam("until", type_=Date),
)
_ADD = text("""
    INSERT INTO staff_exceptions (business_id, resource_id, first_day, last_day, kind, ranges, reason)
    SELECT r.business_id, r.id, :first_day, :last_day, :kind, :ranges, :reason FROM resources r
     WHERE r.id = :resource_id AND r.deleted_at IS NULL RETURNING id
""").bindparams(_RANGES)
_SET = text("""
    UPDATE staff_exceptions SET first_day = :first_day, last_day = :last_day, kind = :kind, ranges = :ranges,
           reason = :reason WHERE id = :id
""").bindparams(_RANGES)
_REMOVE = text("DELETE FROM staff_exceptions WHERE id = :id")


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """See ``domain.scheduling.staff_exceptions.CalendarException``."""

    id: UUID
    business_id: UUID
    resource_id: UUID
    first_day: date
    last_day: date
    kind: ExceptionKind
    ranges: Ranges
    reason: str | None
    created_at: datetime
    updated_at: datetime


class ExceptionStore(Store):
    """Each change lists the bookings that it strands, like every change of a calendar."""

    async def list_exceptions(
        self,
        after: UUID | None,
        limit: int,
        business_id: UUID | None = None,
        resource_id: UUID | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> list[ExceptionRow]:
        """In the order in which they were made; those that reach into ``since`` to ``until``, both included."""
        values = {
            "after": after,
            "limit": limit,
            "business_id": business_id,
            "resource_id": resource_id,
            "since": since,
            "until": until,
        }
        return [_row(row._asdict()) for row in await self.session.execute(_LIST, values)]

    async def get_exception(self, exception_id: UUID) -> ExceptionRow:
        """One of them. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": exception_id})).one_or_none()
        if row is None:
            raise NotFound
        return _row(row._asdict())

    async def add_exception(
        self,
        business_id: UUID,
        resource_id: UUID,
        asked: CalendarException,
        reason: str | None,
        now: datetime,
        confirm: bool,
    ) -> ExceptionRow:
        """Raises WouldBreakBookings unless ``confirm``, AlreadyExists for a second set of hours on one day, and
        NotFound for a resource that is gone."""
        async with self._changing(business_id, now, confirm):
            values = {"resource_id": resource_id, **_values(asked, reason)}
            made: UUID | None = await self.session.scalar(_ADD, values)
            if made is None:
                raise NotFound
        return await self.get_exception(made)

    async def change_exception(
        self, exception_id: UUID, asked: CalendarException, reason: str | None, now: datetime, confirm: bool
    ) -> ExceptionRow:
        """Replace it. Raises as ``add_exception``."""
        was = await self.get_exception(exception_id)
        async with self._changing(was.business_id, now, confirm):
            await self.session.execute(_SET, {"id": exception_id, **_values(asked, reason)})
        return await self.get_exception(exception_id)

    async def remove_exception(self, exception_id: UUID, now: datetime, confirm: bool) -> None:
        """As usual again. Raises WouldBreakBookings unless ``confirm``, and NotFound."""
        was = await self.get_exception(exception_id)
        async with self._changing(was.business_id, now, confirm):
            await self.session.execute(_REMOVE, {"id": exception_id})

    @asynccontextmanager
    async def _changing(self, business_id: UUID, now: datetime, confirm: bool) -> AsyncIterator[None]:
        calendars = CalendarStore(self.session, self.context)
        try:
            async with calendars.changing(business_id, now, confirm, StrandReason.EXCEPTION):
                yield
        except IntegrityError as error:
            if getattr(error.orig, "sqlstate", None) != "23P01":
                raise
            raise AlreadyExists({"field": "first_day"}) from error


def _values(asked: CalendarException, reason: str | None) -> dict[str, Any]:
    return {
        "first_day": asked.first_day,
        "last_day": asked.last_day,
        "kind": asked.kind.value,
        "ranges": pairs_of(asked.ranges),
        "reason": reason,
    }


def _row(columns: dict[str, Any]) -> ExceptionRow:
    kind, ranges = ExceptionKind(columns.pop("kind")), ranges_of(columns.pop("ranges") or ())
    return ExceptionRow(**columns, kind=kind, ranges=ranges)
