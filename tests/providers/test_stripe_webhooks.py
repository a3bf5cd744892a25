"""Webhooks: what they say, that a forged one is refused, and that a real one arrives whatever happens on the way."""

import asyncio
import hashlib
import hmac
import json
import time

import pytest

from domain.errors import ForgedWebhook
from domain.payments.status import DisputeStatus, PaymentStatus, RefundStatus
from providers.payments.interface import CaptureMethod, WebhookEvent
from providers.payments.stripe import StripePayments
from tests.providers.test_stripe_payments import key, new_intent, pay
from tests.support.sandbox import Received, Receiver, Sandbox

SECRET = "whsec_sandbox"
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1_700_000_000,
        "data": {
            "object": {
                "id": "pi_1",
                "object": "payment_intent",
                "status": "succeeded",
                "amount": 5000,
                "amount_received": 5000,
                "currency": "jpy",
                "metadata": {"booking_id": "予約"},
            }
        },
    },
    ensure_ascii=False,
).encode()


def signed(body: bytes, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    """Stripe's signature, written down here once more so that the sandbox's own is not what proves it."""
    moment = int(at if at is not None else time.time())
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={moment},v1={digest}"}


def parse(payments: StripePayments, received: Received) -> WebhookEvent:
    return payments.parse_webhook(received.body, received.headers)


async def test_genuine_webhook_is_read(payments: StripePayments) -> None:
    event = payments.parse_webhook(BODY, signed(BODY))
    assert (event.id, event.type, event.created) == ("evt_1", "payment_intent.succeeded", 1_700_000_000)
    assert event.intent_id == "pi_1"
    assert event.intent is not None
    assert (event.intent.status, event.intent.captured) == (PaymentStatus.CAPTURED, 5000)
    assert event.intent.metadata == {"booking_id": "予約"}
    assert (event.refund, event.dispute) == (None, None)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY, {}),
        (BODY, {"stripe-signature": ""}),
        (BODY, {"stripe-signature": "nonsense"}),
        (BODY, {"stripe-signature": f"t={int(time.time())}"}),
        (BODY, signed(BODY, secret="whsec_other")),
        (BODY.replace(b"5000", b"9000"), signed(BODY)),
        (BODY + b" ", signed(BODY)),
        (b"\xff\xfe", signed(b"\xff\xfe")),
        (b"{}", signed(b"{}")),
        (b"[1]", signed(b"[1]")),
        (b"no json", signed(b"no json")),
    ],
    ids=["none", "empty", "nonsense", "no v1", "secret", "altered", "longer", "bytes", "shape", "list", "text"],
)
async def test_webhook_with_any_other_signature_is_forged(
    payments: StripePayments, body: bytes, headers: dict[str, str]
) -> None:
    with pytest.raises(ForgedWebhook):
        payments.parse_webhook(body, headers)


async def test_webhook_is_good_for_the_tolerance_and_no_longer(payments: StripePayments) -> None:
    now = time.time()
    assert payments.parse_webhook(BODY, signed(BODY, now - 280)).id == "evt_1"
    with pytest.raises(ForgedWebhook):
        payments.parse_webhook(BODY, signed(BODY, now - 310))


async def test_type_that_we_do_not_apply_is_only_named(payments: StripePayments) -> None:
    raw = json.loads(BODY) | {"type": "payment_intent.created"}
    body = json.dumps(raw).encode()
    event = payments.parse_webhook(body, signed(body))
    assert (event.type, event.intent_id) == ("payment_intent.created", "pi_1")
    assert (event.intent, event.refund, event.dispute) == (None, None, None)


async def test_refund_of_something_else_is_only_named(payments: StripePayments) -> None:
    refund = {"id": "re_1", "object": "refund", "status": "succeeded", "amount": 1, "payment_intent": None}
    raw = json.loads(BODY) | {"type": "refund.updated", "data": {"object": refund}}
    body = json.dumps(raw).encode()
    event = payments.parse_webhook(body, signed(body))
    assert (event.intent_id, event.refund) == (None, None)


async def test_payment_is_received(payments: StripePayments, receiver: Receiver) -> None:
    intent = await pay(payments)
    [received] = await receiver.wait(1)
    event = parse(payments, received)
    assert received.path == "/stripe"
    assert (event.type, event.intent_id) == ("payment_intent.succeeded", intent.id)
    assert event.intent is not None
    assert event.intent.metadata == {"booking_id": "b-1"}


