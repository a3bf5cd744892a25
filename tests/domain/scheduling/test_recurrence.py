"""Days of recurring bookings and blocks, against dateutil's reading of RFC 5545, and times over clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.scheduling.recurrence import (
    FARTHEST,
    MAX_OCCURRENCES,
    Frequency,
    MonthlyOn,
    Recurrence,
    days,
    instant,
)

FIRST_DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def expected(recurrence: Recurrence, first: date) -> list[date]:
    """The days as dateutil finds them, without the limits of the platform."""
    more: dict[str, Any] = {}
    if recurrence.monthly_on is MonthlyOn.DATE:
        more = {"bymonthday": first.day}
    elif recurrence.monthly_on is MonthlyOn.WEEKDAY:
        more = {"byweekday": weekday(first.weekday(), (first.day - 1) // 7 + 1)}
    elif recurrence.monthly_on is MonthlyOn.LAST_WEEKDAY:
        more = {"byweekday": weekday(first.weekday(), -1)}
    frequency = WEEKLY if recurrence.frequency is Frequency.WEEKLY else MONTHLY
    last = first + FARTHEST if recurrence.until is None else min(recurrence.until, first + FARTHEST)
    found = rrule(
        frequency,
        dtstart=datetime.combine(first, time()),
        interval=recurrence.interval,
        until=datetime.combine(last, time()),
        **more,
    )
    return [one.date() for one in islice(found, recurrence.count or MAX_OCCURRENCES + 1)]


@given(
    FIRST_DAYS,
    st.sampled_from([None, *MonthlyOn]),
    st.integers(1, 52),
    st.one_of(st.integers(1, 52), st.timedeltas(timedelta(), timedelta(days=1500))),
)
def test_days_are_those_of_rfc_5545(first: date, on: MonthlyOn | None, interval: int, end: int | timedelta) -> None:
    frequency = Frequency.WEEKLY if on is None else Frequency.MONTHLY
    ends = {"count": end} if isinstance(end, int) else {"until": first + end}
    recurrence = Recurrence(frequency, interval, monthly_on=on, **ends)
    if on is MonthlyOn.LAST_WEEKDAY and (first + timedelta(days=7)).month == first.month:
        with pytest.raises(InvalidInput):
            days(recurrence, first)
        return
    wanted = expected(recurrence, first)
    if len(wanted) > MAX_OCCURRENCES or (recurrence.count is not None and len(wanted) < recurrence.count):
        with pytest.raises(InvalidInput):
            days(recurrence, first)
    else:
        assert list(days(recurrence, first)) == wanted


def test_days_leave_out_a_month_that_does_not_have_the_day() -> None:
    found = days(Recurrence(Frequency.MONTHLY, count=4, monthly_on=MonthlyOn.DATE), date(2026, 1, 31))
    assert found == (date(2026, 1, 31), date(2026, 3, 31), date(2026, 5, 31), date(2026, 7, 31))
    fifth = days(Recurrence(Frequency.MONTHLY, count=2, monthly_on=MonthlyOn.WEEKDAY), date(2026, 1, 30))
    assert fifth == (date(2026, 1, 30), date(2026, 5, 29))


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"frequency": Frequency.WEEKLY}, "until_or_count"),
        ({"frequency": Frequency.WEEKLY, "count": 2, "until": date(2027, 1, 1)}, "until_or_count"),
        ({"frequency": Frequency.WEEKLY, "count": 53}, "at_most_52_occurrences"),
        ({"frequency": Frequency.WEEKLY, "count": 0}, "at_most_52_occurrences"),
        ({"frequency": Frequency.WEEKLY, "count": 2, "interval": 0}, "interval_1_to_52"),
        ({"frequency": Frequency.WEEKLY, "count": 2, "interval": 53}, "interval_1_to_52"),
        ({"frequency": Frequency.WEEKLY, "count": 2, "monthly_on": MonthlyOn.DATE}, "for_monthly_only"),
        ({"frequency": Frequency.MONTHLY, "count": 2}, "for_monthly_only"),
    ],
)
def test_recurrence_refuses_what_means_nothing(asked: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Recurrence(**asked)
    assert refusal.value.details["fields"][0]["rule"] == rule


def test_days_refuse_an_end_that_cannot_be() -> None:
    first = date(2028, 2, 29)
    for recurrence, rule in (
        (Recurrence(Frequency.WEEKLY, until=first - timedelta(days=1)), "not_before_start"),
        (Recurrence(Frequency.WEEKLY, until=first + timedelta(weeks=52)), "at_most_52_occurrences"),
        (Recurrence(Frequency.MONTHLY, 12, count=4, monthly_on=MonthlyOn.DATE), "within_ten_years"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            days(recurrence, first)
        assert refusal.value.details["fields"][0]["rule"] == rule
    assert len(days(Recurrence(Frequency.WEEKLY, until=first + timedelta(weeks=51)), first)) == 52


@given(FIRST_DAYS, st.times(), st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]))
def test_instant_keeps_the_wall_clock(day: date, wall: time, name: str) -> None:
    zone = ZoneInfo(name)
    shown = instant(day, wall, zone).astimezone(zone)
    wanted = datetime.combine(day, wall.replace(second=0, microsecond=0, fold=0), zone)
    exists = wanted.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted.replace(tzinfo=None)
    assert (shown.replace(tzinfo=None, fold=0) == wanted.replace(tzinfo=None)) is exists


def test_instant_over_the_clock_changes_of_a_year() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert instant(date(2027, 3, 28), time(2, 30), berlin) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "jumped over"
    assert instant(date(2027, 10, 31), time(2, 30), berlin) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "twice"
    before, after = (instant(day, time(10), berlin) for day in (date(2027, 3, 27), date(2027, 3, 28)))
    assert after - before == timedelta(hours=23)
