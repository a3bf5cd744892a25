"""How long businesses and their resources are open on the days of a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
import polars as pl
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from analytics import blocked
from analytics.page import Page
from db.scheduling.calendars.rows import days_of, exceptions_of, resource_calendar, week_of
from db.scheduling.public_holidays import public_holidays
from domain.scheduling.hours import DAY, Calendar, MinuteRange, Ranges

_READ = text("""
    SELECT b.id, b.time_zone, s.has_public_holiday_row,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(h.weekday, h.opens, h.closes)), '[]')
              FROM business_hours h WHERE h.business_id = b.id)::text AS hours,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(d.day, d.opens)), '[]') FROM business_holidays d
             WHERE d.business_id = b.id AND d.day BETWEEN :first AND :last)::text AS days,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', r.id, 'capacity', r.capacity, 'holiday_row', r.has_public_holiday_row,
                'hours', (SELECT jsonb_agg(jsonb_build_array(w.weekday, w.opens, w.closes))
                            FROM staff_working_hours w WHERE w.resource_id = r.id),
                'exceptions', (SELECT jsonb_agg(jsonb_build_array(x.first_day, x.last_day, x.kind, x.ranges)
                                                ORDER BY x.id)
                                 FROM staff_exceptions x
                                WHERE x.resource_id = r.id AND x.first_day <= :last AND x.last_day >= :first))
                ORDER BY r.id), '[]')
              FROM resources r WHERE r.business_id = b.id AND r.is_active AND r.deleted_at IS NULL)::text AS resources
      FROM businesses b JOIN business_settings s ON s.business_id = b.id WHERE b.id = ANY(:ids)
