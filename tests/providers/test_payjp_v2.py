"""What is PAY.JP v2's own: keys and their errors, PayPay, disputes, how long an authorization lasts.

The sandbox's answers have PAY.JP's published shapes: the SDK's models, generated from its OpenAPI description, read
each of them, and one that does not fit is an error here.
"""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from domain.payments.status import DisputeStatus, PaymentStatus, RefundStatus
from providers.errors import OutcomeUnknown, ProviderRefused
from providers.payments.interface import CaptureMethod, WebhookEvent
from providers.payments.payjp_v2 import PayjpV2Payments
from providers.payments.payjp_v2_objects import event_of, intent_of
from tests.providers.adapters import RETURN_URL, AdapterCase, new_key
from tests.support.sandbox import ROOT, Receiver, Sandbox

P = PaymentStatus


@pytest.fixture
def tested(payjp_v2: PayjpV2Payments, sandbox: Sandbox) -> AdapterCase:
    return AdapterCase(payjp_v2, sandbox)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("idempotency_timeout", "idempotency_timeout"), ("idempotency_down", "idempotency_infrastructure_error")],
)
async def test_key_that_pay_jp_cannot_answer_for_is_asked_again(tested: AdapterCase, fault: str, reason: str) -> None:
    held, key = await tested.pay(capture=CaptureMethod.MANUAL), new_key()
    tested.sandbox.fault(tested.operation("capture"), fault)
    with pytest.raises(OutcomeUnknown) as unknown:
        await tested.adapter.capture_intent(held.id, 5000, key)
    assert (unknown.value.reason, unknown.value.replayed) == (reason, False)
    assert (await tested.adapter.capture_intent(held.id, 5000, key)).captured == 5000


async def test_idempotency_key_with_another_request_is_refused(tested: AdapterCase) -> None:
    paid, key = await tested.pay(), new_key()
    await tested.adapter.create_refund(paid.id, 2000, key, {"refund_id": "r-1"})
    with pytest.raises(ProviderRefused) as refused:
        await tested.adapter.create_refund(paid.id, 1000, key, {"refund_id": "r-1"})
    assert refused.value.reason == "idempotency_conflict"


async def test_key_of_any_length_and_character_is_taken(tested: AdapterCase) -> None:
    paid = await tested.pay()
    long = f"{'a' * 300}:refund:2"
    for key in ("a:b", "ありがとう", long):
        await tested.adapter.create_refund(paid.id, 100, key, {})
    await tested.adapter.create_refund(paid.id, 100, long, {})
    assert (await tested.adapter.get_intent(paid.id)).refunded == 300


async def test_paypay_is_confirmed_by_the_browser(tested: AdapterCase) -> None:
    intent = await tested.open()
    with pytest.raises(ProviderRefused):
        await tested.adapter.confirm_intent(intent.id, "pm_paypay_1", RETURN_URL, new_key())
    body = {"payment_method_id": "pm_paypay_1", "return_url": RETURN_URL}
    tested.sandbox.post(f"/sandbox/payjp/payment_flows/{intent.id}/confirm", body)
    asked = await tested.adapter.get_intent(intent.id)
    assert (asked.status, asked.action_url is not None) == (P.REQUIRES_PAYMENT, True)
    tested.answer(str(asked.action_url), "authorize")
    assert (await tested.adapter.get_intent(intent.id)).captured == 5000


async def test_paypay_is_not_offered_where_the_money_is_taken_later(tested: AdapterCase) -> None:
    intent = await tested.open(CaptureMethod.MANUAL)
    body = {"payment_method_id": "pm_paypay_1", "return_url": RETURN_URL}
    url = f"{tested.sandbox.url}/sandbox/payjp/payment_flows/{intent.id}/confirm"
    assert tested.sandbox.http.post(url, json=body).json()["error"] == "invalid_payment_method_type"


async def test_authorization_lasts_longer_where_the_card_allows_it(tested: AdapterCase) -> None:
    held = await tested.pay(capture=CaptureMethod.MANUAL)
    assert held.authorized_until is not None
    assert held.authorized_until - datetime.now(UTC) > timedelta(days=29)


