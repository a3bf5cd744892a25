"""What every payment provider's adapter promises, over HTTP with the real SDKs: one test for all of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from domain.errors import ForgedWebhook
from domain.money import Money
from domain.payments.dispute_evidence import EvidenceFile, EvidencePart, EvidenceTexts
from domain.payments.payouts import EntryKind, sum_differs
from domain.payments.status import PaymentStatus, RefundStatus
from domain.payments.without_card import AUTHENTICATION
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from providers.payments.interface import CaptureMethod, IntentRequest
from providers.payments.registry import LIMITS, all_entries, payment_providers, webhook_receiver
from tests.providers.adapters import CARDS, RETURN_URL, AdapterCase, new_key
from tests.support.forged import with_other_end
from tests.support.sandbox import Receiver, Sandbox

P = PaymentStatus
MANUAL = CaptureMethod.MANUAL


@pytest_asyncio.fixture(params=sorted(CARDS))
async def tested(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[AdapterCase]:
    """Every provider in turn."""
    adapters = payment_providers(sandbox.settings(provider_timeout=timedelta(seconds=2)))
    yield AdapterCase(adapters[request.param], sandbox)
    for adapter in adapters.values():
        await adapter.aclose()


def test_contract_has_every_provider(sandbox: Sandbox) -> None:
    assert set(payment_providers(sandbox.settings())) == set(CARDS) == set(LIMITS)


async def test_intent_begins_by_waiting_for_its_customer(tested: AdapterCase) -> None:
    intent = await tested.open()
    assert (intent.status, intent.amount, intent.currency) == (P.REQUIRES_PAYMENT, 5000, "JPY")
    assert (intent.captured, intent.refunded, intent.decline_code, intent.action_url) == (0, 0, None, None)
    assert intent.metadata["booking_id"] == "b-1"
    assert (await tested.adapter.get_intent(intent.id)).status is P.REQUIRES_PAYMENT


async def test_create_intent_with_one_key_makes_one_intent(tested: AdapterCase) -> None:
    request = IntentRequest(Money(5000), CaptureMethod.AUTOMATIC, {"payment_id": "p-1"})
    key = new_key()
    first = await tested.adapter.create_intent(request, key)
    assert (await tested.adapter.create_intent(request, key)).id == first.id


async def test_good_card_pays(tested: AdapterCase) -> None:
    paid = await tested.pay()
    assert (paid.status, paid.captured, paid.refunded, paid.decline_code) == (P.CAPTURED, 5000, 0, None)
    found = await tested.adapter.get_intent(paid.id)
    assert (found.status, found.captured, found.metadata["booking_id"]) == (P.CAPTURED, 5000, "b-1")


@pytest.mark.parametrize("name", ["stripe", "payjp_v2"])
async def test_renewal_that_needs_the_customer_says_so(sandbox: Sandbox, name: str) -> None:
    """The bank wants 3-D Secure, which a renewal cannot do: the customer is asked. PAY.JP v1 charges a stored card
    without it."""
    adapters = payment_providers(sandbox.settings())
    case = AdapterCase(adapters[name], sandbox)
    held = await case.pay("challenge", MANUAL)
    renewed = await case.adapter.reauthorize(held.id, new_key(), {"payment_id": "p-1"})
    assert (renewed.status, renewed.decline_code) == (P.FAILED, AUTHENTICATION)
    assert (await case.adapter.get_intent(held.id)).status is P.AUTHORIZED, "the old one lives on until its end"
    await adapters.aclose()


async def test_refused_card_is_an_answer_and_another_one_pays(tested: AdapterCase) -> None:
    refused = await tested.pay("declined")
    assert (refused.status, refused.captured) == (P.FAILED, 0)
    assert refused.decline_code
    good = tested.card("good")
    paid = await tested.adapter.confirm_intent(refused.id, good, RETURN_URL, new_key())
    if paid.action_url:
        tested.answer(paid.action_url, "authorize")
        paid = await tested.adapter.confirm_intent(refused.id, good, RETURN_URL, new_key())
    assert (paid.status, paid.captured) == (P.CAPTURED, 5000)


async def test_intent_with_3d_secure_sends_the_customer_away_and_back(tested: AdapterCase) -> None:
    intent = await tested.open()
    card = tested.card("challenge")
    asked = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    assert (asked.status, asked.captured) == (P.REQUIRES_PAYMENT, 0)
    assert asked.action_url is not None
    assert tested.answer(asked.action_url, "authorize").startswith(RETURN_URL)
    paid = await tested.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
    assert (paid.status, paid.captured, paid.action_url) == (P.CAPTURED, 5000, None)


async def test_customer_who_fails_three_d_secure_has_not_paid(tested: AdapterCase) -> None:
    intent = await tested.open()
    asked = await tested.adapter.confirm_intent(intent.id, tested.card("challenge"), RETURN_URL, new_key())
    assert asked.action_url is not None
    tested.answer(asked.action_url, "fail")
    failed = await tested.adapter.get_intent(intent.id)
    assert (failed.captured, failed.status in {P.FAILED, P.REQUIRES_PAYMENT}) == (0, True)


async def test_card_that_the_bank_refuses_after_three_d_secure_fails(tested: AdapterCase) -> None:
    failed = await tested.pay("challenge-declined") if tested.adapter.name == "payjp_v1" else None
    if failed is None:
        intent = await tested.open()
        asked = await tested.adapter.confirm_intent(intent.id, tested.card("challenge-declined"), RETURN_URL, new_key())
        assert asked.action_url is not None
        tested.answer(asked.action_url, "authorize")
        failed = await tested.adapter.get_intent(intent.id)
    assert (failed.status, failed.captured) == (P.FAILED, 0)
    assert failed.decline_code


async def test_authorization_says_how_long_it_lasts_within_the_declared_limit(tested: AdapterCase) -> None:
    held = await tested.pay(capture=MANUAL)
    assert (held.status, held.captured) == (P.AUTHORIZED, 0)
    lasts = (held.authorized_until or datetime.min.replace(tzinfo=UTC)) - datetime.now(UTC)
    assert timedelta(days=4) < lasts <= tested.adapter.limits.authorization


@pytest.mark.parametrize("amount", [5000, 1200])
async def test_capture_takes_what_was_asked_and_releases_the_rest(tested: AdapterCase, amount: int) -> None:
    held = await tested.pay(capture=MANUAL)
    taken = await tested.adapter.capture_intent(held.id, amount, new_key())
    assert (taken.status, taken.captured, taken.refunded) == (P.CAPTURED, amount, 0)
    found = await tested.adapter.get_intent(held.id)
    assert (found.status, found.captured, found.refunded) == (P.CAPTURED, amount, 0)


async def test_capture_with_one_key_takes_once(tested: AdapterCase) -> None:
    held, key = await tested.pay(capture=MANUAL), new_key()
    await tested.adapter.capture_intent(held.id, 1200, key)
    again = await tested.adapter.capture_intent(held.id, 1200, key)
    assert again.captured == 1200
    with pytest.raises(ProviderRefused):
        await tested.adapter.capture_intent(held.id, 5000, new_key())
    assert (await tested.adapter.get_intent(held.id)).captured == 1200


async def test_cancel_closes_an_unpaid_intent_and_voids_an_authorized_one(tested: AdapterCase) -> None:
    for intent in (await tested.open(), await tested.pay("declined"), await tested.pay(capture=MANUAL)):
        assert (await tested.adapter.cancel_intent(intent.id, new_key())).status is P.VOIDED
        assert (await tested.adapter.get_intent(intent.id)).status is P.VOIDED
        assert (await tested.adapter.cancel_intent(intent.id, new_key())).status is P.VOIDED


async def test_cancel_gives_a_paid_intent_back(tested: AdapterCase) -> None:
    paid = await tested.pay()
    assert (await tested.adapter.cancel_intent(paid.id, new_key())).captured == 5000


async def test_closed_intent_cannot_be_paid(tested: AdapterCase) -> None:
    intent = await tested.open()
    await tested.adapter.cancel_intent(intent.id, new_key())
    try:
        answer = await tested.adapter.confirm_intent(intent.id, tested.card("good"), RETURN_URL, new_key())
    except ProviderRefused:
        answer = await tested.adapter.get_intent(intent.id)
    assert (answer.status, answer.captured) == (P.VOIDED, 0)


async def test_reauthorize_makes_a_new_intent_once_on_the_kept_card(tested: AdapterCase) -> None:
    held, key = await tested.pay(capture=MANUAL), new_key()
    renewed = await tested.adapter.reauthorize(held.id, key, {"payment_id": "p-2"})
    assert (renewed.status, renewed.amount) == (P.AUTHORIZED, 5000)
    assert renewed.id != held.id
    assert renewed.metadata["payment_id"] == "p-2"
    assert (await tested.adapter.reauthorize(held.id, key, {"payment_id": "p-2"})).id == renewed.id
    assert (await tested.adapter.get_intent(held.id)).status is P.AUTHORIZED
    assert (await tested.adapter.cancel_intent(held.id, new_key())).status is P.VOIDED
    assert (await tested.adapter.get_intent(renewed.id)).status is P.AUTHORIZED
    assert (await tested.adapter.capture_intent(renewed.id, 5000, new_key())).captured == 5000


async def test_reauthorize_reports_that_the_bank_refused(tested: AdapterCase) -> None:
    held = await tested.pay("declined-later", MANUAL)
    refused = await tested.adapter.reauthorize(held.id, new_key(), {})
    assert (refused.status, bool(refused.decline_code)) == (P.FAILED, True)
    assert (await tested.adapter.cancel_intent(refused.id, new_key())).status is P.VOIDED


async def test_refunds_in_parts_never_exceed_what_was_taken(tested: AdapterCase) -> None:
    paid = await tested.pay()
    first = await tested.adapter.create_refund(paid.id, 2000, new_key(), {"refund_id": "r-1"})
    assert (first.status, first.amount, first.intent_id) == (RefundStatus.SUCCEEDED, 2000, paid.id)
    with pytest.raises(ProviderRefused):
        await tested.adapter.create_refund(paid.id, 3001, new_key(), {"refund_id": "r-2"})
    found = await tested.adapter.get_intent(paid.id)
    assert (found.status, found.captured, found.refunded) == (P.PARTIALLY_REFUNDED, 5000, 2000)
    second = await tested.adapter.create_refund(paid.id, 3000, new_key(), {"refund_id": "r-3"})
    assert second.id != first.id
    found = await tested.adapter.get_intent(paid.id)
    assert (found.status, found.refunded) == (P.REFUNDED, 5000)


async def test_refund_is_made_once_per_key_and_found_by_our_id(tested: AdapterCase) -> None:
    paid, key = await tested.pay(), new_key()
    made = await tested.adapter.create_refund(paid.id, 2000, key, {"refund_id": "r-1"})
    again = await tested.adapter.create_refund(paid.id, 2000, key, {"refund_id": "r-1"})
    assert again.id == made.id
    assert (await tested.adapter.get_intent(paid.id)).refunded == 2000
    found = await tested.adapter.find_refund(paid.id, "r-1")
    assert found is not None
    assert (found.id, found.amount, found.metadata["refund_id"]) == (made.id, 2000, "r-1")
    assert await tested.adapter.find_refund(paid.id, "r-9") is None
    assert (await tested.adapter.get_refund(made.id)).status is RefundStatus.SUCCEEDED


async def test_amount_beyond_the_limits_is_refused(tested: AdapterCase) -> None:
    least, most = tested.adapter.limits.amounts["JPY"]
    for amount in (least - 1, most + 1):
        assert not tested.adapter.limits.takes(Money(amount))
        request = IntentRequest(Money(amount), CaptureMethod.AUTOMATIC)
        with pytest.raises(ProviderRefused):
            await tested.adapter.create_intent(request, new_key())
    assert tested.adapter.limits.takes(Money(least))
    assert not tested.adapter.limits.takes(Money(100, "TWD"))


@pytest.mark.parametrize("fault", ["timeout_after_success", "error_500_after_success"])
async def test_capture_without_an_answer_is_unknown_and_its_repeat_takes_once(tested: AdapterCase, fault: str) -> None:
    held, key = await tested.pay(capture=MANUAL), new_key()
    tested.sandbox.fault(tested.operation("capture"), fault)
    with pytest.raises(OutcomeUnknown):
        await tested.adapter.capture_intent(held.id, 1200, key)
    assert (await tested.adapter.get_intent(held.id)).captured == 1200
    assert (await tested.adapter.capture_intent(held.id, 1200, key)).captured == 1200


@pytest.mark.parametrize("fault", ["timeout_after_success", "error_500_after_success"])
async def test_refund_without_an_answer_is_unknown_and_its_repeat_refunds_once(tested: AdapterCase, fault: str) -> None:
    paid, key = await tested.pay(), new_key()
    tested.sandbox.fault(tested.operation("refund"), fault)
    with pytest.raises(OutcomeUnknown):
        await tested.adapter.create_refund(paid.id, 2000, key, {"refund_id": "r-1"})
    assert await tested.adapter.find_refund(paid.id, "r-1") is not None
    assert (await tested.adapter.create_refund(paid.id, 2000, key, {"refund_id": "r-1"})).amount == 2000
    assert (await tested.adapter.get_intent(paid.id)).refunded == 2000


async def test_provider_that_did_nothing_is_unavailable(tested: AdapterCase) -> None:
    held = await tested.pay(capture=MANUAL)
    tested.sandbox.fault(tested.operation("capture"), "rate_limited")
    with pytest.raises(ProviderUnavailable):
        await tested.adapter.capture_intent(held.id, 5000, "k1")
    assert (await tested.adapter.capture_intent(held.id, 5000, "k1")).captured == 5000


async def test_provider_that_is_away_is_unavailable(tested: AdapterCase, sandbox: Sandbox) -> None:
    gone = sandbox.settings(stripe_base_url="http://127.0.0.1:1", payjp_base_url="http://127.0.0.1:1")
    adapters = payment_providers(gone)
    with pytest.raises(ProviderUnavailable):
        await adapters[tested.adapter.name].get_intent((await tested.open()).id)
    for adapter in adapters.values():
        await adapter.aclose()


async def test_wrong_key_is_unavailable_and_is_not_in_the_error(tested: AdapterCase, sandbox: Sandbox) -> None:
    adapters = payment_providers(sandbox.settings(stripe_api_key="sk_wrong_secret", payjp_api_key="sk_wrong_secret"))
    with pytest.raises(ProviderUnavailable) as failed:
        await adapters[tested.adapter.name].get_intent((await tested.open()).id)
    assert "sk_wrong_secret" not in repr(failed.value)
    assert failed.value.__context__ is None
    for adapter in adapters.values():
        await adapter.aclose()


async def test_payment_is_reported_by_webhook(tested: AdapterCase, receiver: Receiver) -> None:
    paid = await tested.pay()

    def has_come() -> bool:
        return any(event.intent and event.intent.captured for event in _events(tested, receiver))

    await receiver.wait_until(has_come)
    event = next(event for event in _events(tested, receiver) if event.intent and event.intent.captured)
    assert (event.intent_id, event.intent.amount, event.intent.captured) == (paid.id, 5000, 5000)
    assert event.intent.metadata["booking_id"] == "b-1"
    assert abs(event.created - datetime.now(UTC).timestamp()) < 60


async def test_refund_is_reported_by_webhook_with_our_id(tested: AdapterCase, receiver: Receiver) -> None:
    paid = await tested.pay()
    made = await tested.adapter.create_refund(paid.id, 2000, new_key(), {"refund_id": "r-1"})

    def has_come() -> bool:
        return any(event.refund for event in _events(tested, receiver))

    await receiver.wait_until(has_come)
    refund = next(event.refund for event in _events(tested, receiver) if event.refund)
    assert (refund.id, refund.intent_id, refund.amount) == (made.id, paid.id, 2000)
    assert refund.metadata["refund_id"] == "r-1"


async def test_forged_webhook_is_refused(tested: AdapterCase, receiver: Receiver) -> None:
    await tested.pay()
    took = (await receiver.wait())[0]
    proofs = {"stripe-signature", "x-payjp-webhook-token"}
    without = {name: value for name, value in took.headers.items() if name not in proofs}
    wrong = {name: with_other_end(value) if name in proofs else value for name, value in took.headers.items()}
    for headers in (without, wrong, {}):
        with pytest.raises(ForgedWebhook):
            tested.adapter.parse_webhook(took.body, headers)
    for body in (b"", b"[]", b"{}", b'{"object": "event"}'):
        with pytest.raises(ForgedWebhook):
            tested.adapter.parse_webhook(body, took.headers)


def _events(tested: AdapterCase, receiver: Receiver) -> list:
    providers = {tested.adapter.name: tested.adapter}
    found = []
    for took in receiver.received:
        if webhook_receiver(providers, took.path.strip("/"), took.body) is tested.adapter:
            found.append(tested.adapter.parse_webhook(took.body, took.headers))
    return found


async def test_list_of_intents_has_those_that_moved_money(tested: AdapterCase) -> None:
    paid, held, _ = await tested.pay(), await tested.pay(capture=MANUAL), await tested.open()
    now = datetime.now(UTC)
    page = await tested.adapter.list_intents(now - timedelta(hours=1), now + timedelta(hours=1), None)
    found = {intent.id: (intent.status, intent.captured, intent.amount) for intent in page.intents}
    assert found[paid.id] == (P.CAPTURED, 5000, 5000)
    assert found[held.id] == (P.AUTHORIZED, 0, 5000)
    assert page.cursor is None
    earlier = await tested.adapter.list_intents(now - timedelta(days=3), now - timedelta(days=2), None)
    assert earlier.intents == () or tested.adapter.name == "payjp_v1"  # the sandbox's v1 lists all


async def test_list_payouts_gives_the_bank_amount_and_its_parts(tested: AdapterCase) -> None:
    """The sum of the entries, less their fees, is what the bank gets; each payment has its fee."""
    name = tested.adapter.name
    tested.sandbox.reset()
    whole, part, held = await tested.pay(), await tested.pay(), await tested.pay(capture=MANUAL)
    await tested.adapter.capture_intent(held.id, 3000, new_key())
    await tested.adapter.create_refund(part.id, 2000, new_key(), {"refund_id": str(uuid4())})
    made = tested.sandbox.post(f"/sandbox/payouts/{name}", {})
    now = datetime.now(UTC)
    page = await tested.adapter.list_payouts(now - timedelta(hours=1), now + timedelta(hours=1), None)
    [payout] = page.payouts
    assert page.cursor is None
    assert (payout.id, payout.currency, payout.amount) == (made["id"], "JPY", made.get("amount", made.get("net")))
    entries = await all_entries(tested.adapter, payout.id)
    assert not sum_differs(payout, entries)
    paid = {entry.intent_id: entry for entry in entries if entry.kind is EntryKind.PAYMENT}
    assert {intent: entry.amount for intent, entry in paid.items()} == {whole.id: 5000, part.id: 5000, held.id: 3000}
    assert all(0 < entry.fee < entry.amount // 20 for entry in paid.values())
    refunds = [(entry.intent_id, entry.amount) for entry in entries if entry.kind is EntryKind.REFUND]
    assert refunds == [(part.id, -2000)]
    assert len({entry.id for entry in entries}) == len(entries)
    again = await tested.adapter.list_payouts(now + timedelta(hours=1), now + timedelta(hours=2), None)
    assert again.payouts == ()


async def test_list_entries_shows_what_is_missing_at_the_bank(tested: AdapterCase) -> None:
    tested.sandbox.reset()
    await tested.pay()
    made = tested.sandbox.post(f"/sandbox/payouts/{tested.adapter.name}", {"missing": 7})
    now = datetime.now(UTC)
    [payout] = (await tested.adapter.list_payouts(now - timedelta(hours=1), now + timedelta(hours=1), None)).payouts
    assert payout.id == made["id"]
    entries = await all_entries(tested.adapter, payout.id)
    assert sum(entry.net for entry in entries) - payout.amount == 7
    assert sum_differs(payout, entries)


async def test_send_evidence_is_taken_once_or_refused(tested: AdapterCase) -> None:
    """Stripe takes it, and a repeat with any key leaves it; PAY.JP's APIs take none."""
    texts = EvidenceTexts("2027-02-20", "An appointment.", "No penalty was agreed.", "History of the booking: none")
    if not tested.adapter.takes_evidence:
        with pytest.raises(ProviderRefused, match="evidence_by_hand"):
            await tested.adapter.send_evidence("dp_1", texts, [], new_key())
        return
    tested.sandbox.reset()
    paid = await tested.pay()
    dispute = tested.sandbox.post("/sandbox/disputes", {"payment_intent": paid.id})
    files = [EvidenceFile(part, b"%PDF-1.7 " + part.encode()) for part in EvidencePart]
    for _ in range(2):
        await tested.adapter.send_evidence(dispute["id"], texts, files, new_key())
    key = tested.sandbox.settings().stripe_api_key.get_secret_value()
    found = tested.sandbox.http.get(f"{tested.sandbox.url}/v1/disputes/{dispute['id']}", auth=(key, "")).json()
    assert (found["status"], found["evidence_details"]["submission_count"]) == ("under_review", 1)
    kept = tested.sandbox.http.get(f"{tested.sandbox.url}/v1/files", auth=(key, "")).json()["data"]
    assert sorted(one["filename"] for one in kept) == ["messages.pdf", "policy.pdf", "receipt.pdf"], "each once"
    tested.sandbox.post(f"/sandbox/disputes/{dispute['id']}/lost")
    another = await tested.pay()
    lost = tested.sandbox.post("/sandbox/disputes", {"payment_intent": another.id})
    tested.sandbox.post(f"/sandbox/disputes/{lost['id']}/lost")
    with pytest.raises(ProviderRefused):
        await tested.adapter.send_evidence(lost["id"], texts, [], new_key())
