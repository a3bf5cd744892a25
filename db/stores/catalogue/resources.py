"""Staff, rooms and equipment, with hours of their own where they have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import ColumnElement, Table, Text, insert, literal_column, select, text, update
from sqlalchemy import cast as sql_cast

from db.models.catalogue import Resource
from db.stores.base import Store
from db.stores.businesses.hours import Hours, HoursStore, rows_of, spare, week_of
from domain.bookings.status import LIVE
from domain.businesses.hours import Calendar, MinuteRange, Ranges, WeeklyHours
from domain.businesses.stranded import Visit, stranded
from domain.errors import NotFound

_TABLE = cast(Table, Resource.__table__)
_OWN_HOURS: ColumnElement[str] = literal_column(
    "(SELECT jsonb_agg(jsonb_build_array(w.weekday, w.opens, w.closes)) FROM staff_working_hours w"
    " WHERE w.resource_id = resources.id)"
)
_CLEAR_HOURS = text("DELETE FROM staff_working_hours WHERE resource_id = :resource_id")
_ADD_HOURS = text("""
    INSERT INTO staff_working_hours (business_id, resource_id, weekday, opens, closes)
    SELECT :business_id, :resource_id, * FROM unnest(CAST(:weekdays AS smallint[]), CAST(:opens AS smallint[]),
                                                     CAST(:closes AS smallint[]))
""")
_EXCEPTIONS = text("SELECT day, opens FROM staff_exceptions WHERE resource_id = :resource_id AND day >= :since")
_LOCK = text("SELECT 1 FROM resources WHERE id = :resource_id AND deleted_at IS NULL FOR UPDATE")
# What is claimed is judged by the service itself; the buffers may lie outside the hours.
_VISITS = text("""
    SELECT DISTINCT b.id, b.code, i.start_at, i.end_at
      FROM resource_claims c JOIN bookings b ON b.id = c.booking_id
      JOIN booking_items i ON i.booking_id = b.id AND i.position = c.item_position
     WHERE c.resource_id = :resource_id AND c.released_at IS NULL AND c.unit >= :unit AND c.ends_at > :now
       AND b.status = ANY(:live) AND (c.holds_until IS NULL OR c.holds_until > :now)
     ORDER BY i.start_at
""")


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource; ``working_hours`` None has the business's."""

    id: UUID
    business_id: UUID
    kind: str
    name: dict[str, str]
    capacity: int
    is_active: bool
    created_at: datetime
    updated_at: datetime
    working_hours: WeeklyHours | None


_STORED = [_TABLE.c[field.name] for field in fields(ResourceRow) if field.name != "working_hours"]
_COLUMNS = [*_STORED, sql_cast(_OWN_HOURS, Text).label("own_hours")]


def _row(columns: dict[str, Any]) -> ResourceRow:
    own = columns.pop("own_hours")
    return ResourceRow(**columns, working_hours=None if own is None else week_of(orjson.loads(own), False))