async def test_webhooks_come_for_every_step_that_we_apply(
    payments: StripePayments, receiver: Receiver, sandbox: Sandbox
) -> None:
    held = await pay(payments, capture=CaptureMethod.MANUAL)
    await payments.capture_intent(held.id, 3000, key())
    await payments.create_refund(held.id, 1000, key(), {"refund_id": "r-1"})
    await pay(payments, "pm_card_chargeDeclined")
    await pay(payments, "pm_sandbox_processing")
    closed = await new_intent(payments)
    await payments.cancel_intent(closed.id, key())
    disputed = await pay(payments, "pm_card_createDispute")
    events = [parse(payments, one) for one in await receiver.wait(9)]
    by_type = {event.type: event for event in events}
    statuses = {name: event.intent.status for name, event in by_type.items() if event.intent}
    assert statuses == {
        "payment_intent.amount_capturable_updated": PaymentStatus.AUTHORIZED,
        "payment_intent.succeeded": PaymentStatus.CAPTURED,
        "charge.refunded": PaymentStatus.PARTIALLY_REFUNDED,
        "payment_intent.payment_failed": PaymentStatus.FAILED,
        "payment_intent.processing": PaymentStatus.PROCESSING,
        "payment_intent.canceled": PaymentStatus.VOIDED,
    }
    back = by_type["charge.refunded"].intent
    assert back is not None
    assert (back.id, back.amount, back.captured, back.refunded) == (held.id, 5000, 3000, 1000)
    refund = by_type["refund.created"].refund
    assert refund is not None
    assert (refund.intent_id, refund.amount, refund.status) == (held.id, 1000, RefundStatus.SUCCEEDED)
    assert refund.metadata == {"refund_id": "r-1"}
    opened = by_type["charge.dispute.created"]
    assert opened.dispute is not None
    assert (opened.intent_id, opened.dispute.status) == (disputed.id, DisputeStatus.OPEN)
    assert opened.dispute.amount == 5000
    sandbox.post(f"/sandbox/disputes/{opened.dispute.id}/won")
    closed_event = parse(payments, (await receiver.wait(10))[-1])
    assert closed_event.type == "charge.dispute.closed"
    assert closed_event.dispute is not None
    assert closed_event.dispute.status is DisputeStatus.WON


async def test_failed_refund_is_received(payments: StripePayments, receiver: Receiver) -> None:
    intent = await pay(payments, "pm_card_refundFail")
    await payments.create_refund(intent.id, 5000, key(), {})
    events = [parse(payments, one) for one in await receiver.wait(5)]
    [failed] = [event.refund for event in events if event.type == "refund.failed"]
    assert failed is not None
    assert (failed.status, failed.failure_reason) == (RefundStatus.FAILED, "lost_or_stolen_card")


async def test_webhook_comes_again_until_it_is_taken(payments: StripePayments, receiver: Receiver) -> None:
    receiver.statuses = [500, 503, 404]
    await pay(payments)
    received = await receiver.wait(4)
    assert len({one.body for one in received}) == 1
    assert [parse(payments, one).type for one in received] == ["payment_intent.succeeded"] * 4


async def test_taken_webhook_does_not_come_again(
    payments: StripePayments, receiver: Receiver, sandbox: Sandbox
) -> None:
    await pay(payments)
    await receiver.wait(1)
    async with asyncio.timeout(30):
        while sandbox.get("/sandbox/state")["webhooks_pending"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    [delivery] = sandbox.get("/sandbox/deliveries")["deliveries"]
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
    assert len(receiver.received) == 1


async def test_duplicate_has_the_same_event_id(payments: StripePayments, receiver: Receiver, sandbox: Sandbox) -> None:
    sandbox.fault("webhook", "duplicate")
    await pay(payments)
    first, second = [parse(payments, one) for one in await receiver.wait(2)]
    assert first == second


async def test_reordered_webhook_comes_after_the_next(
    payments: StripePayments, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.fault("webhook", "reorder", event_type="payment_intent.succeeded")
    intent = await pay(payments)
    await payments.create_refund(intent.id, 5000, key(), {})
    events = [parse(payments, one) for one in await receiver.wait(3)]
    assert events[0].type != "payment_intent.succeeded"
    assert {event.type for event in events} == {"payment_intent.succeeded", "refund.created", "charge.refunded"}


async def test_late_webhook_comes_late(payments: StripePayments, receiver: Receiver, sandbox: Sandbox) -> None:
    for seconds in (0.7, 5, 20):  # longer where the machine is slow
        receiver.received.clear()
        sandbox.fault("webhook", "late", seconds=seconds)
        began = time.monotonic()
        late, other = await pay(payments), await pay(payments)
        in_time = time.monotonic() - began < seconds / 2
        events = [parse(payments, one) for one in await receiver.wait(2, seconds=60)]
        assert time.monotonic() - began >= seconds
        if in_time:
            assert [event.intent_id for event in events] == [other.id, late.id]
            return
    pytest.fail("two payments took ten seconds")


async def test_dropped_webhook_comes_when_it_is_sent_again(
    payments: StripePayments, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.fault("webhook", "drop")
    lost = await pay(payments)
    found = await pay(payments)
    assert parse(payments, (await receiver.wait(1))[0]).intent_id == found.id
    [dropped] = [one for one in sandbox.get("/sandbox/deliveries")["deliveries"] if one["state"] == "dropped"]
    sandbox.post(f"/sandbox/events/{dropped['event_id']}/resend")
    assert parse(payments, (await receiver.wait(2))[1]).intent_id == lost.id
