"""What an event about an intent means for its payment."""

from dataclasses import replace
from itertools import product

import pytest

from domain.booking_status import BookingStatus
from domain.payments.intents import (
    CardStep,
    IntentFacts,
    IntentStep,
    card_step,
    is_as_requested,
    keeps_new_card,
    requests_card,
    step_for,
)
from domain.payments.provider_events import IntentEvent
from domain.payments.status import PaymentStatus
from tests.support.cases import for_each

P, B = PaymentStatus, BookingStatus
PAYMENT = IntentFacts("pi_1", 6000, "JPY")
PAID = IntentEvent("pi_1", P.CAPTURED, 6000, "JPY", 6000)
VISITS = {B.CONFIRMED, B.CHECKED_IN}


@pytest.mark.parametrize("known", ["pi_1", None])
def test_step_for_applies_an_event_about_the_intent_of_the_payment(known: str | None) -> None:
    assert step_for(replace(PAYMENT, intent_id=known), "pi_1", PAID) is IntentStep.APPLY


@pytest.mark.parametrize("event", [PAID, replace(PAID, amount=1), replace(PAID, status=P.VOIDED)])
def test_step_for_another_intent_is_replaced_whatever_it_says(event: IntentEvent) -> None:
    assert step_for(replace(PAYMENT, is_renewing=True), "pi_0", event) is IntentStep.REPLACED


def test_step_for_a_void_during_a_renewal_leaves_the_payment() -> None:
    voided = replace(PAID, status=P.VOIDED, captured=0)
    assert step_for(replace(PAYMENT, is_renewing=True), "pi_1", voided) is IntentStep.BEING_REPLACED
    assert step_for(PAYMENT, "pi_1", voided) is IntentStep.APPLY
    assert step_for(replace(PAYMENT, is_renewing=True), "pi_1", PAID) is IntentStep.APPLY


@pytest.mark.parametrize(
    "event", [replace(PAID, amount=5999), replace(PAID, currency="USD"), replace(PAID, captured=6001)]
)
def test_step_for_what_was_not_requested_is_a_mismatch(event: IntentEvent) -> None:
    assert not is_as_requested(PAYMENT.amount, PAYMENT.currency, event)
    assert step_for(PAYMENT, "pi_1", event) is IntentStep.MISMATCH


@for_each(("before", "after"), list(product(P, P)))
def test_card_step_follows_from_the_change_alone(before: PaymentStatus, after: PaymentStatus) -> None:
    secured = {P.AUTHORIZED, P.CAPTURED, P.PARTIALLY_REFUNDED}
    step = card_step(before, after)
    assert (step is CardStep.REPLACE) is (after in secured and before not in secured)
    assert (step is CardStep.REQUEST_CARD) is ((before, after) == (P.AUTHORIZED, P.VOIDED))


@pytest.mark.parametrize("status", B)
def test_keeps_new_card_while_the_visit_takes_place(status: BookingStatus) -> None:
    assert keeps_new_card(status) is (status in VISITS)


@pytest.mark.parametrize("status", B)
def test_requests_card_once_and_only_for_a_visit_that_takes_place(status: BookingStatus) -> None:
    assert requests_card(status, False, P.VOIDED) is (status in VISITS)
    assert requests_card(status, False, None) is (status in VISITS)
    assert not requests_card(status, True, P.VOIDED)
    assert not requests_card(status, False, P.AUTHORIZED)
