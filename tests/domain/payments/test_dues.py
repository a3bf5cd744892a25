"""What a visit costs and when it is paid, for any basket of services."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CurrencyMismatch
from domain.money import Money
from domain.payments.dues import Dues, ServiceCharge, dues
from domain.payments.status import PaymentMode

M = PaymentMode
PRICES = st.integers(1, 9_999_999).map(Money)
CHARGES = st.one_of(
    st.builds(ServiceCharge, PRICES, st.sampled_from([M.NONE, M.AT_VENUE, M.PREPAY, M.CARD_HOLD])),
    st.builds(ServiceCharge, PRICES, st.just(M.DEPOSIT), deposit_percent=st.integers(1, 100)),
    st.builds(ServiceCharge, PRICES, st.just(M.DEPOSIT), deposit_amount=st.integers(1, 9_999_999)),
)
BASKETS = st.lists(CHARGES, min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("charge", "online", "at_venue"),
    [
        (ServiceCharge(Money(5000), M.NONE), 0, 0),
        (ServiceCharge(Money(5000), M.AT_VENUE), 0, 5000),
        (ServiceCharge(Money(5000), M.PREPAY), 5000, 0),
        (ServiceCharge(Money(5000), M.CARD_HOLD), 5000, 0),
        (ServiceCharge(Money(5000), M.DEPOSIT, deposit_amount=1200), 1200, 3800),
        (ServiceCharge(Money(1000), M.DEPOSIT, deposit_amount=1200), 1000, 0),
        (ServiceCharge(Money(3333), M.DEPOSIT, deposit_percent=50), 1666, 1667),
        (ServiceCharge(Money(1), M.DEPOSIT, deposit_percent=99), 0, 1),
    ],
)
def test_dues_of_one_service(charge: ServiceCharge, online: int, at_venue: int) -> None:
    assert dues([charge]) == Dues(charge.price, Money(online), Money(at_venue), charge.mode)


def test_dues_of_another_currency_are_refused() -> None:
    with pytest.raises(CurrencyMismatch):
        dues([ServiceCharge(Money(5000), M.PREPAY), ServiceCharge(Money(5000, "USD"), M.PREPAY)])


@given(BASKETS)
def test_dues_add_up_to_the_price_and_never_exceed_it(basket: list[ServiceCharge]) -> None:
    due = dues(basket)
    free = sum(charge.price.amount for charge in basket if charge.mode is M.NONE)
    assert due.price.amount == sum(charge.price.amount for charge in basket)
    assert due.online.amount + due.at_venue.amount + free == due.price.amount
    assert min(due.online.amount, due.at_venue.amount) >= 0


@given(BASKETS)
def test_dues_do_not_depend_on_the_order_and_are_those_of_each_service(basket: list[ServiceCharge]) -> None:
    due, alone = dues(basket), [dues([charge]) for charge in basket]
    assert due == dues(basket[::-1])
    assert due.online.amount == sum(one.online.amount for one in alone)
    assert due.at_venue.amount == sum(one.at_venue.amount for one in alone)


@given(PRICES, st.integers(1, 100))
def test_deposit_in_percent_is_rounded_down_by_less_than_one_unit(price: Money, percent: int) -> None:
    exact = Fraction(price.amount * percent, 100)
    assert 0 <= exact - dues([ServiceCharge(price, M.DEPOSIT, percent)]).online.amount < 1


@given(BASKETS)
def test_dues_have_a_card_hold_only_where_no_service_asks_for_the_money_itself(basket: list[ServiceCharge]) -> None:
    due, modes = dues(basket), {charge.mode for charge in basket}
    assert (due.mode is M.CARD_HOLD) == (M.CARD_HOLD in modes and not modes & {M.PREPAY, M.DEPOSIT})
    if due.mode is M.PREPAY:
        assert due.online == due.price
    if due.mode in {M.NONE, M.AT_VENUE}:
        assert due.online.amount == 0


@given(BASKETS)
def test_dues_without_online_payment_are_paid_at_the_venue(basket: list[ServiceCharge]) -> None:
    due, later = dues(basket), dues(basket).without_online()
    assert later.online.amount == 0
    assert later.at_venue == due.online + due.at_venue
