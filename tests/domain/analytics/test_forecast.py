"""The forecast of bookings: the mean of the same weekday, measured against last month and against last week."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.analytics.forecast import HORIZON, WEEKS, measure, predict

TODAY = date(2026, 11, 24)  # a Tuesday


def history(values: list[int]) -> dict[date, int]:
    """The last value is yesterday's."""
    return {TODAY - timedelta(days=len(values) - n): value for n, value in enumerate(values)}


def test_predict_is_the_mean_of_the_same_weekday() -> None:
    """Mondays have 10, all other days 3."""
    past = {TODAY - timedelta(days=n): 10 if (TODAY - timedelta(days=n)).weekday() == 0 else 3 for n in range(1, 80)}
    found = predict(past, {}, TODAY)
    assert [one.expected for one in found] == [10 if one.day.weekday() == 0 else 3 for one in found]
    assert [one.day for one in found] == [TODAY + timedelta(days=n) for n in range(HORIZON)]


def test_predict_takes_eight_weeks_and_no_more() -> None:
    past = {TODAY - timedelta(days=7 * n): 8 if n <= WEEKS else 800 for n in range(1, 20)}
    assert predict(past, {}, TODAY)[0].expected == 8


def test_predict_is_never_less_than_what_is_booked() -> None:
    found = predict(history([1] * 70), {TODAY + timedelta(days=3): 9}, TODAY)
    assert (found[3].expected, found[3].booked) == (9, 9)
    assert (found[4].expected, found[4].booked) == (1, 0)


def test_predict_knows_nothing_of_a_new_business() -> None:
    assert {one.expected for one in predict({}, {}, TODAY)} == {0}
    assert measure({}, TODAY) is None


@given(week=st.lists(st.integers(0, 50), min_size=7, max_size=7))
def test_measure_is_zero_where_every_week_is_the_same(week: list[int]) -> None:
    found = measure(history(week * 14), TODAY)
    assert found is not None
    assert (found.model, found.same_as_last_week, found.days) == (0, 0, HORIZON)


def test_measure_knows_only_what_was_known_28_days_before() -> None:
    """The last 28 days jumped from 4 to 9: both predictions would have said 4."""
    found = measure(history([4] * 70 + [9] * HORIZON), TODAY)
    assert found is not None
    assert (found.model, found.same_as_last_week) == (5, 5)


def test_measure_prefers_the_mean_where_weeks_differ_by_chance() -> None:
    """Weeks of 2 and 6 in turn: the mean is 2 off on every day, last week 0 or 4."""
    past = {TODAY - timedelta(days=n): 2 if (n // 7) % 2 else 6 for n in range(1, 120)}
    found = measure(past, TODAY)
    assert found is not None
    assert found.model <= 2.5
    assert found.days == HORIZON
