"""Every call of the Stripe adapter and every test card, over HTTP with the real SDK."""

import uuid

import pytest
import stripe

from domain.money import Money
from domain.payments.status import PaymentStatus, RefundStatus
from providers.errors import ProviderRefused
from providers.payments.interface import CaptureMethod, Intent, IntentRequest
from providers.payments.stripe import API_VERSION, StripePayments
from tests.support.sandbox import Sandbox

RETURN_URL = "https://salon.example/done"


def key() -> str:
    return str(uuid.uuid4())


async def new_intent(
    payments: StripePayments, amount: int = 5000, capture: CaptureMethod = CaptureMethod.AUTOMATIC
) -> Intent:
    return await payments.create_intent(IntentRequest(Money(amount), capture, {"booking_id": "b-1"}), key())


async def pay(
    payments: StripePayments,
    method: str = "pm_card_visa",
    amount: int = 5000,
    capture: CaptureMethod = CaptureMethod.AUTOMATIC,
) -> Intent:
    intent = await new_intent(payments, amount, capture)
    return await payments.confirm_intent(intent.id, method, RETURN_URL, key())


async def test_intent_begins_by_waiting_for_a_card(payments: StripePayments) -> None:
    intent = await new_intent(payments)
    assert intent.status is PaymentStatus.REQUIRES_PAYMENT
    assert (intent.amount, intent.currency, intent.captured, intent.refunded) == (5000, "JPY", 0, 0)
    assert intent.metadata == {"booking_id": "b-1"}
    assert intent.client_secret is not None
    assert intent.client_secret.startswith(intent.id + "_secret_")
    assert intent.decline_code is None
    assert intent.action_url is None
    assert await payments.get_intent(intent.id) == intent


async def test_currency_with_cents_keeps_its_minor_units(payments: StripePayments) -> None:
    request = IntentRequest(Money(1234, "USD"), CaptureMethod.AUTOMATIC)
    intent = await payments.create_intent(request, key())
    assert (intent.amount, intent.currency) == (1234, "USD")


async def test_api_version_is_the_one_that_the_sdk_was_made_for() -> None:
    assert stripe.api_version == API_VERSION


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_jcb", "pm_card_jp"])
async def test_good_card_pays(payments: StripePayments, method: str) -> None:
    intent = await pay(payments, method)
    assert (intent.status, intent.captured, intent.refunded) == (PaymentStatus.CAPTURED, 5000, 0)
    assert await payments.get_intent(intent.id) == intent


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "lost_card"),
        ("pm_card_chargeDeclinedStolenCard", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
    ],
)
async def test_refused_card_is_an_answer_with_its_code(payments: StripePayments, method: str, code: str) -> None:
    intent = await pay(payments, method)
    assert (intent.status, intent.decline_code, intent.captured) == (PaymentStatus.FAILED, code, 0)
    assert await payments.get_intent(intent.id) == intent


async def test_intent_is_paid_by_another_card_after_a_refusal(payments: StripePayments) -> None:
    intent = await pay(payments, "pm_card_chargeDeclined")
    paid = await payments.confirm_intent(intent.id, "pm_card_visa", RETURN_URL, key())
    assert (paid.status, paid.decline_code) == (PaymentStatus.CAPTURED, None)


@pytest.mark.parametrize("method", ["pm_card_threeDSecure2Required", "pm_card_authenticationRequired"])
async def test_intent_with_3d_secure_sends_the_customer_away_and_back(
    payments: StripePayments, sandbox: Sandbox, method: str
) -> None:
    intent = await pay(payments, method)
    assert intent.status is PaymentStatus.REQUIRES_PAYMENT
    assert intent.action_url is not None
    page = sandbox.http.get(intent.action_url)
    assert "Succeed" in page.text
    assert "¥5,000" in page.text
    back = sandbox.http.post(intent.action_url + "/authorize")
    assert back.status_code == 303
    assert back.headers["location"].startswith(f"{RETURN_URL}?payment_intent={intent.id}&")
    assert back.headers["location"].endswith("redirect_status=succeeded")
    paid = await payments.get_intent(intent.id)
    assert (paid.status, paid.action_url) == (PaymentStatus.CAPTURED, None)


async def test_customer_who_fails_three_d_secure_has_not_paid(payments: StripePayments, sandbox: Sandbox) -> None:
    intent = await pay(payments, "pm_card_threeDSecure2Required")
    sandbox.post(f"/sandbox/payment_intents/{intent.id}/fail")
    failed = await payments.get_intent(intent.id)
    assert failed.status is PaymentStatus.FAILED
    assert failed.decline_code == "payment_intent_authentication_failure"


