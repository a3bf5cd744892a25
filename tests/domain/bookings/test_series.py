"""Recurring bookings: starts on the wall clock, which occurrences a command means, and where they move."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import BookingStatus
from domain.bookings.errors import HoldLimit
from domain.bookings.series import (
    MAX_AHEAD,
    Occurrence,
    check_ahead,
    check_bookable,
    moved_starts,
    planned_starts,
    selected,
)
from domain.errors import InvalidInput, NotFound, RuleBroken
from domain.scheduling.blocks import OccurrenceScope
from domain.scheduling.recurrence import Frequency, Recurrence

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def weekly(count: int) -> Recurrence:
    return Recurrence(Frequency.WEEKLY, count=count)


def series(first: datetime, count: int = 4, zone: ZoneInfo = BERLIN) -> list[Occurrence]:
    return [
        Occurrence(number, at, uuid4(), BookingStatus.CONFIRMED, at, at + HOUR, 5000)
        for number, at in enumerate(planned_starts(weekly(count), first, zone), 1)
    ]


def test_starts_keep_the_wall_clock_over_both_changes() -> None:
    spring = planned_starts(weekly(3), datetime(2027, 3, 21, 10, tzinfo=BERLIN), BERLIN)
    assert [at.astimezone(BERLIN).hour for at in spring] == [10, 10, 10]
    assert [at.astimezone(UTC).hour for at in spring] == [9, 8, 8]
    autumn = planned_starts(weekly(2), datetime(2027, 10, 24, 10, tzinfo=BERLIN), BERLIN)
    assert [at.astimezone(UTC).hour for at in autumn] == [8, 9]


def test_starts_in_the_hour_that_is_left_out_or_comes_twice() -> None:
    gap = planned_starts(weekly(2), datetime(2027, 3, 21, 2, 30, tzinfo=BERLIN), BERLIN)
    assert gap[1] == datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "03:30 of the summer's clock"
    twice = planned_starts(weekly(2), datetime(2027, 10, 24, 2, 30, tzinfo=BERLIN), BERLIN)
    assert twice[1] == datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "the first 02:30"
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert planned_starts(weekly(1), second, BERLIN) == [second], "the first start is as it was asked for"


def test_meant_is_one_the_following_or_all_that_are_still_to_come() -> None:
    first = datetime(2027, 5, 3, 10, tzinfo=BERLIN)
    found = series(first)
    found[2] = replace(found[2], status=BookingStatus.CANCELLED)
    now = first + timedelta(days=1)
    chosen = found[1].booking_id
    assert [one.number for one in selected(found, OccurrenceScope.ALL, None, now)] == [2, 4]
    assert [one.number for one in selected(found, OccurrenceScope.FOLLOWING, chosen, now)] == [2, 4]
    assert [one.number for one in selected(found, OccurrenceScope.ONE, chosen, now)] == [2]
    assert selected(found, OccurrenceScope.ONE, found[2].booking_id, now) == []
    for scope in (OccurrenceScope.ONE, OccurrenceScope.FOLLOWING):
        with pytest.raises(NotFound):
            selected(found, scope, UUID(int=1), now)
        with pytest.raises(InvalidInput):
            selected(found, scope, None, now)


@given(
    st.datetimes(datetime(2027, 1, 1), datetime(2027, 12, 1)),  # noqa: DTZ001  (the zone is drawn beside it)
    st.integers(-20, 20),
    st.integers(0, 23),
    st.integers(0, 3),
    st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "America/New_York"]),
)
def test_moved_starts_move_each_by_as_many_days_and_never_onto_one_that_has_not_moved(
    start: datetime, by: int, hour: int, anchor: int, name: str
) -> None:
    zone = ZoneInfo(name)
    found = series(start.replace(minute=0, second=0, microsecond=0, tzinfo=zone).astimezone(UTC), 4, zone)
    chosen = found[anchor]
    assert chosen.start_at is not None
    local = chosen.start_at.astimezone(zone)
    target = (local.replace(tzinfo=None, hour=hour, fold=0) + timedelta(days=by)).replace(tzinfo=zone).astimezone(UTC)
    moves = moved_starts(found, chosen, target, zone)
    assert {one.number for one, _ in moves} == {1, 2, 3, 4}
    assert {one.number: at for one, at in moves}[chosen.number] == target
    days = {
        (at.astimezone(zone).date() - one.start_at.astimezone(zone).date()).days for one, at in moves if one.start_at
    }
    assert len(days) <= 2, "a gap at midnight may push one of them into the next day"
    waiting = [one.start_at for one, _ in moves]
    for one, at in moves:
        waiting.remove(one.start_at)
        assert at not in waiting


def test_bookable_are_series_without_payment_online_and_with_a_proven_address() -> None:
    check_bookable(0, must_prove=False)
    for due, must_prove, rule in ((100, False, "series_paid_online"), (0, True, "series_needs_proven_address")):
        with pytest.raises(RuleBroken) as refused:
            check_bookable(due, must_prove=must_prove)
        assert refused.value.details["rule"] == rule


def test_ahead_has_a_limit() -> None:
    check_ahead(MAX_AHEAD)
    with pytest.raises(HoldLimit):
        check_ahead(MAX_AHEAD + 1)
