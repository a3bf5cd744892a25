"""What is PAY.JP v1's own: without idempotency keys a repeat looks first, and what stays unknown is not repeated."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.payments.status import PaymentStatus, RefundStatus
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from providers.payments.interface import CaptureMethod
from providers.payments.payjp_v1 import PayjpV1Payments
from providers.payments.payjp_v1_objects import event_of, intent_of_charge
from tests.providers.adapters import RETURN_URL, AdapterCase, new_key
from tests.support.sandbox import Receiver, Sandbox

P = PaymentStatus
MANUAL = CaptureMethod.MANUAL
NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)


@pytest.fixture
def tested(payjp_v1: PayjpV1Payments, sandbox: Sandbox) -> AdapterCase:
    return AdapterCase(payjp_v1, sandbox)


def charges(tested: AdapterCase) -> list[dict[str, Any]]:
    """All charges that PAY.JP has."""
    url = f"{tested.sandbox.url}/payjp/v1/charges"
    key = tested.sandbox.settings().payjp_api_key.get_secret_value()
    listed: list[dict[str, Any]] = tested.sandbox.http.get(url, params={"limit": 100}, auth=(key, "")).json()["data"]
    return listed


@pytest.mark.parametrize("fault", ["timeout_after_success", "error_500_after_success"])
async def test_charge_whose_answer_was_lost_is_found_and_not_made_again(tested: AdapterCase, fault: str) -> None:
    intent, card = await tested.open(), tested.card("good")
    tested.sandbox.fault("payjp_v1.charges.create", fault)
    with pytest.raises(OutcomeUnknown):
        await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    asked = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    assert asked.action_url is not None
    tested.answer(asked.action_url, "authorize")
    paid = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    assert (paid.captured, len(charges(tested))) == (5000, 1)


@pytest.mark.parametrize("fault", ["timeout_after_success", "error_500_after_success"])
async def test_finish_whose_answer_was_lost_took_the_money_once(tested: AdapterCase, fault: str) -> None:
    intent, card = await tested.open(), tested.card("good")
    asked = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    tested.answer(str(asked.action_url), "authorize")
    tested.sandbox.fault("payjp_v1.charges.tds_finish", fault)
    with pytest.raises(OutcomeUnknown):
        await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    assert (await tested.adapter.get_intent(intent.id)).captured == 5000
    again = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    assert (again.captured, tested.calls("confirm")) == (5000, 1)
    assert sum(charge["paid"] for charge in charges(tested)) == 1


async def test_intent_takes_nothing_before_the_customer_is_authenticated(tested: AdapterCase) -> None:
    intent, card = await tested.open(), tested.card("challenge")
    for _ in range(3):
        asked = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
        assert (asked.captured, asked.action_url is not None) == (0, True)
    assert [charge["paid"] for charge in charges(tested)] == [False]


async def test_intent_with_another_card_leaves_the_first_charge_unpaid(tested: AdapterCase) -> None:
    intent = await tested.open()
    first = await tested.adapter.confirm_intent(intent.id, tested.card("challenge"), RETURN_URL, new_key())
    card = tested.card("good")
    second = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    for asked in (first, second):
        tested.answer(str(asked.action_url), "authorize")
    paid = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    assert paid.captured == 5000
    assert sorted(charge["paid"] for charge in charges(tested)) == [False, True]


async def test_card_that_was_used_before_is_used_again(tested: AdapterCase) -> None:
    intent = await tested.open()
    for kind in ("declined", "good", "declined"):
        card = tested.card(kind)
        asked = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
        if kind == "good":
            continue  # The customer turned back.
        tested.answer(str(asked.action_url), "authorize")
        refused = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
        assert (refused.status, refused.decline_code) == (P.FAILED, "card_declined")


async def test_closed_intent_is_not_finished(tested: AdapterCase) -> None:
    intent, card = await tested.open(), tested.card("good")
    asked = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    tested.answer(str(asked.action_url), "authorize")
    await tested.adapter.cancel_intent(intent.id, new_key())
    with pytest.raises(ProviderRefused):
        await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    assert [charge["paid"] for charge in charges(tested)] == [False]


@pytest.mark.parametrize(("kind", "days"), [("good", 60), ("foreign", 7)])
async def test_authorization_lasts_by_where_the_card_is_from(tested: AdapterCase, kind: str, days: int) -> None:
    intent, card = await tested.open(MANUAL), "tok_foreign_1" if kind == "foreign" else tested.card(kind)
    asked = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    tested.answer(str(asked.action_url), "authorize")
    held = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    assert held.authorized_until is not None
    assert timedelta(days=days - 1) < held.authorized_until - datetime.now(UTC) <= timedelta(days=days)


async def test_renewal_whose_answer_was_lost_is_found_by_its_metadata(tested: AdapterCase) -> None:
    held, key = await tested.pay(capture=MANUAL), new_key()
    tested.sandbox.fault("payjp_v1.charges.create", "timeout_after_success")
    with pytest.raises(OutcomeUnknown):
        await tested.adapter.reauthorize(held.id, key, {"payment_id": "p-2"})
    renewed = await tested.adapter.reauthorize(held.id, key, {"payment_id": "p-2"})
    assert (renewed.status, len(charges(tested))) == (P.AUTHORIZED, 2)


async def test_renewal_that_is_not_seen_is_never_asked_for_again(tested: AdapterCase) -> None:
    held, key = await tested.pay(capture=MANUAL), new_key()
    tested.sandbox.fault("payjp_v1.charges.create", "error_500")
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            await tested.adapter.reauthorize(held.id, key, {})
    assert tested.calls("confirm") == 2  # The first authorization, and the renewal once.


async def test_renewal_that_was_not_sent_is_asked_for_again(tested: AdapterCase) -> None:
    held, key = await tested.pay(capture=MANUAL), new_key()
    tested.sandbox.fault("payjp_v1.charges.create", "rate_limited")
    with pytest.raises(ProviderUnavailable):
        await tested.adapter.reauthorize(held.id, key, {})
    assert (await tested.adapter.reauthorize(held.id, key, {})).status is P.AUTHORIZED


async def test_refund_that_is_not_seen_is_never_asked_for_again_until_a_person_made_it(
    tested: AdapterCase,
) -> None:
    paid = await tested.pay()
    tested.sandbox.fault("payjp_v1.charges.refund", "error_500")
    asked = {"refund_id": "r-1"}
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            await tested.adapter.create_refund(paid.id, 2000, new_key(), asked)
        with pytest.raises(OutcomeUnknown):
            await tested.adapter.find_refund(paid.id, "r-1")
    with pytest.raises(ProviderUnavailable):
        await tested.adapter.create_refund(paid.id, 100, new_key(), {"refund_id": "r-2"})
    assert tested.calls("refund") == 1
    key = tested.sandbox.settings().payjp_api_key.get_secret_value()
    url = f"{tested.sandbox.url}/payjp/v1/charges/{charges(tested)[0]['id']}/refund"
    assert tested.sandbox.http.post(url, data={"amount": "2000"}, auth=(key, "")).status_code == 200
    found = await tested.adapter.find_refund(paid.id, "r-1")
    assert (found and found.amount, found and found.status) == (2000, RefundStatus.SUCCEEDED)
    assert (await tested.adapter.create_refund(paid.id, 100, new_key(), {"refund_id": "r-2"})).amount == 100


async def test_refunds_at_once_are_both_made_and_not_confused(tested: AdapterCase) -> None:
    paid = await tested.pay()

    async def until_made(refund_id: str, amount: int) -> int:
        while True:
            try:
                made = await tested.adapter.create_refund(paid.id, amount, new_key(), {"refund_id": refund_id})
            except ProviderUnavailable:
                await asyncio.sleep(0.01 * amount / 1000)
            else:
                return made.amount

    assert await asyncio.gather(until_made("r-1", 1000), until_made("r-2", 3000)) == [1000, 3000]
    assert (await tested.adapter.get_intent(paid.id)).refunded == 4000
    assert tested.calls("refund") == 2


async def test_refund_after_a_partial_capture_counts_what_was_taken(tested: AdapterCase) -> None:
    held = await tested.pay(capture=MANUAL)
    await tested.adapter.capture_intent(held.id, 3000, new_key())
    with pytest.raises(ProviderRefused):
        await tested.adapter.create_refund(held.id, 3001, new_key(), {"refund_id": "r-1"})
    await tested.adapter.create_refund(held.id, 3000, new_key(), {"refund_id": "r-1"})
    found = await tested.adapter.get_intent(held.id)
    assert (found.status, found.captured, found.refunded) == (P.REFUNDED, 3000, 3000)


async def test_refund_by_hand_is_received_without_an_id_of_ours(tested: AdapterCase, receiver: Receiver) -> None:
    paid = await tested.pay()
    await tested.adapter.create_refund(paid.id, 1000, new_key(), {"refund_id": "r-1"})
    key = tested.sandbox.settings().payjp_api_key.get_secret_value()
    url = f"{tested.sandbox.url}/payjp/v1/charges/{charges(tested)[0]['id']}/refund"
    tested.sandbox.http.post(url, data={"amount": "500"}, auth=(key, "")).raise_for_status()

    def refunds() -> list[tuple[int, str | None]]:
        events = [tested.adapter.parse_webhook(took.body, took.headers) for took in receiver.received]
        return sorted((e.refund.amount, e.refund.metadata.get("refund_id")) for e in events if e.refund)

    await receiver.wait_until(lambda: len(refunds()) == 2)
    assert refunds() == [(500, None), (1000, "r-1")]


def test_authorization_that_lapsed_is_void() -> None:
    charge = {
        **{"id": "ch_1", "amount": 5000, "currency": "jpy", "paid": True, "captured": False, "refunded": False},
        **{"expired_at": int(NOW.timestamp()), "metadata": {}, "customer": None, "amount_refunded": 0},
    }
    assert intent_of_charge(charge, NOW).status is P.VOIDED
    assert intent_of_charge(charge, NOW - timedelta(seconds=1)).status is P.AUTHORIZED


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("charge.updated", {"object": "charge", "id": "ch_1"}),
        ("customer.created", {"object": "customer", "id": "omo_1"}),
        ("a.type.of.tomorrow", {"object": "thing"}),
    ],
)
def test_event_of_another_type_is_only_stored(kind: str, data: dict[str, Any]) -> None:
    event = event_of({"id": "evnt_1", "type": kind, "created": 1, "data": data}, NOW)
    assert (event.intent, event.refund, event.dispute) == (None, None, None)
