"""An authorization on the card that was kept, without its customer: against the sandbox with the real SDK."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.payments.status import PaymentStatus
from providers.errors import OutcomeUnknown, ProviderRefused
from providers.payments.interface import CaptureMethod, Intent
from providers.payments.stripe import StripePayments
from tests.providers.test_stripe_payments import key, pay
from tests.support.sandbox import Sandbox

P = PaymentStatus
ABOUT = {"payment_id": "p-1"}
HOUR = timedelta(hours=1)


async def held(payments: StripePayments, method: str = "pm_card_visa") -> Intent:
    """An authorized card hold."""
    return await pay(payments, method, capture=CaptureMethod.MANUAL)


def lasts(intent: Intent) -> timedelta:
    assert intent.authorized_until is not None
    return intent.authorized_until - datetime.now(UTC)


async def test_authorization_says_when_it_lapses(payments: StripePayments) -> None:
    intent = await held(payments)
    assert timedelta(days=7) - HOUR < lasts(intent) <= timedelta(days=7)
    assert (await payments.get_intent(intent.id)).authorized_until == intent.authorized_until
    assert (await payments.capture_intent(intent.id, 5000, key())).authorized_until is None


async def test_same_card_is_authorized_again(payments: StripePayments) -> None:
    old = await held(payments)
    new = await payments.reauthorize(old.id, key(), ABOUT)
    assert new.id != old.id
    assert (new.status, new.amount, new.currency, new.captured) == (P.AUTHORIZED, 5000, "JPY", 0)
    assert new.metadata["payment_id"] == "p-1"
    assert timedelta(days=4) < lasts(new) < timedelta(days=5), "a Visa card lasts shorter without its customer"
    assert (await payments.get_intent(old.id)).status is P.AUTHORIZED, "the old one is for the caller to give up"
    assert (await payments.capture_intent(new.id, 5000, key())).captured == 5000


async def test_authorization_can_be_renewed_again_and_after_it_lapsed(
    payments: StripePayments, sandbox: Sandbox
) -> None:
    first = await held(payments, "pm_card_mastercard")
    second = await payments.reauthorize(first.id, key(), ABOUT)
    await payments.cancel_intent(second.id, key())
    third = await payments.reauthorize(second.id, key(), ABOUT)
    assert len({first.id, second.id, third.id}) == 3
    assert third.status is P.AUTHORIZED
    assert lasts(third) > timedelta(days=6)
    assert sandbox.get("/sandbox/state")["objects"]["customer"] == 1, "one customer for all uses of the card"


async def test_asked_again_it_is_one_intent_even_when_the_key_is_forgotten(
    payments: StripePayments, sandbox: Sandbox
) -> None:
    old, same = await held(payments), key()
    sandbox.fault("payment_intents.create", "error_500_after_success")
    with pytest.raises(OutcomeUnknown):
        await payments.reauthorize(old.id, same, ABOUT)
    before = sandbox.get("/sandbox/state")["objects"]["payment_intent"]
    new = await payments.reauthorize(old.id, same, ABOUT)
    assert await payments.reauthorize(old.id, same, ABOUT) == new
    assert sandbox.get("/sandbox/state")["objects"]["payment_intent"] == before
    assert sandbox.get("/sandbox/state")["calls"]["payment_intents.create"] == 2, (
        "found by the card's customer, not by the key"
    )


@pytest.mark.parametrize("operation", ["customers.create", "payment_methods.attach"])
async def test_try_that_broke_off_is_gone_on_with(payments: StripePayments, sandbox: Sandbox, operation: str) -> None:
    old, same = await held(payments), key()
    sandbox.fault(operation, "error_500_after_success")
    with pytest.raises(OutcomeUnknown):
        await payments.reauthorize(old.id, same, ABOUT)
    assert (await payments.reauthorize(old.id, same, ABOUT)).status is P.AUTHORIZED
    assert sandbox.get("/sandbox/state")["objects"]["customer"] == 1


async def test_card_that_is_declined_later_is_an_answer(payments: StripePayments) -> None:
    old, same = await held(payments, "pm_sandbox_declinedLater"), key()
    for _ in range(2):
        new = await payments.reauthorize(old.id, same, ABOUT)
        assert (new.status, new.decline_code) == (P.FAILED, "insufficient_funds")
    assert (await payments.cancel_intent(new.id, key())).status is P.VOIDED
    assert (await payments.get_intent(old.id)).status is P.AUTHORIZED


async def test_bank_that_wants_to_see_the_customer_says_no(payments: StripePayments, sandbox: Sandbox) -> None:
    old = await held(payments, "pm_card_authenticationRequired")
    sandbox.post(f"/sandbox/payment_intents/{old.id}/succeed")
    new = await payments.reauthorize(old.id, key(), ABOUT)
    assert (new.status, new.decline_code) == (P.FAILED, "authentication_required")


async def test_card_that_was_not_kept_cannot_be_used_again(payments: StripePayments) -> None:
    paid = await pay(payments, capture=CaptureMethod.AUTOMATIC)
    with pytest.raises(ProviderRefused):
        await payments.reauthorize(paid.id, key(), ABOUT)