async def test_card_may_be_refused_after_three_d_secure(payments: StripePayments, sandbox: Sandbox) -> None:
    intent = await pay(payments, "pm_card_threeDSecureRequiredChargeDeclined")
    sandbox.post(f"/sandbox/payment_intents/{intent.id}/succeed")
    assert (await payments.get_intent(intent.id)).decline_code == "generic_decline"


@pytest.mark.parametrize(("end", "status"), [("succeed", PaymentStatus.CAPTURED), ("fail", PaymentStatus.FAILED)])
async def test_slow_payment_is_processing_until_its_end(
    payments: StripePayments, sandbox: Sandbox, end: str, status: PaymentStatus
) -> None:
    intent = await pay(payments, "pm_sandbox_processing")
    assert intent.status is PaymentStatus.PROCESSING
    sandbox.post(f"/sandbox/payment_intents/{intent.id}/{end}")
    assert (await payments.get_intent(intent.id)).status is status


async def test_authorization_waits_for_its_capture(payments: StripePayments) -> None:
    intent = await pay(payments, capture=CaptureMethod.MANUAL)
    assert (intent.status, intent.captured) == (PaymentStatus.AUTHORIZED, 0)
    captured = await payments.capture_intent(intent.id, 5000, key())
    assert (captured.status, captured.captured, captured.refunded) == (PaymentStatus.CAPTURED, 5000, 0)


async def test_part_capture_releases_the_rest_and_is_no_refund(payments: StripePayments) -> None:
    intent = await pay(payments, capture=CaptureMethod.MANUAL)
    captured = await payments.capture_intent(intent.id, 1500, key())
    assert (captured.status, captured.captured, captured.refunded) == (PaymentStatus.CAPTURED, 1500, 0)
    with pytest.raises(ProviderRefused) as refused:
        await payments.create_refund(intent.id, 1501, key(), {})
    assert refused.value.reason == "amount_too_large"
    assert (await payments.create_refund(intent.id, 1500, key(), {})).amount == 1500
    assert (await payments.get_intent(intent.id)).status is PaymentStatus.REFUNDED


@pytest.mark.parametrize("amount", [0, 5001])
async def test_capture_above_the_authorization_is_refused(payments: StripePayments, amount: int) -> None:
    intent = await pay(payments, capture=CaptureMethod.MANUAL)
    with pytest.raises(ProviderRefused):
        await payments.capture_intent(intent.id, amount, key())
    assert (await payments.get_intent(intent.id)).status is PaymentStatus.AUTHORIZED


async def test_second_capture_is_refused(payments: StripePayments) -> None:
    intent = await pay(payments, capture=CaptureMethod.MANUAL)
    await payments.capture_intent(intent.id, 5000, key())
    with pytest.raises(ProviderRefused) as refused:
        await payments.capture_intent(intent.id, 5000, key())
    assert refused.value.reason == "payment_intent_unexpected_state"


async def test_unpaid_intent_closes(payments: StripePayments) -> None:
    intent = await new_intent(payments)
    closed = await payments.cancel_intent(intent.id, key())
    assert closed.status is PaymentStatus.VOIDED
    with pytest.raises(ProviderRefused):
        await payments.confirm_intent(intent.id, "pm_card_visa", RETURN_URL, key())


async def test_authorization_is_voided(payments: StripePayments) -> None:
    intent = await pay(payments, capture=CaptureMethod.MANUAL)
    voided = await payments.cancel_intent(intent.id, key())
    assert (voided.status, voided.captured, voided.refunded) == (PaymentStatus.VOIDED, 0, 0)


async def test_cancelling_what_is_paid_gives_the_paid_intent(payments: StripePayments) -> None:
    intent = await pay(payments)
    assert await payments.cancel_intent(intent.id, key()) == intent
    await payments.create_refund(intent.id, 1000, key(), {})
    assert (await payments.cancel_intent(intent.id, key())).status is PaymentStatus.PARTIALLY_REFUNDED


async def test_cancelling_twice_gives_the_cancelled_intent(payments: StripePayments) -> None:
    intent = await new_intent(payments)
    await payments.cancel_intent(intent.id, key())
    assert (await payments.cancel_intent(intent.id, key())).status is PaymentStatus.VOIDED