""")


_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Resource:
    id: str
    capacity: int
    calendar: Calendar


@dataclass(frozen=True)
class _Opening:
    """The calendars of one business; ``special`` are the dates that may differ from their weekday."""

    business: Calendar
    resources: Sequence[_Resource]
    special: frozenset[date]

    @cached_property
    def by_resource(self) -> Mapping[str, Calendar]:
        """The calendars of the resources by their ids."""
        return {one.id: one.calendar for one in self.resources}


@dataclass(frozen=True, slots=True)
class Openings:
    """``spills``: minutes after midnight that still belong to business day ``day``, where there are any; ``usual``:
    open minutes of each resource by ``weekday``, all its units together; ``special``: those of single days, which
    differ; ``blocked``: those of the open minutes of a day that are blocked."""

    spills: pl.DataFrame
    usual: pl.DataFrame
    special: pl.DataFrame
    blocked: pl.DataFrame

    def minutes(self, page: pl.DataFrame) -> pl.DataFrame:
        """``open_minutes`` of each resource on each day of the page."""
        return (
            page.join(self.usual, on=["business", "weekday"])
            .join(self.special, on=["business", "resource_id", "day"], how="left")
            .select("business", "day", "resource_id", pl.coalesce("special", "usual").alias("open_minutes"))
        )


async def read(session: AsyncSession, page: Page) -> Openings:
    """Hours, one-off days, public holidays and exceptions as they are now, in one statement."""
    first = min(one.day for one in page.days) - timedelta(days=1)
    last = max(one.day for one in page.days)
    rows = await session.execute(_READ, {"ids": list(page.by_business), "first": first, "last": last})
    openings = {row.id: _opening(row, first, last) for row in rows}

    def ranges_on(business_id: UUID, resource_id: str, day: date) -> Ranges:
        opening = openings.get(business_id)
        own = opening and opening.by_resource.get(resource_id)
        return _shared(opening.business.ranges_on(day), own.ranges_on(day)) if opening and own else ()

    return Openings(_spills(page, openings), *_minutes(page, openings), await blocked.read(session, page, ranges_on))


def _opening(row: Any, first: date, last: date) -> _Opening:
    holidays = public_holidays(row.time_zone, first, last)
    days = days_of(orjson.loads(row.days))
    business = Calendar(week_of(orjson.loads(row.hours), row.has_public_holiday_row), days, holidays)
    special = set(days)
    resources = []
    holiday_rows = business.weekly.public_holiday is not None
    for one in orjson.loads(row.resources):
        exceptions = one["exceptions"] or ()
        calendar = resource_calendar(business, one["hours"], one["holiday_row"], exceptions, first, last)
        resources.append(_Resource(one["id"], one["capacity"], calendar))
        holiday_rows = holiday_rows or calendar.weekly.public_holiday is not None
        for each in exceptions_of(exceptions):
            special.update(_dates(max(each.first_day, first), min(each.last_day, last)))
    return _Opening(business, resources, frozenset(special | (holidays if holiday_rows else frozenset())))


def _dates(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _spills(page: Page, openings: Mapping[UUID, _Opening]) -> pl.DataFrame:
    """Ordinary days by weekday; the few special dates one by one. Of the days of the page and those before them."""
    usual: list[tuple[int, int, int]] = []
    special: list[tuple[int, date, int]] = []
    for business_id, days in page.by_business.items():
        opening = openings.get(business_id)
        if opening is None:
            continue
        number = page.numbers[business_id]
        usual.extend((number, weekday, _spill(ranges)) for weekday, ranges in enumerate(opening.business.weekly.days))
        if opening.special:
            dates = opening.special.intersection(days) | opening.special.intersection(day - _ONE_DAY for day in days)
            special.extend((number, day, _spill(opening.business.ranges_on(day))) for day in sorted(dates))
    by_weekday = pl.DataFrame(
        usual, schema={"business": pl.Int32, "weekday": pl.Int32, "usual": pl.Int32}, orient="row"
    )
    by_day = pl.DataFrame(special, schema={"business": pl.Int32, "day": pl.Date, "special": pl.Int32}, orient="row")
    before = page.frame.select("business", pl.col("day") - 1, (pl.col("weekday") + 6) % 7)
    return (
        pl.concat([page.frame, before])
        .unique(["business", "day"])
        .join(by_weekday, on=["business", "weekday"])
        .join(by_day.with_columns(pl.col("day").to_physical()), on=["business", "day"], how="left")
        .select("business", "day", pl.coalesce("special", "usual").alias("spill"))
        .filter(pl.col("spill") > 0)
    )


def _spill(ranges: Ranges) -> int:
    return max((each.end for each in ranges), default=0) - DAY


def _minutes(page: Page, openings: Mapping[UUID, _Opening]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Open minutes of ordinary days by weekday, and of the few special dates one by one."""
    usual: list[tuple[int, str, int, int]] = []
    special: list[tuple[int, str, date, int]] = []
    for business_id, days in page.by_business.items():
        opening = openings.get(business_id)
        if opening is None:
            continue
        number = page.numbers[business_id]
        dates = sorted(opening.special.intersection(days))
        for resource in opening.resources:
            week = zip(opening.business.weekly.days, resource.calendar.weekly.days, strict=True)
            for weekday, (business, own) in enumerate(week):
                usual.append((number, resource.id, weekday, _common(business, own) * resource.capacity))
            for day in dates:
                minutes = _common(opening.business.ranges_on(day), resource.calendar.ranges_on(day))
                special.append((number, resource.id, day, minutes * resource.capacity))
    keys = {"business": pl.Int32, "resource_id": pl.String}
    by_weekday = pl.DataFrame(usual, schema=keys | {"weekday": pl.Int32, "usual": pl.Int32}, orient="row")
    by_day = pl.DataFrame(special, schema=keys | {"day": pl.Date, "special": pl.Int32}, orient="row")
    return by_weekday, by_day.with_columns(pl.col("day").to_physical())


def _common(one: Ranges, other: Ranges) -> int:
    return sum(span.end - span.start for span in _shared(one, other))


def _shared(one: Ranges, other: Ranges) -> Ranges:
    """The ranges that both have; ranges of one side never overlap."""
    return tuple(
        MinuteRange(max(a.start, b.start), min(a.end, b.end))
        for a in one
        for b in other
        if max(a.start, b.start) < min(a.end, b.end)
    )
