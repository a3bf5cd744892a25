"""Konbini: vouchers, their end, and refunds to a bank account, over HTTP with Stripe's SDK."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.money import Money
from domain.payments.status import PaymentStatus, RefundStatus
from domain.payments.vouchers import VoucherOrder, last_second
from providers.errors import ProviderRefused
from providers.payments.interface import CaptureMethod, Intent, IntentRequest
from providers.payments.stripe import StripePayments
from tests.providers.adapters import RETURN_URL, new_key
from tests.support.sandbox import Receiver, Sandbox

P = PaymentStatus


@pytest.fixture(autouse=True)
def real_time(sandbox: Sandbox) -> Iterator[None]:
    """The stores' clock is back afterwards."""
    yield
    ahead(sandbox, timedelta(0))


def ahead(sandbox: Sandbox, by: timedelta) -> None:
    assert sandbox.http.put(f"{sandbox.url}/sandbox/konbini/clock", json={"ahead": int(by.total_seconds())}).is_success


def act(sandbox: Sandbox, intent: Intent, what: str) -> int:
    """What happens at the store; gives the status code."""
    return sandbox.http.post(f"{sandbox.url}/sandbox/konbini/{intent.id}/{what}").status_code


def order(days: int = 1, email: str = "ai@example.com") -> VoucherOrder:
    now = datetime.now(UTC)
    expires_at = last_second(now, days, now + timedelta(days=90))
    assert expires_at is not None
    return VoucherOrder(expires_at, "佐藤 愛", email)


async def voucher(payments: StripePayments, amount: int = 5000, **more: Any) -> Intent:
    request = IntentRequest(Money(amount), CaptureMethod.AUTOMATIC, {"payment_id": "p-1"})
    intent = await payments.create_intent(request, new_key())
    return await payments.make_voucher(intent.id, order(**more), new_key())


async def test_make_voucher_gives_the_codes_and_the_last_second(payments: StripePayments) -> None:
    asked = order()
    made = await voucher(payments)
    assert (made.status, made.captured, made.action_url) == (P.REQUIRES_PAYMENT, 0, None)
    assert made.voucher is not None
    assert made.voucher.expires_at == asked.expires_at
    assert [one.store for one in made.voucher.codes] == ["familymart", "lawson", "ministop", "seicomart"]
    assert all(one.payment_code.isdigit() and one.confirmation_number for one in made.voucher.codes)
    assert made.voucher.url
    assert (await payments.get_intent(made.id)).voucher == made.voucher


async def test_make_voucher_with_one_key_makes_one(payments: StripePayments) -> None:
    request = IntentRequest(Money(5000), CaptureMethod.AUTOMATIC, {})
    intent, key, asked = await payments.create_intent(request, new_key()), new_key(), order()
    first = await payments.make_voucher(intent.id, asked, key)
    assert (await payments.make_voucher(intent.id, asked, key)).voucher == first.voucher
    assert (await payments.make_voucher(intent.id, asked, new_key())).voucher != first.voucher


@pytest.mark.parametrize("amount", [119, 300_001])
async def test_make_voucher_refuses_what_no_store_takes(payments: StripePayments, amount: int) -> None:
    with pytest.raises(ProviderRefused):
        await voucher(payments, amount)


async def test_voucher_is_paid_in_its_last_second_and_not_after_it(payments: StripePayments, sandbox: Sandbox) -> None:
    first, second = await voucher(payments), await voucher(payments)
    assert first.voucher is not None
    left = first.voucher.expires_at - datetime.now(UTC)
    ahead(sandbox, left - timedelta(seconds=3))
    assert act(sandbox, first, "pay") == 200
    paid = await payments.get_intent(first.id)
    assert (paid.status, paid.captured, paid.voucher) == (P.CAPTURED, 5000, None)
    ahead(sandbox, left + timedelta(seconds=2))
    assert act(sandbox, second, "pay") == 400


async def test_slip_that_was_printed_in_time_is_paid_after_the_end(payments: StripePayments, sandbox: Sandbox) -> None:
    made = await voucher(payments)
    assert act(sandbox, made, "slip") == 200
    refused = await payments.cancel_intent(made.id, new_key())
    assert (refused.status, refused.voucher) == (P.PROCESSING, None), "nobody can stop it now"
    ahead(sandbox, timedelta(days=1, minutes=30))
    assert act(sandbox, made, "pay") == 200
    assert (await payments.cancel_intent(made.id, new_key())).status is P.CAPTURED


