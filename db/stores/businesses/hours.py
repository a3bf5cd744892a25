"""Opening hours and one-off days, and the bookings that a change of them would strand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, SMALLINT

from db.public_holidays import public_holidays
from db.stores.attention import AttentionStore
from db.stores.base import Store
from domain.bookings.status import LIVE
from domain.businesses.hours import Calendar, MinuteRange, Ranges, WeeklyHours
from domain.businesses.stranded import Visit, stranded
from domain.errors import NotFound, WouldBreakBookings

HOLIDAY = 7
"""The weekday number of the row for public holidays."""
#: A refusal lists this many bookings and counts the rest.
LISTED = 100

_READ = """
    SELECT b.time_zone, s.has_public_holiday_row,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(h.weekday, h.opens, h.closes)), '[]')
              FROM business_hours h WHERE h.business_id = b.id)::text AS hours,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(d.day, d.opens, d.name) ORDER BY d.day), '[]')
              FROM business_holidays d WHERE d.business_id = b.id AND d.day >= :since)::text AS days
      FROM businesses b JOIN business_settings s ON s.business_id = b.id WHERE b.id = :business_id {lock}
"""
_GET = text(_READ.format(lock=""))
# Changes of one business's hours follow each other. FOR UPDATE also waits for bookings that are being written (their
# foreign key holds the row), so that the check below sees them.
_LOCK = text(_READ.format(lock="FOR UPDATE OF b"))
_CLEAR_WEEK = text("DELETE FROM business_hours WHERE business_id = :business_id")
_ADD_WEEK = text("""
    INSERT INTO business_hours (business_id, weekday, opens, closes)
    SELECT :business_id, * FROM unnest(CAST(:weekdays AS smallint[]), CAST(:opens AS smallint[]),
                                       CAST(:closes AS smallint[]))
""")
_SET_ROW = text("UPDATE business_settings SET has_public_holiday_row = :has WHERE business_id = :business_id")
_CLEAR_DAYS = text("DELETE FROM business_holidays WHERE business_id = :business_id AND day >= :since")
_ADD_DAY = text("""
    INSERT INTO business_holidays (business_id, day, opens, name) VALUES (:business_id, :day, :opens, :name)
""").bindparams(bindparam("opens", type_=ARRAY(SMALLINT, dimensions=2)))
_VISITS = text("""
    SELECT b.id, b.code, b.start_at, b.end_at FROM bookings b
     WHERE b.business_id = :business_id AND b.status = ANY(:live) AND b.start_at > :since AND b.end_at > :now
       AND (b.status <> 'pending' OR b.hold_expires_at > :now)
     ORDER BY b.start_at
