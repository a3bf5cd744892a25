"""Periods of business days, and the rates of their figures."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analytics import rates
from domain.analytics.periods import LONGEST, Period
from domain.errors import InvalidInput


@given(first=st.dates(date(2000, 1, 1), date(2199, 1, 1)), days=st.integers(1, LONGEST))
def test_period_before_has_as_many_days_and_ends_the_day_before(first: date, days: int) -> None:
    period = Period(first, date.fromordinal(first.toordinal() + days - 1))
    before = period.before()
    assert period.days == before.days == days
    assert before.last.toordinal() == first.toordinal() - 1


@pytest.mark.parametrize(("first", "last"), [("2026-11-02", "2026-11-01"), ("2025-01-01", "2026-01-03")])
def test_period_refuses_what_is_backwards_or_too_long(first: str, last: str) -> None:
    with pytest.raises(InvalidInput):
        Period(date.fromisoformat(first), date.fromisoformat(last))


def test_period_before_refuses_to_leave_the_calendar() -> None:
    with pytest.raises(InvalidInput):
        Period(date(1, 1, 2), date(1, 1, 20)).before()


def test_rates_are_shares_and_none_of_nothing() -> None:
    assert rates.cancellation_rate(bookings=20, pending=1, expired=3, declined=2, cancelled=7) == 0.5
    assert rates.cancellation_rate(bookings=6, pending=1, expired=3, declined=2, cancelled=0) is None
    assert rates.no_show_rate(no_show=1, completed=2, checked_in=0) == 0.3333
    assert rates.no_show_rate(no_show=0, completed=0, checked_in=0) is None


@pytest.mark.parametrize(("now", "before", "expected"), [(5, 4, 0.25), (2, 4, -0.5), (4, 0, None), (-2, -4, 0.5)])
def test_change_is_a_share_of_the_period_before(now: int, before: int, expected: float | None) -> None:
    assert rates.change(now, before) == expected