async def test_cancel_intent_ends_a_voucher(payments: StripePayments, sandbox: Sandbox) -> None:
    made = await voucher(payments)
    assert (await payments.cancel_intent(made.id, new_key())).status is P.VOIDED
    assert act(sandbox, made, "pay") == 400


async def test_card_ends_a_voucher_and_pays(payments: StripePayments, sandbox: Sandbox) -> None:
    made = await voucher(payments)
    paid = await payments.confirm_intent(made.id, "pm_card_visa", RETURN_URL, new_key())
    assert (paid.status, paid.captured, paid.voucher) == (P.CAPTURED, 5000, None)
    assert act(sandbox, made, "pay") == 400


async def test_voucher_that_nobody_pays_fails_an_hour_after_its_end(payments: StripePayments, sandbox: Sandbox) -> None:
    made = await voucher(payments)
    assert made.voucher is not None
    left = made.voucher.expires_at - datetime.now(UTC)
    ahead(sandbox, left + timedelta(minutes=30))
    assert (await payments.get_intent(made.id)).voucher == made.voucher
    ahead(sandbox, left + timedelta(minutes=61))
    failed = await payments.get_intent(made.id)
    assert (failed.status, failed.voucher) == (P.FAILED, None)


@pytest.mark.parametrize(
    ("email", "status"), [("succeed_immediately@test.com", P.CAPTURED), ("expire_immediately@test.com", P.FAILED)]
)
async def test_addresses_of_stripes_documentation_decide(payments: StripePayments, email: str, status: P) -> None:
    made = await voucher(payments, email=email)
    assert made.voucher is not None
    assert (await payments.get_intent(made.id)).status is status


async def test_events_bring_the_voucher_and_its_money(
    payments: StripePayments, sandbox: Sandbox, receiver: Receiver
) -> None:
    made = await voucher(payments)
    act(sandbox, made, "pay")
    await receiver.wait_until(lambda: any(b"payment_intent.succeeded" in one.body for one in receiver.received))
    events = [payments.parse_webhook(one.body, one.headers) for one in receiver.received]
    by_type = {event.type: event for event in events}
    asked, paid = by_type["payment_intent.requires_action"], by_type["payment_intent.succeeded"]
    assert asked.intent is not None
    assert (asked.intent.status, asked.intent.voucher) == (P.REQUIRES_PAYMENT, made.voucher)
    assert paid.intent is not None
    assert (paid.intent.status, paid.intent.captured, paid.intent.voucher) == (P.CAPTURED, 5000, None)


async def test_events_about_3d_secure_are_only_stored(
    payments: StripePayments, receiver: Receiver, sandbox: Sandbox
) -> None:
    request = IntentRequest(Money(5000), CaptureMethod.AUTOMATIC, {})
    intent = await payments.create_intent(request, new_key())
    await payments.confirm_intent(intent.id, "pm_card_authenticationRequired", RETURN_URL, new_key())
    await receiver.wait_until(lambda: any(b"requires_action" in one.body for one in receiver.received))
    [event] = [payments.parse_webhook(one.body, one.headers) for one in receiver.received]
    assert (event.type, event.intent) == ("payment_intent.requires_action", None)


async def test_refund_waits_for_the_customers_bank_account(payments: StripePayments, sandbox: Sandbox) -> None:
    made = await voucher(payments)
    act(sandbox, made, "pay")
    refund = await payments.create_refund(made.id, 2000, new_key(), {"refund_id": "r-1"})
    assert refund.status is RefundStatus.PROCESSING
    assert refund.answer_by is not None
    assert timedelta(days=44) < refund.answer_by - datetime.now(UTC) <= timedelta(days=45)
    assert sandbox.http.post(f"{sandbox.url}/sandbox/refund_accounts/{refund.id}/send").is_success
    pending = await payments.get_refund(refund.id)
    assert (pending.status, pending.answer_by) == (RefundStatus.PROCESSING, None)
    assert sandbox.http.post(f"{sandbox.url}/sandbox/refunds/{refund.id}/succeed").is_success
    assert (await payments.get_refund(refund.id)).status is RefundStatus.SUCCEEDED


async def test_refund_without_a_bank_account_fails_after_45_days(payments: StripePayments, sandbox: Sandbox) -> None:
    made = await voucher(payments)
    act(sandbox, made, "pay")
    refund = await payments.create_refund(made.id, 5000, new_key(), {"refund_id": "r-1"})
    assert sandbox.http.post(f"{sandbox.url}/sandbox/refund_accounts/{refund.id}/expire").is_success
    assert (await payments.get_refund(refund.id)).status is RefundStatus.FAILED
    assert (await payments.get_intent(made.id)).refunded == 0
