"""Staff, rooms and equipment, with their own hours if they have any."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Table, Text, insert, literal_column, select, text, update
from sqlalchemy import cast as sql_cast

from db.catalogue.tables import Resource
from db.engine.store import Store
from db.scheduling.calendars.change import CalendarStore
from db.scheduling.calendars.rows import columns_of, week_of
from db.scheduling.public_holidays import check_holiday_row
from domain.errors import InvalidInput, NotFound
from domain.scheduling.classes import check_places
from domain.scheduling.hours import WeeklyHours
from domain.scheduling.stranded import StrandReason

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
_SET_ROW = text("""
    UPDATE resources SET has_public_holiday_row = :has
     WHERE id = :resource_id AND has_public_holiday_row IS DISTINCT FROM :has
""")
_CLASSES = text("""
    SELECT s.capacity, s.party_min, s.party_max, array_agg(r.capacity) AS units
      FROM services s JOIN service_resources n ON n.service_id = s.id JOIN resources r ON r.id = n.resource_id
     WHERE s.is_active AND s.deleted_at IS NULL AND s.capacity > 1 AND r.is_active AND r.deleted_at IS NULL
       AND EXISTS (SELECT FROM service_resources m WHERE m.service_id = s.id AND m.resource_id = :resource_id)
     GROUP BY s.id, n.requirement_group
""")
_OWNER = text("SELECT business_id FROM resources WHERE id = :resource_id AND deleted_at IS NULL")


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource; ``working_hours`` None: the business's hours."""

    id: UUID
    business_id: UUID
    kind: str
    name: dict[str, str]
    capacity: int
    seats: int | None
    has_public_holiday_row: bool
    is_active: bool
    created_at: datetime
    updated_at: datetime
    working_hours: WeeklyHours | None


_STORED = [_TABLE.c[field.name] for field in fields(ResourceRow) if field.name != "working_hours"]
_COLUMNS = [*_STORED, sql_cast(_OWN_HOURS, Text).label("own_hours")]


def _row(columns: dict[str, Any]) -> ResourceRow:
    own, holiday_row = columns.pop("own_hours"), columns["has_public_holiday_row"]
    return ResourceRow(**columns, working_hours=None if own is None else week_of(orjson.loads(own), holiday_row))


class ResourceStore(Store):
    """Reading and changing resources."""

    async def list_resources(
        self,
        after: UUID | None,
        limit: int,
        business_id: UUID | None,
        kind: str | None,
        inactive: bool,
        active: bool | None = None,
    ) -> Sequence[ResourceRow]:
        """The resources that the transaction sees, oldest first; ``inactive``: include inactive ones; ``active``: only
        active or only inactive ones."""
        statement = select(*_COLUMNS).where(_TABLE.c.deleted_at.is_(None)).order_by(_TABLE.c.id).limit(limit)
        if business_id is not None:
            statement = statement.where(_TABLE.c.business_id == business_id)
        if kind is not None:
            statement = statement.where(_TABLE.c.kind == kind)
        if not inactive:
            statement = statement.where(_TABLE.c.is_active)
        if active is not None:
            statement = statement.where(_TABLE.c.is_active == active)
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

    async def tables_of(self, business_id: UUID) -> Mapping[UUID, int]:
        """How many units each table of a business has."""
        statement = select(_TABLE.c.id, _TABLE.c.capacity).where(
            _TABLE.c.business_id == business_id, _TABLE.c.seats.is_not(None), _TABLE.c.deleted_at.is_(None)
        )
        return {row.id: row.capacity for row in await self.session.execute(statement)}

    async def add_resource(
        self, business_id: UUID, values: Mapping[str, Any], working_hours: WeeklyHours | None
    ) -> ResourceRow:
        """Insert a resource."""
        statement = insert(_TABLE).values(business_id=business_id, **values).returning(_TABLE.c.id)
        resource_id: UUID = (await self.session.execute(statement)).scalar_one()
        await self._write_hours(business_id, resource_id, working_hours)
        return await self.get_resource(resource_id)

    async def change_resource(
        self,
        resource_id: UUID,
        values: Mapping[str, Any],
        hours: tuple[WeeklyHours | None] | None,
        now: datetime,
        confirm: bool,
    ) -> ResourceRow:
        """Set columns, and the working hours if ``hours`` has them. Raises WouldBreakBookings unless ``confirm`` if
        this strands bookings (hours, fewer units, inactive), and InvalidInput for fewer units than a class needs."""
        async with self._changing(resource_id, now, confirm, StrandReason.RESOURCE) as business_id:
            if hours is not None:
                await self._write_hours(business_id, resource_id, hours[0])
            if values:
                await self.session.execute(update(_TABLE).where(_TABLE.c.id == resource_id).values(**values))
            if "capacity" in values:
                await self._check_classes(resource_id)
        return await self.get_resource(resource_id)

    async def _check_classes(self, resource_id: UUID) -> None:
        """Raise InvalidInput if a class that uses the resource has more places than its resources hold now."""
        for row in await self.session.execute(_CLASSES, {"resource_id": resource_id}):
            try:
                check_places(row.capacity, row.party_min, row.party_max, [row.units])
            except InvalidInput as error:
                raise InvalidInput.at("capacity", "at_least_the_places_of_its_classes") from error

    async def set_working_hours(
        self, resource_id: UUID, week: WeeklyHours | None, now: datetime, confirm: bool
    ) -> ResourceRow:
        """Replace the whole week; None: the business's hours. Raises as ``change_resource``."""
        async with self._changing(resource_id, now, confirm, StrandReason.WORKING_HOURS) as business_id:
            await self._write_hours(business_id, resource_id, week)
        return await self.get_resource(resource_id)

    async def remove_resource(self, resource_id: UUID, now: datetime, confirm: bool) -> None:
        """Deactivate and delete softly. Raises WouldBreakBookings unless ``confirm``, and NotFound."""
        async with self._changing(resource_id, now, confirm, StrandReason.RESOURCE):
            await self.session.execute(
                update(_TABLE).where(_TABLE.c.id == resource_id).values(is_active=False, deleted_at=now)
            )

    @asynccontextmanager
    async def _changing(
        self, resource_id: UUID, now: datetime, confirm: bool, reason: StrandReason
    ) -> AsyncIterator[UUID]:
        """Gives the business. Raises NotFound."""
        business_id: UUID | None = await self.session.scalar(_OWNER, {"resource_id": resource_id})
        if business_id is None:
            raise NotFound
        async with CalendarStore(self.session, self.context).changing(business_id, now, confirm, reason):
            yield business_id

    async def _write_hours(self, business_id: UUID, resource_id: UUID, week: WeeklyHours | None) -> None:
        await self.session.execute(_CLEAR_HOURS, {"resource_id": resource_id})
        if week is not None:
            values = {"business_id": business_id, "resource_id": resource_id, **columns_of(week)}
            await self.session.execute(_ADD_HOURS, values)
        has_row = week is not None and week.public_holiday is not None
        zone = await CalendarStore(self.session, self.context).zone(business_id)
        check_holiday_row(zone.key, has_row)
        await self.session.execute(_SET_ROW, {"resource_id": resource_id, "has": has_row})
