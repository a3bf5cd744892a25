"""Calendars out of rows, as every statement brings them: hours as ``[weekday, opens, closes]``, one-off days as
``[day, ranges]``, exceptions as ``[first_day, last_day, kind, ranges]``, blocks as ``[starts_at, ends_at]``."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from domain.scheduling.blocks import BlockTime
from domain.scheduling.hours import Calendar, MinuteRange, Ranges, WeeklyHours
from domain.scheduling.staff_exceptions import CalendarException, ExceptionKind, with_exceptions

HOLIDAY = 7
"""The weekday number of the row for public holidays."""


def week_of(rows: Iterable[Sequence[int]], has_holiday_row: bool) -> WeeklyHours:
    """A week; the row for public holidays counts even where it is empty (closed on them)."""
    days: list[list[MinuteRange]] = [[] for _ in range(HOLIDAY + 1)]
    for weekday, opens, closes in rows:
        days[weekday].append(MinuteRange(opens, closes))
    ordered = [tuple(sorted(day)) for day in days]
    return WeeklyHours(tuple(ordered[:HOLIDAY]), ordered[HOLIDAY] if has_holiday_row or ordered[HOLIDAY] else None)


def rows_of(week: WeeklyHours) -> list[tuple[int, MinuteRange]]:
    """Every range with its weekday number."""
    days = (*week.days, week.public_holiday or ())
    return [(weekday, span) for weekday, day in enumerate(days) for span in day]


def columns_of(week: WeeklyHours) -> dict[str, list[int]]:
    """The week as the arrays that a statement unnests."""
    rows = rows_of(week)
    return {
        "weekdays": [weekday for weekday, _ in rows],
        "opens": [span.start for _, span in rows],
        "closes": [span.end for _, span in rows],
    }


def ranges_of(pairs: Iterable[Sequence[int]]) -> Ranges:
    """``[[opens, closes], …]`` in order."""
    return tuple(sorted(MinuteRange(opens, closes) for opens, closes in pairs))


def pairs_of(ranges: Ranges) -> list[list[int]]:
    """The opposite of :func:`ranges_of`."""
    return [[span.start, span.end] for span in ranges]


def days_of(rows: Iterable[Sequence[Any]]) -> dict[date, Ranges]:
    """One-off days."""
    return {date.fromisoformat(day): ranges_of(ranges) for day, ranges in rows}


def exceptions_of(rows: Iterable[Sequence[Any]]) -> list[CalendarException]:
    """Exceptions, in the order of the rows."""
    return [
        CalendarException(date.fromisoformat(first), date.fromisoformat(last), ExceptionKind(kind), ranges_of(ranges))
        for first, last, kind, ranges in rows
    ]


def blocks_of(rows: Iterable[Sequence[str]]) -> tuple[BlockTime, ...]:
    """Times at which a resource is blocked, out of ISO 8601 texts."""
    return tuple(BlockTime(datetime.fromisoformat(starts), datetime.fromisoformat(ends)) for starts, ends in rows)


def resource_calendar(
    business: Calendar,
    hours: Iterable[Sequence[int]] | None,
    has_holiday_row: bool,
    exceptions: Iterable[Sequence[Any]] | None,
    first: date,
    last: date,
) -> Calendar:
    """A resource's own hours, or the business's (the same object, where it can be) if it has none. Its exceptions of
    the days ``first`` to ``last`` count in both cases."""
    usual = business if hours is None else Calendar(week_of(hours, has_holiday_row), {}, business.public_holidays)
    return with_exceptions(usual, exceptions_of(exceptions), first, last) if exceptions else usual