async def test_payment_under_way_cannot_be_cancelled_and_says_so(payments: StripePayments) -> None:
    intent = await pay(payments, "pm_sandbox_processing")
    assert (await payments.cancel_intent(intent.id, key())).status is PaymentStatus.PROCESSING


async def test_refunds_in_parts_up_to_all(payments: StripePayments) -> None:
    intent = await pay(payments)
    first = await payments.create_refund(intent.id, 2000, key(), {"refund_id": "r-1"})
    assert (first.status, first.amount, first.intent_id) == (RefundStatus.SUCCEEDED, 2000, intent.id)
    assert first.metadata == {"refund_id": "r-1"}
    partly = await payments.get_intent(intent.id)
    assert (partly.status, partly.captured, partly.refunded) == (PaymentStatus.PARTIALLY_REFUNDED, 5000, 2000)
    await payments.create_refund(intent.id, 3000, key(), {})
    wholly = await payments.get_intent(intent.id)
    assert (wholly.status, wholly.refunded) == (PaymentStatus.REFUNDED, 5000)
    assert await payments.get_refund(first.id) == first


async def test_refund_above_the_payment_is_refused(payments: StripePayments) -> None:
    intent = await pay(payments)
    await payments.create_refund(intent.id, 4000, key(), {})
    with pytest.raises(ProviderRefused) as too_much:
        await payments.create_refund(intent.id, 1001, key(), {})
    assert too_much.value.reason == "amount_too_large"
    await payments.create_refund(intent.id, 1000, key(), {})
    with pytest.raises(ProviderRefused) as again:
        await payments.create_refund(intent.id, 1, key(), {})
    assert again.value.reason == "charge_already_refunded"
    assert (await payments.get_intent(intent.id)).refunded == 5000


async def test_refund_of_an_unpaid_intent_is_refused(payments: StripePayments) -> None:
    unpaid = await new_intent(payments)
    with pytest.raises(ProviderRefused):
        await payments.create_refund(unpaid.id, 100, key(), {})
    authorized = await pay(payments, capture=CaptureMethod.MANUAL)
    with pytest.raises(ProviderRefused):
        await payments.create_refund(authorized.id, 100, key(), {})


async def test_slow_refund_ends_later(payments: StripePayments, sandbox: Sandbox) -> None:
    intent = await pay(payments, "pm_card_pendingRefund")
    refund = await payments.create_refund(intent.id, 5000, key(), {})
    assert refund.status is RefundStatus.PROCESSING
    sandbox.post(f"/sandbox/refunds/{refund.id}/succeed")
    assert (await payments.get_refund(refund.id)).status is RefundStatus.SUCCEEDED


async def test_failed_refund_leaves_the_money_with_us(payments: StripePayments) -> None:
    intent = await pay(payments, "pm_card_refundFail")
    refund = await payments.create_refund(intent.id, 5000, key(), {})
    failed = await payments.get_refund(refund.id)
    assert (failed.status, failed.failure_reason) == (RefundStatus.FAILED, "lost_or_stolen_card")
    assert (await payments.get_intent(intent.id)).status is PaymentStatus.CAPTURED


async def test_dispute_shows_until_it_is_won(payments: StripePayments, sandbox: Sandbox) -> None:
    intent = await pay(payments, "pm_card_createDispute")
    disputed = await payments.get_intent(intent.id)
    assert (disputed.status, disputed.captured) == (PaymentStatus.DISPUTED, 5000)
    with pytest.raises(ProviderRefused) as refused:
        await payments.create_refund(intent.id, 100, key(), {})
    assert refused.value.reason == "charge_disputed"
    [dispute] = _disputes(sandbox)
    sandbox.post(f"/sandbox/disputes/{dispute}/won")
    assert (await payments.get_intent(intent.id)).status is PaymentStatus.CAPTURED


async def test_lost_dispute_stays(payments: StripePayments, sandbox: Sandbox) -> None:
    intent = await pay(payments)
    dispute = sandbox.post("/sandbox/disputes", {"payment_intent": intent.id, "amount": 3000})
    assert dispute["amount"] == 3000
    sandbox.post(f"/sandbox/disputes/{dispute['id']}/lost")
    assert (await payments.get_intent(intent.id)).status is PaymentStatus.DISPUTED


def _disputes(sandbox: Sandbox) -> list[str]:
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    found = sandbox.http.get(sandbox.url + "/v1/disputes", headers=headers).json()
    return [dispute["id"] for dispute in found["data"]]
