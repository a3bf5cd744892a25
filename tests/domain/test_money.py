"""Whole minor units: nothing is lost, nothing is made, currencies do not mix."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CurrencyMismatch
from domain.money import SUPPORTED, ZERO_DECIMAL, Money

AMOUNTS = st.integers(-(10**12), 10**12)
POSITIVE = st.integers(0, 10**12)
CURRENCIES = st.sampled_from(sorted(SUPPORTED))


@given(AMOUNTS, AMOUNTS, CURRENCIES)
def test_adding_and_taking_away_are_exact(one: int, other: int, currency: str) -> None:
    left, right = Money(one, currency), Money(other, currency)
    assert (left + right).amount == one + other
    assert left + right - right == left
    assert left + right == right + left


@given(AMOUNTS, AMOUNTS, CURRENCIES)
def test_order_is_that_of_the_amounts(one: int, other: int, currency: str) -> None:
    left, right = Money(one, currency), Money(other, currency)
    assert (left < right) == (one < other)
    assert (left <= right) == (one <= other)
    assert (left == right) == (one == other)
    assert bool(left) == (one != 0)


@given(POSITIVE, st.integers(0, 100))
def test_percent_rounds_down_and_never_by_a_whole_unit(amount: int, percent: int) -> None:
    exact = Fraction(amount * percent, 100)
    part = Money(amount).percent(percent).amount
    assert exact - 1 < part <= exact


@given(POSITIVE, st.integers(0, 100))
def test_percent_and_the_rest_are_the_whole(amount: int, percent: int) -> None:
    whole = Money(amount)
    assert whole.percent(percent) + (whole - whole.percent(percent)) == whole
    assert Money(0) <= whole.percent(percent)
    assert whole.percent(percent) <= whole


@pytest.mark.parametrize("currency", ["BTC", "jpy", "", "JPYY"])
def test_money_refuses_unknown_currencies(currency: str) -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, currency)


def test_money_of_two_currencies_is_never_added() -> None:
    yen, cents = Money(1, "JPY"), Money(1, "USD")
    with pytest.raises(CurrencyMismatch):
        yen + cents
    with pytest.raises(CurrencyMismatch):
        yen - cents
    with pytest.raises(CurrencyMismatch):
        yen < cents  # noqa: B015
    with pytest.raises(CurrencyMismatch):
        yen <= cents  # noqa: B015
    assert yen != cents


#: docs.stripe.com/currencies, "Zero-decimal currencies". Not in it, and with two digits in a payment: TWD, HUF and ISK.
#: Of TWD and HUF its "Special cases" say that only payouts are in whole units.
STRIPE = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF"


@pytest.mark.parametrize("currency", sorted(SUPPORTED))
def test_currencies_have_the_minor_unit_that_stripe_gives_them(currency: str) -> None:
    """A unit taken for a hundredth, or the other way, is a hundred times the price."""
    assert (currency in ZERO_DECIMAL) is (currency in STRIPE.split())
