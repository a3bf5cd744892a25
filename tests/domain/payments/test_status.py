"""Every step a payment and a refund may and may not take, against tables written out here by hand."""

import pytest

from domain.errors import WrongState
from domain.payments.status import (
    ALLOWED,
    ONLINE,
    REFUND_ALLOWED,
    SECURED,
    PaymentMode,
    PaymentStatus,
    RefundStatus,
    check_transition,
)
from tests.support.cases import for_each

EXPECTED = {
    "requires_payment": {"processing", "authorized", "captured", "voided", "failed"},
    "processing": {"requires_payment", "authorized", "captured", "voided", "failed"},
    "authorized": {"captured", "voided", "disputed"},
    "captured": {"partially_refunded", "refunded", "disputed"},
    "partially_refunded": {"partially_refunded", "refunded", "disputed"},
    "refunded": {"disputed"},
    "voided": set(),
    "failed": {"requires_payment", "processing", "authorized", "captured", "voided"},
    "disputed": {"captured", "partially_refunded", "refunded"},
}

REFUNDS = {
    "requested": {"processing", "succeeded", "failed"},
    "processing": {"succeeded", "failed"},
    "succeeded": set(),
    "failed": {"processing"},
}


def test_transition_tables_have_every_status() -> None:
    assert set(EXPECTED) == {s.value for s in PaymentStatus} == {s.value for s in ALLOWED}
    assert set(REFUNDS) == {s.value for s in RefundStatus} == {s.value for s in REFUND_ALLOWED}


@for_each("wanted", list(PaymentStatus))
@for_each("current", list(PaymentStatus))
def test_transition(current: PaymentStatus, wanted: PaymentStatus) -> None:
    if wanted.value in EXPECTED[current.value]:
        check_transition(current, wanted)
    else:
        with pytest.raises(WrongState) as refused:
            check_transition(current, wanted)
        assert refused.value.details == {"status": current.value, "wanted": wanted.value}


@pytest.mark.parametrize("wanted", list(RefundStatus))
@pytest.mark.parametrize("current", list(RefundStatus))
def test_refund_transition(current: RefundStatus, wanted: RefundStatus) -> None:
    assert (wanted in REFUND_ALLOWED[current]) == (wanted.value in REFUNDS[current.value])


def test_voided_payment_and_a_refund_that_succeeded_are_over() -> None:
    assert [status for status in PaymentStatus if not ALLOWED[status]] == [PaymentStatus.VOIDED]
    assert [status for status in RefundStatus if not REFUND_ALLOWED[status]] == [RefundStatus.SUCCEEDED]


def test_money_that_came_never_goes_back_to_being_asked_for() -> None:
    came = {PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED, PaymentStatus.DISPUTED}
    reached: set[PaymentStatus] = set()
    fresh = set(came)
    while fresh:
        reached |= fresh
        fresh = {wanted for status in fresh for wanted in ALLOWED[status]} - reached
    assert reached == came


def test_statuses_that_count_as_secured_and_as_online() -> None:
    assert {status.value for status in SECURED} == {"authorized", "captured", "partially_refunded"}
    assert {mode.value for mode in ONLINE} == {"prepay", "deposit", "card_hold"}
    assert PaymentMode.NONE not in ONLINE
    assert PaymentMode.AT_VENUE not in ONLINE
