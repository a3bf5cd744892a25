"""When a manager may capture or release a card hold, and how much of it."""

from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking_status import BookingStatus
from domain.errors import CurrencyMismatch, DomainError, RuleBroken, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused
from domain.payments.orders import OrderFacts, amount_to_capture, amount_to_void
from domain.payments.status import PaymentStatus
from domain.payments.tasks import PaymentView
from providers.payments.limits import STRIPE
from tests.support.cases import for_each

B, P = BookingStatus, PaymentStatus
HELD = PaymentView(UUID(int=1), P.AUTHORIZED, 6600, 6600, 0, 0, manual_capture=True)
FACTS = OrderFacts(HELD, "JPY", B.CHECKED_IN)
OPEN = (B.CONFIRMED, B.CHECKED_IN, B.COMPLETED, B.CANCELLED, B.NO_SHOW)


@for_each(("payment", "booking"), list(product(P, B)))
def test_orders_are_for_an_authorization_of_a_visit(payment: PaymentStatus, booking: BookingStatus) -> None:
    facts = replace(FACTS, payment=replace(HELD, status=payment), booking_status=booking, fee=3300)
    if payment is P.AUTHORIZED and booking in OPEN:
        assert amount_to_void(facts) == 6600
        assert amount_to_capture(facts, None, STRIPE) == (3300 if booking in {B.CANCELLED, B.NO_SHOW} else 6600)
        return
    for order in (lambda: amount_to_void(facts), lambda: amount_to_capture(facts, None, STRIPE)):
        with pytest.raises(WrongState):
            order()


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        (Money(6601), FACTS),
        (Money(0), FACTS),
        (Money(-1), FACTS),
        (Money(49), FACTS),
        (Money(3301), replace(FACTS, booking_status=B.NO_SHOW, fee=3300)),
        (None, replace(FACTS, booking_status=B.NO_SHOW, fee=0)),
        (None, replace(FACTS, booking_status=B.CANCELLED, fee=49)),
    ],
)
def test_amount_to_capture_is_within_what_is_owed_and_what_the_provider_takes(
    asked: Money | None, facts: OrderFacts
) -> None:
    with pytest.raises(AmountRefused):
        amount_to_capture(facts, asked, STRIPE)


def test_amount_to_capture_is_in_the_currency_of_the_payment() -> None:
    with pytest.raises(CurrencyMismatch):
        amount_to_capture(FACTS, Money(100, "USD"), STRIPE)


@pytest.mark.parametrize("booking", OPEN)
def test_orders_wait_while_money_moves_or_a_step_can_be_undone(booking: BookingStatus) -> None:
    facts = replace(FACTS, booking_status=booking, fee=3300)
    with pytest.raises(RuleBroken):
        amount_to_capture(replace(facts, is_moving=True), None, STRIPE)
    undoable = replace(facts, is_undoable=True)
    if booking in {B.CONFIRMED, B.CHECKED_IN}:
        assert amount_to_void(undoable) == 6600, "a check-in moves no money"
        return
    with pytest.raises(RuleBroken):
        amount_to_void(undoable)


@given(st.sampled_from(B), st.integers(0, 9000), st.integers(-10, 9000), st.integers(1, 9000))
def test_capture_never_takes_more_than_the_card_holds_or_the_fee(
    booking: BookingStatus, fee: int, asked: int, authorized: int
) -> None:
    facts = replace(FACTS, payment=replace(HELD, authorized=authorized), booking_status=booking, fee=fee)
    try:
        amount = amount_to_capture(facts, Money(asked), STRIPE)
    except DomainError:
        return
    assert 50 <= amount == asked <= authorized
    assert booking not in {B.CANCELLED, B.NO_SHOW} or amount <= fee
