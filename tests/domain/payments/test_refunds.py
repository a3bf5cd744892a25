"""How much of a payment may go back, and what the provider's answer makes of a refund."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CurrencyMismatch, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused
from domain.payments.refunds import PHASE_OF, REFUNDABLE, amount_to_refund, refund_status_of
from domain.payments.status import PaymentStatus, Phase, RefundStatus
from domain.payments.tasks import PaymentView


def paid(captured: int = 6600, refunded: int = 0, status: PaymentStatus = PaymentStatus.CAPTURED) -> PaymentView:
    return PaymentView(uuid4(), status, 6600, 0, captured, refunded, False)


def test_amount_to_refund_is_all_that_is_left_when_no_amount_is_asked() -> None:
    assert amount_to_refund(paid(refunded=600, status=PaymentStatus.PARTIALLY_REFUNDED), "JPY", None, 1000) == 5000


@given(
    captured=st.integers(1, 10**6),
    refunded=st.integers(0, 10**6),
    on_the_way=st.integers(0, 10**6),
    asked=st.integers(-5, 2 * 10**6),
)
def test_amount_to_refund_never_gives_back_more_than_was_paid(
    captured: int, refunded: int, on_the_way: int, asked: int
) -> None:
    payment = paid(captured, min(refunded, captured))
    left = captured - payment.refunded - on_the_way
    if 0 < asked <= left:
        assert amount_to_refund(payment, "JPY", Money(asked), on_the_way) == asked
    else:
        with pytest.raises(AmountRefused) as refused:
            amount_to_refund(payment, "JPY", Money(asked), on_the_way)
        assert refused.value.details == {"available": max(0, left), "currency": "JPY"}


def test_amount_to_refund_refuses_another_currency() -> None:
    with pytest.raises(CurrencyMismatch):
        amount_to_refund(paid(), "JPY", Money(100, "USD"), 0)


@pytest.mark.parametrize("status", sorted(set(PaymentStatus) - REFUNDABLE))
def test_amount_to_refund_refuses_a_payment_that_was_not_captured(status: PaymentStatus) -> None:
    with pytest.raises(WrongState):
        amount_to_refund(paid(status=status), "JPY", Money(1), 0)


def test_amount_to_refund_refuses_a_payment_that_went_back_already() -> None:
    with pytest.raises(AmountRefused):
        amount_to_refund(paid(refunded=6600, status=PaymentStatus.REFUNDED), "JPY", None, 0)


@pytest.mark.parametrize("phase", list(Phase))
def test_refund_status_and_phase_agree(phase: Phase) -> None:
    status = refund_status_of(phase)
    ended = phase in {Phase.SUCCEEDED, Phase.FAILED}
    assert PHASE_OF[status] is (phase if ended else Phase.UNKNOWN)
    assert (status is RefundStatus.PROCESSING) is not ended