""")
#: Nothing that is still to come began longer ago than this: a booking is at most five services of a day each.
_LONGEST = timedelta(days=6)


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

    def calendar(self, first: date, last: date) -> Calendar:
        """For the engine, with the public holidays of ``first`` to ``last``."""
        days = {one.day: one.ranges for one in self.one_off}
        return Calendar(self.week, days, public_holidays(self.time_zone, first, last))


def week_of(rows: Sequence[Sequence[int]], has_holiday_row: bool) -> WeeklyHours:
    """``[weekday, opens, closes]`` rows as a week; the row for public holidays counts even where it is empty."""
    days: list[list[MinuteRange]] = [[] for _ in range(8)]
    for weekday, opens, closes in rows:
        days[weekday].append(MinuteRange(opens, closes))
    ordered = [tuple(sorted(day)) for day in days]
    return WeeklyHours(tuple(ordered[:HOLIDAY]), ordered[HOLIDAY] if has_holiday_row or ordered[HOLIDAY] else None)


def rows_of(week: WeeklyHours) -> list[tuple[int, MinuteRange]]:
    """Every range with its weekday number."""
    days = (*week.days, week.public_holiday or ())
    return [(weekday, span) for weekday, day in enumerate(days) for span in day]


class HoursStore(Store):
    """Reading and replacing hours."""

    async def get_hours(self, business_id: UUID, now: datetime) -> Hours:
        """The week, and the one-off days from yesterday on. Raises NotFound."""
        return await self._hours(_GET, business_id, now)

    async def _hours(self, statement: Any, business_id: UUID, now: datetime) -> Hours:
        # Yesterday in every zone; an earlier one-off day opens nothing any more.
        since = now.date() - timedelta(days=2)
        row = (await self.session.execute(statement, {"business_id": business_id, "since": since})).one_or_none()
        if row is None:
            raise NotFound
        days = (
            OneOffDay(date.fromisoformat(day), tuple(sorted(MinuteRange(*span) for span in spans)), name)
            for day, spans, name in orjson.loads(row.days)
        )
        return Hours(row.time_zone, week_of(orjson.loads(row.hours), row.has_public_holiday_row), tuple(days))

    async def set_week(self, business_id: UUID, week: WeeklyHours, now: datetime, confirm: bool) -> Hours:
        """Replace the whole week. Raises WouldBreakBookings for bookings that it would strand, unless ``confirm``;
        then each of them is filed for a person."""
        before = await self._hours(_LOCK, business_id, now)
        after = Hours(before.time_zone, week, before.one_off)
        await self._spare_bookings(business_id, before, after, now, confirm)
        await self.session.execute(_CLEAR_WEEK, {"business_id": business_id})
        rows = rows_of(week)
        if rows:
            values = {
                "weekdays": [weekday for weekday, _ in rows],
                "opens": [span.start for _, span in rows],
                "closes": [span.end for _, span in rows],
            }
            await self.session.execute(_ADD_WEEK, {"business_id": business_id, **values})
        has_row = week.public_holiday is not None
        await self.session.execute(_SET_ROW, {"business_id": business_id, "has": has_row})
        return after

    async def set_days(self, business_id: UUID, days: Sequence[OneOffDay], now: datetime, confirm: bool) -> Hours:
        """Replace the one-off days from the venue's today on. Raises as ``set_week``."""
        before = await self._hours(_LOCK, business_id, now)
        today = now.astimezone(ZoneInfo(before.time_zone)).date()
        kept = tuple(one for one in before.one_off if one.day < today)
        coming = tuple(sorted((one for one in days if one.day >= today), key=lambda one: one.day))
        after = Hours(before.time_zone, before.week, (*kept, *coming))
        await self._spare_bookings(business_id, before, after, now, confirm)
        await self.session.execute(_CLEAR_DAYS, {"business_id": business_id, "since": today})
        if coming:
            rows = [
                {
                    "business_id": business_id,
                    "day": one.day,
                    "opens": [[span.start, span.end] for span in one.ranges],
                    "name": one.name,
                }
                for one in coming
            ]
            await self.session.execute(_ADD_DAY, rows)
        return after

    async def check_zone_change(self, business_id: UUID, time_zone: str, now: datetime, confirm: bool) -> None:
        """What a new time zone would strand. Raises as ``set_week``; changes nothing itself."""
        before = await self._hours(_LOCK, business_id, now)
        if before.time_zone != time_zone:
            after = Hours(time_zone, before.week, before.one_off)
            await self._spare_bookings(business_id, before, after, now, confirm)

    async def _spare_bookings(
        self, business_id: UUID, before: Hours, after: Hours, now: datetime, confirm: bool
    ) -> None:
        values = {"business_id": business_id, "live": [s.value for s in LIVE], "since": now - _LONGEST, "now": now}
        visits = [Visit(*row) for row in await self.session.execute(_VISITS, values)]
        if not visits:
            return
        first, last = visits[0].start_at.date() - timedelta(days=3), visits[-1].end_at.date() + timedelta(days=3)
        was = before.calendar(first, last), ZoneInfo(before.time_zone)
        becomes = after.calendar(first, last), ZoneInfo(after.time_zone)
        await spare(self, business_id, stranded(visits, was, becomes), confirm, "hours")


async def spare(store: Store, business_id: UUID, broken: Sequence[Visit], confirm: bool, why: str) -> None:
    """Raise WouldBreakBookings with the ``broken`` bookings; with ``confirm`` file each for a person instead."""
    if not broken:
        return
    if not confirm:
        raise WouldBreakBookings({"count": len(broken), "bookings": [_shown(visit) for visit in broken[:LISTED]]})
    attention = AttentionStore(store.session, store.context)
    for visit in broken:
        await attention.file(
            "rebook",
            f"rebook/{visit.booking_id}",
            business_id=business_id,
            booking_id=visit.booking_id,
            details={"why": why, "start_at": visit.start_at.isoformat()},
        )


def _shown(visit: Visit) -> Mapping[str, str]:
    return {
        "id": str(visit.booking_id),
        "code": visit.code,
        "start_at": visit.start_at.isoformat(),
        "end_at": visit.end_at.isoformat(),
    }
