"""Half-open intervals on instants."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.intervals import Interval, as_utc

ZERO = datetime(2026, 6, 1, tzinfo=UTC)


def minutes(start: int, end: int) -> Interval:
    return Interval(ZERO + timedelta(minutes=start), ZERO + timedelta(minutes=end))


SPANS = st.tuples(st.integers(0, 20), st.integers(1, 10)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(SPANS, SPANS)
def test_overlap_and_containment_are_those_of_the_minutes_inside(one: tuple, other: tuple) -> None:
    first, second = set(range(*one)), set(range(*other))
    assert minutes(*one).overlaps(minutes(*other)) == bool(first & second)
    assert minutes(*one).contains(minutes(*other)) == (second <= first)


def test_the_end_is_outside() -> None:
    hour = minutes(0, 60)
    assert ZERO in hour
    assert ZERO + timedelta(minutes=60) not in hour
    assert ZERO - timedelta(microseconds=1) not in hour


@pytest.mark.parametrize("end", [0, -1])
def test_must_end_after_it_starts(end: int) -> None:
    with pytest.raises(InvalidInput):
        minutes(0, end)


def test_compares_instants_not_wall_clocks() -> None:
    london = ZoneInfo("Europe/London")
    first = datetime(2026, 10, 25, 1, 30, tzinfo=london)
    again = datetime(2026, 10, 25, 1, 10, tzinfo=london, fold=1)
    assert Interval(first, again).end - Interval(first, again).start == timedelta(minutes=40)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        as_utc(datetime(2026, 6, 1))  # noqa: DTZ001
