"""How much of a payment may go back, and what the provider's answer makes of a refund."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CurrencyMismatch, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused
from domain.payments.refunds import (
    PHASE_OF,
    REFUNDABLE,
    Refund,
    RefundReason,
    RefundReport,
    amount_to_refund,
    change_refund,
    may_count,
    refund_status_of,
)
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


#: More than any refund here.
PLENTY = 10**6

# -- reports of the provider -----------------------------------------------------------------------------------------


def refund(status: RefundStatus = RefundStatus.PROCESSING, **values: Any) -> Refund:
    """Of 5000 yen, known to the provider as ``re_1``."""
    plain = Refund(
        *(uuid4(), uuid4(), uuid4(), uuid4(), status, 5000, "JPY", RefundReason.CANCELLED, "c-1", "re_1", None),
        created_at=datetime(2027, 3, 1, tzinfo=UTC),
    )
    return replace(plain, **values)


@pytest.mark.parametrize("known", [RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.FAILED])
def test_change_refund_that_succeeds_sends_one_notice(known: RefundStatus) -> None:
    before = refund(known)
    change = change_refund(before, RefundReport(RefundStatus.SUCCEEDED, "re_1"), PLENTY)
    assert (change.status, change.ended, change.alerts) == (RefundStatus.SUCCEEDED, Phase.SUCCEEDED, ())
    assert [(one.dedupe_key, one.details["amount"]) for one in change.notices] == [
        (f"payment_refunded:{before.id}", 5000)
    ]
    repeated = change_refund(
        replace(before, status=change.status), RefundReport(RefundStatus.SUCCEEDED, "re_1"), PLENTY
    )
    assert (repeated.is_written, repeated.ended, repeated.notices) == (False, None, ())


def test_change_refund_that_fails_is_an_alert_and_no_notice() -> None:
    change = change_refund(refund(), RefundReport(RefundStatus.FAILED, "re_1", "lost_or_stolen_card"), PLENTY)
    assert (change.status, change.ended, change.failure_reason) == (
        RefundStatus.FAILED,
        Phase.FAILED,
        "lost_or_stolen_card",
    )
    assert [one.kind for one in change.alerts] == ["refund_failed"]
    assert change.notices == ()


def test_change_refund_that_came_back_stays_succeeded_and_is_an_alert() -> None:
    before = refund(RefundStatus.SUCCEEDED)
    change = change_refund(before, RefundReport(RefundStatus.FAILED, "re_1", "account_closed"), PLENTY)
    assert (change.status, change.is_written, change.ended) == (RefundStatus.SUCCEEDED, False, None)
    assert [one.dedupe_key for one in change.alerts] == [f"refund_came_back:{before.id}"]


def test_change_refund_over_another_amount_is_an_alert() -> None:
    same = RefundReport(RefundStatus.PROCESSING, "re_1", amount=5000)
    assert change_refund(refund(), same, PLENTY).alerts == ()
    assert [one.details["got"] for one in change_refund(refund(), replace(same, amount=4000), PLENTY).alerts] == [4000]


@pytest.mark.parametrize(("named", "written"), [(None, False), ("re_1", False), ("re_2", True)])
def test_change_refund_writes_a_new_name_at_the_provider(named: str | None, written: bool) -> None:
    change = change_refund(refund(), RefundReport(RefundStatus.PROCESSING, named), PLENTY)
    assert (change.is_written, change.ended) == (written, None)


@pytest.mark.parametrize(("left", "waits"), [(4999, True), (5000, False)])
def test_change_refund_above_the_captured_money_waits_for_the_capture(left: int, waits: bool) -> None:
    change = change_refund(refund(), RefundReport(RefundStatus.SUCCEEDED, "re_1"), left)
    assert (change.awaits_capture, change.ended is None, change.notices == ()) == (waits, waits, waits)
    assert change.is_written
    assert [one.kind for one in change.alerts] == (["refund_above_paid"] if waits else [])
    assert may_count(refund(), left) is not waits


def test_change_refund_that_waits_is_not_counted_twice_when_it_is_reported_again() -> None:
    counted = refund(RefundStatus.SUCCEEDED)
    change = change_refund(counted, RefundReport(RefundStatus.SUCCEEDED, "re_1"), 0)
    assert (change.is_written, change.awaits_capture, change.alerts) == (False, False, ())
