"""On which days something recurs, and at which instants. Pure rules.

Days are dates of the business's wall clock. The rules are those of RFC 5545, 3.3.10: a month that does not have the day
is left out, and weeks are counted from the first day. A wall-clock time becomes an instant as in
`domain.scheduling.availability.days`: a time that occurs twice is its first occurrence; a time that the clock skips is
computed with the offset from before the jump (RFC 5545, 3.3.5).
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import count as from_zero
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from domain.errors import InvalidInput
from domain.scheduling.availability.days import instant_of, local

#: The most occurrences of one series or block: weekly for a year.
MAX_OCCURRENCES = 52
#: The longest step between two occurrences, in weeks or months.
MAX_INTERVAL = 52
#: No occurrence is further after the first one. This ends the search for a very rare day.
FARTHEST = timedelta(days=3653)
_WEEK = 7


class Frequency(StrEnum):
    """The unit of ``interval``."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


class MonthlyOn(StrEnum):
    """Which day of a month: the same date; the same weekday counted from the month's beginning (the second Tuesday); or
    the last such weekday of the month."""

    DATE = "date"
    WEEKDAY = "weekday"
    LAST_WEEKDAY = "last_weekday"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every ``interval`` weeks or months, until the day ``until`` (included) or ``count`` times, the first one
    included.

    Raises InvalidInput: exactly one of ``until`` and ``count``; ``count`` and ``interval`` from 1 to 52; ``monthly_on``
    for months only.
    """

    frequency: Frequency
    interval: int = 1
    until: date | None = None
    count: int | None = None
    monthly_on: MonthlyOn | None = None

    def __post_init__(self) -> None:
        if (self.until is None) == (self.count is None):
            raise InvalidInput.at("until", "until_or_count")
        if self.count is not None and not 1 <= self.count <= MAX_OCCURRENCES:
            raise InvalidInput.at("count", "at_most_52_occurrences")
        if not 1 <= self.interval <= MAX_INTERVAL:
            raise InvalidInput.at("interval", "interval_1_to_52")
        if (self.monthly_on is not None) != (self.frequency is Frequency.MONTHLY):
            raise InvalidInput.at("monthly_on", "for_monthly_only")


#: A single occurrence.
ONCE = Recurrence(Frequency.WEEKLY, count=1)


def days(recurrence: Recurrence, first: date) -> tuple[date, ...]:
    """The days of the occurrences in order, beginning with ``first``; at most 52.

    Raises InvalidInput: ``first`` is not in the last week of its month although the last weekday is meant; ``until`` is
    before ``first``; more than 52 days up to ``until``; fewer than ``count`` days within ten years.
    """
    if recurrence.monthly_on is MonthlyOn.LAST_WEEKDAY and (first + timedelta(days=_WEEK)).month == first.month:
        raise InvalidInput.at("monthly_on", "not_the_last_weekday")
    if recurrence.until is not None and recurrence.until < first:
        raise InvalidInput.at("until", "not_before_start")
    last = first + FARTHEST if recurrence.until is None else min(recurrence.until, first + FARTHEST)
    wanted = recurrence.count or MAX_OCCURRENCES + 1
    found = tuple(islice(takewhile(lambda day: day <= last, _endless(recurrence, first)), wanted))
    if len(found) > MAX_OCCURRENCES:
        raise InvalidInput.at("until", "at_most_52_occurrences")
    if recurrence.count is not None and len(found) < recurrence.count:
        raise InvalidInput.at("count", "within_ten_years")
    return found


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant of wall-clock time ``wall`` on ``day`` in ``zone``, aware UTC, without seconds."""
    return instant_of(local(zone, day, wall.hour * 60 + wall.minute))


def _endless(recurrence: Recurrence, first: date) -> Iterator[date]:
    """The days without an end, in ascending order, so that the caller can stop."""
    if recurrence.frequency is Frequency.WEEKLY:
        step = timedelta(weeks=recurrence.interval)
        yield from (first + number * step for number in from_zero())
        return
    for number in from_zero(0, recurrence.interval):
        years, month = divmod(first.month - 1 + number, 12)
        day = _day_in_month(recurrence.monthly_on or MonthlyOn.DATE, first, first.year + years, month + 1)
        if day is not None:
            yield day
        elif first.year + years > first.year + FARTHEST.days // 365 + 1:
            return


def _day_in_month(on: MonthlyOn, first: date, year: int, month: int) -> date | None:
    """The day that corresponds to ``first`` in a month; None if the month has none."""
    weekday_of_first, length = monthrange(year, month)
    if on is MonthlyOn.DATE:
        return date(year, month, first.day) if first.day <= length else None
    earliest = 1 + (first.weekday() - weekday_of_first) % _WEEK
    if on is MonthlyOn.LAST_WEEKDAY:
        return date(year, month, earliest + (length - earliest) // _WEEK * _WEEK)
    number = earliest + (first.day - 1) // _WEEK * _WEEK
    return date(year, month, number) if number <= length else None
