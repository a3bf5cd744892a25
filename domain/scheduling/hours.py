"""Opening hours: minutes of the business day, the week, one-off days, public holidays, and their zone.

A business day is a date of the venue's wall clock. Its minutes count from its midnight and go past 1440 where the hours
go past midnight: 22:00–25:30 on Friday is ``MinuteRange(1320, 1530)`` of Friday.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from domain.errors import InvalidInput
from domain.scheduling.errors import OverlappingHours

DAY = 1440
"""Minutes from one midnight to the next on a wall clock."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PUBLIC_HOLIDAY = "public_holiday"
"""The name of the row for public holidays, like ``WEEKDAYS`` for the others."""


@dataclass(frozen=True, slots=True, order=True)
class MinuteRange:
    """``[start, end)`` in minutes of the business day, ``0 <= start < end <= 2880``.

    Raises ``InvalidInput`` for anything else, including an empty range. Opening hours begin before midnight
    (``check_day``); an exception may lie completely in the night after it.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < 2 * DAY:
            raise InvalidInput.at("start", "within_two_days")
        if self.end <= self.start:
            raise InvalidInput.at("end", "after_start")
        if self.end > 2 * DAY:
            raise InvalidInput.at("end", "within_two_days")


Ranges = tuple[MinuteRange, ...]


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Ranges per weekday, 0 = Monday to 6 = Sunday; an empty tuple is a closed day.

    ``public_holiday`` is the row for public holidays: None if the business has none (a holiday is then an ordinary
    weekday), empty if it is closed. Raises ``InvalidInput`` unless there are seven days.
    """

    days: tuple[Ranges, ...]
    public_holiday: Ranges | None = None

    def __post_init__(self) -> None:
        if len(self.days) != 7:
            raise InvalidInput.at("days", "seven")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours of a business or a resource on every date."""

    weekly: WeeklyHours
    one_off: Mapping[date, Ranges] = field(default_factory=dict)
    public_holidays: frozenset[date] = frozenset()

    def ranges_on(self, day: date) -> Ranges:
        """The ranges of business day ``day``: of the one-off day, else of the public-holiday row, else of the
        weekday."""
        special = self.one_off.get(day)
        if special is not None:
            return special
        if self.weekly.public_holiday is not None and day in self.public_holidays:
            return self.weekly.public_holiday
        return self.weekly.days[day.weekday()]


def check_day(ranges: Iterable[MinuteRange], name: str | None = None) -> Ranges:
    """Opening hours of one day in order; ``name`` is the day's name in refusals. Raises like ``in_order``, and
    ``InvalidInput`` for a range that begins after midnight: it belongs to the next business day."""
    ordered = in_order(ranges, name)
    if ordered and ordered[-1].start >= DAY:
        raise InvalidInput.at("start", "within_day")
    return ordered


def in_order(ranges: Iterable[MinuteRange], name: str | None = None) -> Ranges:
    """The ranges in order. Raises ``OverlappingHours`` when two share a minute; touching is allowed."""
    ordered = tuple(sorted(ranges))
    for earlier, later in pairwise(ordered):
        if later.start < earlier.end:
            day = {} if name is None else {"day": name}
            raise OverlappingHours({**day, "first": _span(earlier), "second": _span(later)})
    return ordered


def check_week(week: WeeklyHours) -> WeeklyHours:
    """The week with every day in order.

    Raises ``OverlappingHours`` when ranges of one day overlap, or when a range past midnight overlaps the first range
    of the next day. The public-holiday row may come before and after any weekday and itself.
    """
    days = tuple(check_day(day, name) for name, day in zip(WEEKDAYS, week.days, strict=True))
    for weekday, day in enumerate(days):
        _check_follows(day, days[(weekday + 1) % 7], WEEKDAYS[weekday])
    if week.public_holiday is None:
        return WeeklyHours(days)
    holiday = check_day(week.public_holiday, PUBLIC_HOLIDAY)
    _check_follows(holiday, holiday, PUBLIC_HOLIDAY)
    for weekday, day in enumerate(days):
        _check_follows(holiday, day, PUBLIC_HOLIDAY)
        _check_follows(day, holiday, WEEKDAYS[weekday])
    return WeeklyHours(days, holiday)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # "localtime" depends on the settings of this machine, so it must not be stored.
    return frozenset(available_timezones() - {"localtime"})


def check_zone(name: str) -> ZoneInfo:
    """The IANA zone ``name``. Raises ``InvalidInput`` for a name that is not in the zone database."""
    if name not in _zones():
        raise InvalidInput.at("time_zone", "iana_zone")
    return ZoneInfo(name)


def _check_follows(day: Ranges, following: Ranges, name: str) -> None:
    if day and following and day[-1].end - DAY > following[0].start:
        raise OverlappingHours({"day": name, "first": _span(day[-1]), "second": _span(following[0])})


def _span(span: MinuteRange) -> dict[str, str]:
    opens, closes = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (span.start, span.end))
    return {"opens": opens, "closes": closes}
