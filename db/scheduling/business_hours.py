"""Opening hours and one-off days of a business."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, SMALLINT

from db.engine.store import Store
from db.scheduling.calendars.change import CalendarStore
from db.scheduling.calendars.rows import columns_of, pairs_of, ranges_of, rows_of, week_of
from db.scheduling.public_holidays import check_holiday_row
from domain.errors import NotFound
from domain.scheduling.hours import Ranges, WeeklyHours
from domain.scheduling.stranded import StrandReason

_READ = text("""
    SELECT b.time_zone, s.has_public_holiday_row,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(h.weekday, h.opens, h.closes)), '[]')
              FROM business_hours h WHERE h.business_id = b.id)::text AS hours,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(d.day, d.opens, d.name) ORDER BY d.day), '[]')
              FROM business_holidays d WHERE d.business_id = b.id AND d.day >= :since)::text AS days
      FROM businesses b JOIN business_settings s ON s.business_id = b.id WHERE b.id = :business_id
""")
_CLEAR_WEEK = text("DELETE FROM business_hours WHERE business_id = :business_id")
_ADD_WEEK = text("""
    INSERT INTO business_hours (business_id, weekday, opens, closes)
    SELECT :business_id, * FROM unnest(CAST(:weekdays AS smallint[]), CAST(:opens AS smallint[]),
                                       CAST(:closes AS smallint[]))
""")
_SET_ROW = text("UPDATE business_settings SET has_public_holiday_row = :has WHERE business_id = :business_id")
_HAS_ROW = text("""
    SELECT (SELECT s.has_public_holiday_row FROM business_settings s WHERE s.business_id = :business_id)
        OR EXISTS (SELECT 1 FROM resources r WHERE r.business_id = :business_id AND r.deleted_at IS NULL
                      AND r.has_public_holiday_row)
""")
_SET_ZONE = text("UPDATE businesses SET time_zone = :time_zone WHERE id = :business_id")
_CLEAR_DAYS = text("DELETE FROM business_holidays WHERE business_id = :business_id AND day >= :since")
_ADD_DAY = text("""
    INSERT INTO business_holidays (business_id, day, opens, name) VALUES (:business_id, :day, :opens, :name)
""").bindparams(bindparam("opens", type_=ARRAY(SMALLINT, dimensions=2)))


@dataclass(frozen=True, slots=True)
class OneOffDay:
    """A day that is not as its weekday: no ranges is closed."""

    day: date
    ranges: Ranges
    name: str | None


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a business; ``one_off`` in order of days."""

    time_zone: str
    week: WeeklyHours
    one_off: tuple[OneOffDay, ...]


class HoursStore(Store):
    """Reading and replacing hours."""

    async def get_hours(self, business_id: UUID, now: datetime) -> Hours:
        """The week, and the one-off days from yesterday on. Raises NotFound."""
        # Yesterday in every zone; an earlier one-off day opens nothing any more.
        since = now.date() - timedelta(days=2)
        row = (await self.session.execute(_READ, {"business_id": business_id, "since": since})).one_or_none()
        if row is None:
            raise NotFound
        days = (
            OneOffDay(date.fromisoformat(day), ranges_of(spans), name) for day, spans, name in orjson.loads(row.days)
        )
        return Hours(row.time_zone, week_of(orjson.loads(row.hours), row.has_public_holiday_row), tuple(days))

    async def set_week(self, business_id: UUID, week: WeeklyHours, now: datetime, confirm: bool) -> Hours:
        """Replace the whole week. Raises WouldBreakBookings for bookings that it would strand, unless ``confirm``; and
        InvalidInput for a row for public holidays where they are not known."""
        async with self._changing(business_id, now, confirm, StrandReason.HOURS):
            zone = await CalendarStore(self.session, self.context).zone(business_id)
            check_holiday_row(zone.key, week.public_holiday is not None)
            await self.session.execute(_CLEAR_WEEK, {"business_id": business_id})
            if rows_of(week):
                await self.session.execute(_ADD_WEEK, {"business_id": business_id, **columns_of(week)})
            has_row = week.public_holiday is not None
            await self.session.execute(_SET_ROW, {"business_id": business_id, "has": has_row})
        return await self.get_hours(business_id, now)

    async def set_days(self, business_id: UUID, days: Sequence[OneOffDay], now: datetime, confirm: bool) -> Hours:
        """Replace the one-off days from the venue's today on. Raises as ``set_week``."""
        async with self._changing(business_id, now, confirm, StrandReason.HOLIDAYS):
            was = await self.get_hours(business_id, now)
            today = now.astimezone(ZoneInfo(was.time_zone)).date()
            await self.session.execute(_CLEAR_DAYS, {"business_id": business_id, "since": today})
            rows = [
                {"business_id": business_id, "day": one.day, "opens": pairs_of(one.ranges), "name": one.name}
                for one in days
                if one.day >= today
            ]
            if rows:
                await self.session.execute(_ADD_DAY, rows)
        return await self.get_hours(business_id, now)

    async def set_zone(self, business_id: UUID, time_zone: str, now: datetime, confirm: bool) -> None:
        """Move the hours to another time zone. Raises as ``set_week``: its row for public holidays, and those of its
        resources, go first where they would do nothing."""
        async with self._changing(business_id, now, confirm, StrandReason.TIME_ZONE):
            has_row = await self.session.scalar(_HAS_ROW, {"business_id": business_id})
            check_holiday_row(time_zone, bool(has_row))
            await self.session.execute(_SET_ZONE, {"business_id": business_id, "time_zone": time_zone})

    def _changing(
        self, business_id: UUID, now: datetime, confirm: bool, reason: StrandReason
    ) -> AbstractAsyncContextManager[None]:
        return CalendarStore(self.session, self.context).changing(business_id, now, confirm, reason)
