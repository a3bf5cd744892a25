"""Exceptions of a calendar: days off, parts of days off, other hours."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.scheduling.errors import OverlappingHours
from domain.scheduling.hours import DAY, Calendar, MinuteRange, Ranges, WeeklyHours
from domain.scheduling.staff_exceptions import CalendarException, ExceptionKind, with_exceptions

MONDAY = date(2026, 11, 23)
OFF, HOURS = ExceptionKind.OFF, ExceptionKind.HOURS


def spans(*pairs: tuple[int, int]) -> Ranges:
    return tuple(MinuteRange(*pair) for pair in pairs)


def usual(*pairs: tuple[int, int]) -> Calendar:
    return Calendar(WeeklyHours((spans(*pairs),) * 7))


def exception(kind: ExceptionKind, *pairs: tuple[int, int], first: int = 0, last: int = 0) -> CalendarException:
    return CalendarException(MONDAY + timedelta(days=first), MONDAY + timedelta(days=last), kind, spans(*pairs))


def on(calendar: Calendar, *exceptions: CalendarException, day: int = 0) -> Ranges:
    around = MONDAY - timedelta(days=5), MONDAY + timedelta(days=30)
    return with_exceptions(calendar, exceptions, *around).ranges_on(MONDAY + timedelta(days=day))


def test_leave_is_every_day_of_it() -> None:
    leave = exception(OFF, last=6)
    assert [on(usual((540, 1080)), leave, day=n) for n in (-1, 0, 6, 7)] == [
        spans((540, 1080)),
        (),
        (),
        spans((540, 1080)),
    ]


def test_part_of_a_day_is_cut_out() -> None:
    assert on(usual((540, 1080)), exception(OFF, (720, 780))) == spans((540, 720), (780, 1080))
    assert on(usual((540, 1080)), exception(OFF, (0, 600), (1000, 1440))) == spans((600, 1000))


def test_exception_hours_replace_the_usual_ones_and_can_be_cut_too() -> None:
    other = exception(HOURS, (600, 900))
    assert on(usual((540, 1080)), other) == spans((600, 900))
    assert on(usual(), other) == spans((600, 900))
    assert on(usual((540, 1080)), exception(OFF, (660, 720)), other) == spans((600, 660), (720, 900))
    assert on(usual((540, 1080)), other, exception(OFF)) == ()


def test_night_hours_after_midnight_belong_to_the_next_date() -> None:
    """22:00-27:00 without 23:00-25:00: no range begins after midnight, so the rest is 1:00-3:00 of the next date."""
    calendar, off = usual((1320, 1620)), exception(OFF, (1380, 1500))
    assert on(calendar, off) == spans((1320, 1380))
    assert on(calendar, off, day=1) == spans((1320, 1620), (60, 180))


def test_calendar_without_exceptions_is_the_same() -> None:
    calendar = usual((540, 1080))
    assert (
        with_exceptions(calendar, [exception(OFF)], MONDAY + timedelta(days=1), MONDAY + timedelta(days=9)) is calendar
    )


def test_wrong_exceptions_are_refused() -> None:
    with pytest.raises(InvalidInput):
        exception(OFF, first=1, last=0)
    with pytest.raises(InvalidInput):
        exception(OFF, last=366)
    with pytest.raises(InvalidInput):
        exception(HOURS)
    with pytest.raises(OverlappingHours):
        exception(HOURS, (540, 600), (590, 700))


PAIRS = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(lambda p: MinuteRange(p[0], p[0] + p[1])),
    max_size=2,
).filter(
    lambda found: all(
        one.end <= other.start or other.end <= one.start for one in found for other in found if one is not other
    )
)


@given(
    PAIRS, st.lists(st.tuples(st.sampled_from([OFF, HOURS]), PAIRS, st.integers(-1, 1), st.integers(0, 1)), max_size=3)
)
def test_minute_by_minute(working: list[MinuteRange], asked: list[tuple]) -> None:
    """Counted on the wall clock, from the midnight of the day before the first."""
    exceptions = [
        CalendarException(MONDAY + timedelta(days=at), MONDAY + timedelta(days=at + long), kind, tuple(sorted(ranges)))
        for kind, ranges, at, long in asked
        if ranges or kind is OFF
    ]
    first, last = MONDAY - timedelta(days=3), MONDAY + timedelta(days=6)
    calendar = with_exceptions(usual(*((one.start, one.end) for one in sorted(working))), exceptions, first, last)
    wanted, found = set(), set()
    for index in range((last - first).days + 1):
        day = first + timedelta(days=index)
        there = [one for one in exceptions if one.first_day <= day <= one.last_day]
        ranges = next((one.ranges for one in there if one.kind is HOURS), tuple(working))
        minutes = {minute for span in ranges for minute in range(span.start, span.end)}
        for one in there:
            if one.kind is OFF:
                minutes -= {m for span in one.ranges for m in range(span.start, span.end)} if one.ranges else minutes
        wanted |= {index * DAY + minute for minute in minutes}
        found |= {index * DAY + m for span in calendar.ranges_on(day) for m in range(span.start, span.end)}
    assert found == wanted


def test_part_of_the_night_after_midnight_can_be_off() -> None:
    """Monday 22:00-26:00 without 24:30-26:00 ends at half past midnight."""
    calendar = usual((1320, 1560))
    assert on(calendar, exception(OFF, (1470, 1560))) == spans((1320, 1470))
    assert on(calendar, exception(OFF, (1470, 1560)), day=1) == spans((1320, 1560))


def test_exception_hours_can_lie_in_the_night() -> None:
    calendar = usual((540, 1080))
    assert on(calendar, exception(HOURS, (1470, 1560))) == ()
    assert on(calendar, exception(HOURS, (1470, 1560)), day=1) == spans((540, 1080), (30, 120))


def test_day_off_leaves_the_night_before_it() -> None:
    """The night from Monday to Tuesday is Monday's."""
    calendar = usual((1320, 1560))
    assert on(calendar, exception(OFF, first=1, last=1)) == spans((1320, 1560))
    assert on(calendar, exception(OFF, first=1, last=1), day=1) == ()
