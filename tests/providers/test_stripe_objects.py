"""Stripe's statuses and amounts read into ours, shape by shape."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.payments.status import DisputeStatus, PaymentStatus, RefundStatus
from providers.payments.stripe_objects import dispute_of, event_of, intent_of, intent_of_charge, refund_of

DECLINED = {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}


def intent(status: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": status,
        "amount": 5000,
        "amount_received": 0,
        "currency": "jpy",
        "client_secret": "pi_1_secret_x",
        "latest_charge": None,
        "last_payment_error": None,
        "metadata": {},
    } | changes


def charge(**changes: Any) -> dict[str, Any]:
    return {
        "id": "ch_1",
        "object": "charge",
        "amount": 5000,
        "amount_captured": 5000,
        "amount_refunded": 0,
        "currency": "jpy",
        "disputed": False,
        "paid": True,
        "payment_intent": "pi_1",
    } | changes


PAID = {"amount_received": 5000}


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (intent("requires_payment_method"), PaymentStatus.REQUIRES_PAYMENT),
        (intent("requires_payment_method", last_payment_error=DECLINED), PaymentStatus.FAILED),
        (intent("requires_confirmation"), PaymentStatus.REQUIRES_PAYMENT),
        (intent("requires_action"), PaymentStatus.REQUIRES_PAYMENT),
        (intent("a_status_of_tomorrow"), PaymentStatus.REQUIRES_PAYMENT),
        (intent("processing"), PaymentStatus.PROCESSING),
        (intent("requires_capture"), PaymentStatus.AUTHORIZED),
        (intent("canceled"), PaymentStatus.VOIDED),
        (intent("succeeded", **PAID), PaymentStatus.CAPTURED),
        (intent("succeeded", **PAID, latest_charge="ch_1"), PaymentStatus.CAPTURED),
        (intent("succeeded", **PAID, latest_charge=charge(amount_refunded=1)), PaymentStatus.PARTIALLY_REFUNDED),
        (intent("succeeded", **PAID, latest_charge=charge(amount_refunded=5000)), PaymentStatus.REFUNDED),
        (intent("succeeded", **PAID, latest_charge=charge(disputed=True)), PaymentStatus.DISPUTED),
    ],
)
def test_status_of_an_intent(raw: dict[str, Any], status: PaymentStatus) -> None:
    assert intent_of(raw).status is status


def test_part_capture_that_is_refunded_whole_is_refunded() -> None:
    raw = intent("succeeded", amount_received=1500, latest_charge=charge(amount_captured=1500, amount_refunded=1500))
    found = intent_of(raw)
    assert (found.status, found.captured, found.refunded) == (PaymentStatus.REFUNDED, 1500, 1500)


def test_won_dispute_overrides_the_charge() -> None:
    raw = intent("succeeded", **PAID, latest_charge=charge(disputed=True))
    assert intent_of(raw, disputed=False).status is PaymentStatus.CAPTURED


def test_decline_code_falls_back_to_the_code() -> None:
    raw = intent("requires_payment_method", last_payment_error={"code": "expired_card"})
    assert intent_of(raw).decline_code == "expired_card"
    assert (
        intent_of(intent("requires_payment_method", last_payment_error=DECLINED)).decline_code == "insufficient_funds"
    )


def test_action_is_of_a_waiting_intent_alone() -> None:
    action = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example"}}
    assert intent_of(intent("requires_action", next_action=action)).action_url == "https://bank.example"
    assert intent_of(intent("requires_action", next_action={"type": "use_stripe_sdk"})).action_url is None
    assert intent_of(intent("succeeded", next_action=action)).action_url is None


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (charge(), PaymentStatus.CAPTURED),
        (charge(amount_refunded=10), PaymentStatus.PARTIALLY_REFUNDED),
        (charge(amount_refunded=5000), PaymentStatus.REFUNDED),
        (charge(disputed=True), PaymentStatus.DISPUTED),
        (charge(amount_captured=0), PaymentStatus.AUTHORIZED),
        (charge(amount_captured=0, paid=False), PaymentStatus.FAILED),
    ],
)
def test_status_by_a_charge(raw: dict[str, Any], status: PaymentStatus) -> None:
    assert intent_of_charge(raw).status is status


@pytest.mark.parametrize(
    ("status", "ours", "reason"),
    [
        ("pending", RefundStatus.PROCESSING, None),
        ("requires_action", RefundStatus.PROCESSING, None),
        ("succeeded", RefundStatus.SUCCEEDED, None),
        ("failed", RefundStatus.FAILED, "failed"),
        ("canceled", RefundStatus.FAILED, "canceled"),
    ],
)
def test_status_of_a_refund(status: str, ours: RefundStatus, reason: str | None) -> None:
    raw = {"id": "re_1", "status": status, "amount": 5, "payment_intent": {"id": "pi_1"}}
    refund = refund_of(raw)
    assert (refund.status, refund.failure_reason, refund.intent_id) == (ours, reason, "pi_1")


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("needs_response", DisputeStatus.OPEN),
        ("under_review", DisputeStatus.OPEN),
        ("warning_needs_response", DisputeStatus.OPEN),
        ("a_status_of_tomorrow", DisputeStatus.OPEN),
        ("won", DisputeStatus.WON),
        ("warning_closed", DisputeStatus.WON),
        ("prevented", DisputeStatus.WON),
        ("lost", DisputeStatus.LOST),
    ],
)
def test_status_of_a_dispute(status: str, ours: DisputeStatus) -> None:
    raw = {"id": "du_1", "status": status, "amount": 5, "currency": "jpy", "payment_intent": "pi_1"}
    dispute = dispute_of(raw)
    assert (dispute.status, dispute.reason) == (ours, "general")
    assert (dispute.due_at, dispute.fee) == (None, None)
    event = event_of(
        {"id": "evt", "type": "charge.dispute.closed", "created": 1, "data": {"object": raw | {"object": "dispute"}}}
    )
    assert event.dispute == dispute


@pytest.mark.parametrize(("due", "at"), [(0, None), (None, None), (1803859200, datetime(2027, 3, 1, tzinfo=UTC))])
def test_deadline_of_a_dispute(due: int | None, at: datetime | None) -> None:
    details = {"due_by": due, "has_evidence": False, "submission_count": 0}
    raw = {"id": "du_1", "payment_intent": "pi_1", "status": "needs_response", "amount": 6600, "currency": "jpy"}
    assert dispute_of({**raw, "evidence_details": details}).due_at == at


@pytest.mark.parametrize("what", ["created", "updated", "funds_withdrawn", "funds_reinstated", "closed"])
def test_event_of_each_type_about_a_dispute(what: str) -> None:
    raw = {"id": "du_1", "object": "dispute", "status": "needs_response", "amount": 5, "currency": "jpy"}
    about = {"payment_intent": "pi_1", "balance_transactions": [{"amount": -5, "fee": 1300}]}
    event = event_of({"id": "e", "type": f"charge.dispute.{what}", "created": 1, "data": {"object": raw | about}})
    assert event.dispute is not None
    assert event.dispute.fee == 1300


def test_fee_of_a_dispute_is_the_sum_of_its_balance_transactions() -> None:
    raw = {"id": "du_1", "payment_intent": "pi_1", "status": "won", "amount": 6600, "currency": "jpy"}
    taken, returned = {"amount": -6600, "fee": 1300}, {"amount": 6600, "fee": 0}
    assert dispute_of({**raw, "balance_transactions": [taken]}).fee == 1300
    assert dispute_of({**raw, "balance_transactions": [taken, returned]}).fee == 1300
    assert dispute_of({**raw, "balance_transactions": [taken, {"amount": 6600, "fee": -1300}]}).fee == 0
