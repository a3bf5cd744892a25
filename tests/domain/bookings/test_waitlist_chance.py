"""The place of an entry in its queue, and how likely it gets an offer."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bookings.waitlist import Entry, Wanted
from domain.bookings.waitlist_chance import chance, competes, position
from domain.scheduling.hours import MinuteRange

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
MORNING, EVENING = (MinuteRange(540, 720),), (MinuteRange(1020, 1200),)
HANAKO, JIRO = (UUID(int=7),), (UUID(int=8),)


def entry(number: int, service: int = 1, **more: object) -> Entry:
    wanted = Wanted(**{"first_day": DAY, "last_day": DAY, **more})
    return Entry(UUID(int=number), UUID(int=service), NOW + timedelta(minutes=number), wanted)


def test_position_counts_those_before_it_that_want_the_same() -> None:
    mine = entry(5)
    others = [
        entry(1),
        entry(2, service=2),
        entry(3, first_day=DAY + timedelta(days=1), last_day=DAY + timedelta(days=2)),
        entry(4, times=MORNING),
        entry(6),
    ]
    assert position(mine, [*others, mine]) == 3
    assert position(entry(5, times=EVENING), others) == 2


@pytest.mark.parametrize(
    ("one", "other", "rivals"),
    [
        ({}, {}, True),
        ({"times": MORNING}, {"times": EVENING}, False),
        ({"times": MORNING}, {}, True),
        ({"resource_ids": HANAKO}, {"resource_ids": JIRO}, False),
        ({"resource_ids": HANAKO}, {"resource_ids": HANAKO + JIRO}, True),
        ({"resource_ids": HANAKO}, {}, True),
    ],
)
def test_competes_is_mutual(one: dict[str, object], other: dict[str, object], rivals: bool) -> None:
    first, second = entry(1, **one), entry(2, **other)
    assert competes(first, second) is competes(second, first) is rivals


def test_chance_says_nothing_without_experience() -> None:
    assert chance(3, 10, 1) is None
    assert chance(50, 0, 1) is None


def test_chance_of_the_first_is_that_anything_is_freed_at_all() -> None:
    assert chance(56, 1, 1) == 65  # 1 - 1/e
    assert chance(56, 2, 2) == 60  # 1 - 3/e²
    assert chance(5600, 31, 1) == 95
    assert chance(4, 1, 20) == 5


@given(st.integers(4, 500), st.integers(1, 31), st.integers(1, 200))
def test_chance_falls_with_the_place_and_grows_with_the_days(freed: int, days: int, place: int) -> None:
    here = chance(freed, days, place)
    further, longer = chance(freed, days, place + 1), chance(freed, days + 1, place)
    assert here is not None
    assert further is not None
    assert longer is not None
    assert 5 <= further <= here <= longer <= 95