class ResourceStore(Store):
    """Reading and changing resources."""

    async def list_resources(
        self, after: UUID | None, limit: int, business_id: UUID | None, kind: str | None, inactive: bool
    ) -> Sequence[ResourceRow]:
        """The resources that the transaction sees, oldest first; ``inactive`` ones too, or not."""
        statement = select(*_COLUMNS).where(_TABLE.c.deleted_at.is_(None)).order_by(_TABLE.c.id).limit(limit)
        if business_id is not None:
            statement = statement.where(_TABLE.c.business_id == business_id)
        if kind is not None:
            statement = statement.where(_TABLE.c.kind == kind)
        if not inactive:
            statement = statement.where(_TABLE.c.is_active)
        if after is not None:
            statement = statement.where(_TABLE.c.id > after)
        return [_row(row._asdict()) for row in await self.session.execute(statement)]

    async def get_resource(self, resource_id: UUID, inactive: bool = True) -> ResourceRow:
        """One resource. Raises NotFound, also for an inactive one unless ``inactive``."""
        statement = select(*_COLUMNS).where(_TABLE.c.id == resource_id, _TABLE.c.deleted_at.is_(None))
        row = (await self.session.execute(statement)).one_or_none()
        if row is None or not (row.is_active or inactive):
            raise NotFound
        return _row(row._asdict())

    async def add_resource(
        self, business_id: UUID, values: Mapping[str, Any], working_hours: WeeklyHours | None
    ) -> ResourceRow:
        """Insert a resource."""
        statement = insert(_TABLE).values(business_id=business_id, **values).returning(*_STORED)
        row = (await self.session.execute(statement)).one()
        if working_hours is not None:
            await self._write_hours(business_id, row.id, working_hours)
        return ResourceRow(**row._mapping, working_hours=working_hours)

    async def change_resource(
        self,
        resource_id: UUID,
        values: Mapping[str, Any],
        hours: tuple[WeeklyHours | None] | None,
        now: datetime,
        confirm: bool,
    ) -> ResourceRow:
        """Set columns, and the working hours where ``hours`` holds them. Raises WouldBreakBookings for bookings that
        this strands (hours, fewer units, inactive) unless ``confirm``; then each is filed for a person."""
        await self._lock(resource_id)
        was = await self.get_resource(resource_id)
        working = was.working_hours if hours is None else hours[0]
        units = values.get("capacity", was.capacity) if values.get("is_active", was.is_active) else 0
        await self._spare(was, working, units, now, confirm)
        if hours is not None:
            await self._write_hours(was.business_id, resource_id, working)
        if values:
            await self.session.execute(update(_TABLE).where(_TABLE.c.id == resource_id).values(**values))
        return await self.get_resource(resource_id)

    async def remove_resource(self, resource_id: UUID, now: datetime, confirm: bool) -> None:
        """Deactivate and delete softly. Raises WouldBreakBookings unless ``confirm``, and NotFound."""
        await self._lock(resource_id)
        was = await self.get_resource(resource_id)
        await self._spare(was, was.working_hours, 0, now, confirm)
        await self.session.execute(
            update(_TABLE).where(_TABLE.c.id == resource_id).values(is_active=False, deleted_at=now)
        )

    async def _lock(self, resource_id: UUID) -> None:
        """Waits for bookings that are being written: their claims hold the row by foreign key."""
        if await self.session.scalar(_LOCK, {"resource_id": resource_id}) is None:
            raise NotFound

    async def _write_hours(self, business_id: UUID, resource_id: UUID, week: WeeklyHours | None) -> None:
        await self.session.execute(_CLEAR_HOURS, {"resource_id": resource_id})
        rows = rows_of(week) if week else []
        if rows:
            values = {
                "business_id": business_id,
                "resource_id": resource_id,
                "weekdays": [weekday for weekday, _ in rows],
                "opens": [span.start for _, span in rows],
                "closes": [span.end for _, span in rows],
            }
            await self.session.execute(_ADD_HOURS, values)

    async def _spare(
        self, was: ResourceRow, working: WeeklyHours | None, units: int, now: datetime, confirm: bool
    ) -> None:
        """The bookings on units that are gone, and those on the others that fall out of the working hours."""
        gone = await self._visits(was.id, min(units, was.capacity), now)
        broken = {visit.booking_id: visit for visit in gone}
        if working != was.working_hours:
            for visit in await self._fallen_out(was, working, now):
                broken.setdefault(visit.booking_id, visit)
        await spare(self, was.business_id, list(broken.values()), confirm, "resource")

    async def _visits(self, resource_id: UUID, unit: int, now: datetime) -> list[Visit]:
        """What is booked on units from ``unit`` on and still to come."""
        values = {"resource_id": resource_id, "unit": unit, "now": now, "live": [status.value for status in LIVE]}
        return [Visit(*row) for row in await self.session.execute(_VISITS, values)]

    async def _fallen_out(self, was: ResourceRow, working: WeeklyHours | None, now: datetime) -> list[Visit]:
        visits = await self._visits(was.id, 0, now)
        if not visits:
            return []
        since = now.date() - timedelta(days=2)
        business = await HoursStore(self.session, self.context).get_hours(was.business_id, now)
        rows = await self.session.execute(_EXCEPTIONS, {"resource_id": was.id, "since": since})
        own_days = {row.day: tuple(MinuteRange(*span) for span in row.opens) for row in rows}
        last = visits[-1].end_at.date() + timedelta(days=3)
        zone = ZoneInfo(business.time_zone)
        before = _calendar(business, was.working_hours, own_days, since, last)
        after = _calendar(business, working, own_days, since, last)
        return stranded(visits, (before, zone), (after, zone))


def _calendar(
    business: Hours, working: WeeklyHours | None, own_days: Mapping[date, Ranges], first: date, last: date
) -> Calendar:
    """A resource's own hours, or the business's where it has none. Its exceptions count in both cases."""
    whole = business.calendar(first, last)
    if working is None:
        return Calendar(whole.weekly, {**whole.one_off, **own_days}, whole.public_holidays)
    return Calendar(working, dict(own_days), whole.public_holidays)