async def test_authorization_without_an_end_lasts_seven_days() -> None:
    raw = {
        **{"id": "pfw_1", "status": "requires_capture", "amount": 5000, "currency": "jpy", "amount_received": 0},
        **{"expired_at": None, "updated_at": "2026-11-29T03:00:00Z", "metadata": {}},
    }
    assert intent_of(raw).authorized_until == datetime(2026, 12, 6, 3, tzinfo=UTC)


@pytest.mark.parametrize(("end", "status"), [("won", DisputeStatus.WON), ("lost", DisputeStatus.LOST)])
async def test_dispute_is_received_from_its_opening_to_its_end(
    tested: AdapterCase, receiver: Receiver, end: str, status: DisputeStatus
) -> None:
    paid = await tested.pay()
    dispute = tested.sandbox.post("/sandbox/payjp/disputes", {"payment_flow_id": paid.id})
    assert (await tested.adapter.get_intent(paid.id)).status is P.DISPUTED
    tested.sandbox.post(f"/sandbox/payjp/disputes/{dispute['id']}/{end}")

    def disputes() -> dict[DisputeStatus, WebhookEvent]:
        events = [tested.adapter.parse_webhook(took.body, took.headers) for took in receiver.received]
        return {event.dispute.status: event for event in events if event.dispute}

    await receiver.wait_until(lambda: {DisputeStatus.OPEN, status} <= set(disputes()))
    received = disputes()[status]
    assert (received.intent_id, received.dispute and received.dispute.amount) == (paid.id, 5000)
    due_at = disputes()[DisputeStatus.OPEN].dispute.due_at  # type: ignore[union-attr]
    assert due_at is not None
    assert timedelta(days=6) < due_at - datetime.now(UTC) <= timedelta(days=7)
    found = await tested.adapter.get_intent(paid.id)
    assert found.status is (P.CAPTURED if end == "won" else P.DISPUTED)


async def test_refund_that_ends_later_is_pending_until_then(tested: AdapterCase) -> None:
    paid = await tested.pay("slow-refund")
    made = await tested.adapter.create_refund(paid.id, 5000, new_key(), {"refund_id": "r-1"})
    assert made.status is RefundStatus.PROCESSING
    tested.sandbox.post(f"/sandbox/payjp/refunds/{made.id}/succeed")
    assert (await tested.adapter.get_refund(made.id)).status is RefundStatus.SUCCEEDED


async def test_refund_that_fails_gives_its_amount_back_to_the_flow(tested: AdapterCase) -> None:
    paid = await tested.pay("refund-fails")
    made = await tested.adapter.create_refund(paid.id, 5000, new_key(), {"refund_id": "r-1"})
    failed = await tested.adapter.get_refund(made.id)
    assert (failed.status, failed.failure_reason) == (RefundStatus.FAILED, "failed")
    assert (await tested.adapter.get_intent(paid.id)).refunded == 0


async def test_confirmations_at_once_take_once(tested: AdapterCase) -> None:
    intent, card = await tested.open(), tested.card("good")
    confirming = (tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key()) for _ in range(2))
    answers = await asyncio.gather(*confirming, return_exceptions=True)
    assert any(not isinstance(answer, BaseException) and answer.captured == 5000 for answer in answers)
    assert (await tested.adapter.get_intent(intent.id)).captured == 5000


@pytest.mark.parametrize("kind", ["payment_flow.created", "payment_flow.requires_action", "a.type.of.tomorrow"])
def test_event_of_another_type_is_only_stored(kind: str) -> None:
    data = {"object": "payment_flow", "id": "pfw_1", "status": "requires_action", "amount": 1, "currency": "jpy"}
    event = event_of({"id": "evt_1", "type": kind, "created_at": "2026-11-29T03:00:00Z", "data": data})
    assert (event.intent, event.refund, event.dispute) == (None, None, None)


def test_sdk_is_not_imported_before_the_first_call() -> None:
    build = "from providers.payments.registry import payment_providers; payment_providers(Settings())"
    code = f"import sys; from runtime.settings import Settings; {build}; print('payjpv2' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
