"""Exceptions: days on which a staff member (or a room) is off, partly off, or has other hours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from domain.errors import InvalidInput
from domain.scheduling.hours import DAY, Calendar, MinuteRange, Ranges, in_order

_A_DAY = timedelta(days=1)
#: The longest exception: a leave of one year.
MAX_DAYS = 366


class ExceptionKind(StrEnum):
    """What is different on these days."""

    OFF = "off"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class CalendarException:
    """The business days ``first_day`` to ``last_day``, both included.

    ``OFF``: absent in ``ranges``, or all day if there are none. ``HOURS``: present in ``ranges`` instead of the usual
    hours. Minutes count from the midnight at which the business day begins, so 24:30–26:00 is a part of the night after
    it. Raises ``InvalidInput`` for days out of order, more than 366 of them, and hours without a range;
    ``OverlappingHours`` for ranges that share a minute.
    """

    first_day: date
    last_day: date
    kind: ExceptionKind
    ranges: Ranges = ()

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise InvalidInput.at("last_day", "not_before_first_day")
        if (self.last_day - self.first_day).days >= MAX_DAYS:
            raise InvalidInput.at("last_day", "at_most_366_days")
        if self.kind is ExceptionKind.HOURS and not self.ranges:
            raise InvalidInput.at("ranges", "not_empty")
        object.__setattr__(self, "ranges", in_order(self.ranges))


def without(ranges: Iterable[MinuteRange], off: Iterable[MinuteRange]) -> list[tuple[int, int]]:
    """``ranges`` without the minutes of ``off``, as ``(start, end)``; a remaining part may begin after midnight."""
    left = [(span.start, span.end) for span in ranges]
    for gap in off:
        cut: list[tuple[int, int]] = []
        for start, end in left:
            before, after = (start, min(end, gap.start)), (max(start, gap.end), end)
            cut.extend(piece for piece in (before, after) if piece[0] < piece[1])
        left = cut
    return left


def with_exceptions(usual: Calendar, exceptions: Sequence[CalendarException], first: date, last: date) -> Calendar:
    """``usual`` with the exceptions on the days ``first`` to ``last``, both included.

    For one day: other hours replace the usual ones (the first exception counts if there are several), then the times
    off are removed.
    """
    by_day: dict[date, list[CalendarException]] = {}
    for one in exceptions:
        day, end = max(first, one.first_day), min(last, one.last_day)
        while day <= end:
            by_day.setdefault(day, []).append(one)
            day += _A_DAY
    if not by_day:
        return usual
    changed: dict[date, Ranges] = {}
    spilt: dict[date, Ranges] = {}
    for day, found in by_day.items():
        pieces = _on(usual.ranges_on(day), found)
        changed[day] = tuple(MinuteRange(start, end) for start, end in pieces if start < DAY)
        # Opening hours never begin after midnight, so the rest of the night is moved to the early morning of the next
        # date.
        if rest := tuple(MinuteRange(start - DAY, end - DAY) for start, end in pieces if start >= DAY):
            spilt[day + _A_DAY] = rest
    for day, rest in spilt.items():
        changed[day] = (*changed.get(day, usual.ranges_on(day)), *rest)
    return replace(usual, one_off={**usual.one_off, **changed})


def _on(usual: Ranges, found: Sequence[CalendarException]) -> list[tuple[int, int]]:
    ranges = next((one.ranges for one in found if one.kind is ExceptionKind.HOURS), usual)
    off: list[MinuteRange] = []
    for one in found:
        if one.kind is ExceptionKind.OFF:
            if not one.ranges:
                return []
            off.extend(one.ranges)
    return without(ranges, off)
