"""The business days that are computed together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl

#: The mark of a day that was never marked.
NOT_MARKED = UUID(int=0)
#: A business day has 48 hours of the wall clock at most, also where the clock changes in them.
LONGEST = timedelta(days=2)


@dataclass(frozen=True, slots=True, order=True)
class BusinessDay:
    """One business day of one business. ``marked``: the mark that is removed when the day is computed; nil for a day
    that was never marked."""

    business_id: UUID
    day: date
    marked: UUID = NOT_MARKED


@dataclass(frozen=True, slots=True)
class Window:
    """Bookings of one business that start in ``[start, end)``, aware UTC."""

    business_id: UUID
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Page:
    """Business days in order, without repetition. ``zones`` and ``currency_of`` have every business of them."""

    days: Sequence[BusinessDay]
    zones: Mapping[UUID, ZoneInfo]
    currency_of: Mapping[UUID, str]

    @classmethod
    def of(cls, days: Iterable[BusinessDay], businesses: Mapping[UUID, tuple[str, str]]) -> "Page":
        """The days of ``businesses``, which have time zone and currency by id; other days are left out."""
        return cls(
            sorted({one for one in days if one.business_id in businesses}, key=_place),
            {key: ZoneInfo(zone) for key, (zone, _) in businesses.items()},
            {key: currency for key, (_, currency) in businesses.items()},
        )

    def parts(self, size: int) -> Iterator["Page"]:
        """Pages of at most ``size`` days each, in the same order."""
        for start in range(0, len(self.days), size):
            yield Page(self.days[start : start + size], self.zones, self.currency_of)

    @cached_property
    def numbers(self) -> Mapping[UUID, int]:
        """The businesses by their ids, in order; numbers are what frames are joined by."""
        return {key: number for number, key in enumerate(sorted(self.zones), 1)}

    @cached_property
    def businesses(self) -> pl.DataFrame:
        """``business`` (its number), ``business_id`` (text), ``currency``."""
        rows = [(number, str(key), self.currency_of[key]) for key, number in self.numbers.items()]
        schema = {"business": pl.Int32, "business_id": pl.String, "currency": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    @cached_property
    def by_business(self) -> Mapping[UUID, Sequence[date]]:
        """The days of each business."""
        return {key: [one.day for one in days] for key, days in groupby(self.days, attrgetter("business_id"))}

    @cached_property
    def frame(self) -> pl.DataFrame:
        """``business`` (its number), ``day`` (days since 1970-01-01), ``weekday`` (0 is Monday)."""
        return pl.DataFrame(
            {
                "business": [self.numbers[one.business_id] for one in self.days],
                "day": pl.Series([one.day for one in self.days], dtype=pl.Date),
            },
            schema_overrides={"business": pl.Int32},
        ).select(
            "business",
            pl.col("day").to_physical().cast(pl.Int32),
            (pl.col("day").dt.weekday().cast(pl.Int32) - 1).alias("weekday"),
        )

    def windows(self) -> Iterator[Window]:
        """The fewest windows that hold every booking of these days; consecutive days share one."""
        for business_id, days in self.by_business.items():
            zone = self.zones[business_id]
            first = last = days[0]
            for day in [*days[1:], None]:
                if day is not None and (day - last).days <= 2:
                    last = day
                    continue
                yield Window(business_id, _midnight(first, zone), _midnight(last + LONGEST, zone))
                if day is not None:
                    first = last = day


def _place(one: BusinessDay) -> tuple[int, date, int]:
    """The order of business days; comparing these is much faster than comparing the days themselves."""
    return one.business_id.int, one.day, one.marked.int


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
