"""A payment provider's webhook: believed by its signature alone, stored once, answered at once."""

import json
import time
from typing import Any

import pytest
from httpx import Response

from db import payment_inbox as inbox
from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX, RoundTrips, error_of
from tests.api.payments.payment_requests import apply_events, opened, paid
from tests.api.payments.stripe_events import event, signature
from tests.api.payments.test_accounts import SECRET as ACCOUNT_SECRET
from tests.api.payments.test_accounts import account_of
from tests.api.salon import WRITTEN, StaffedSalon, counted, keyed
from tests.support import data


async def send(salon: StaffedSalon, body: bytes, headers: dict[str, str], provider: str = "stripe") -> Response:
    return await salon.nobody.post(f"{PREFIX}/payments/webhook/{provider}", content=body, headers=headers)


async def test_webhook_event_is_stored_once_and_applied_to_the_payment(salon: StaffedSalon, pool: Pool) -> None:
    payment = await opened(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id, booking_id FROM booking_payments")
    body = event(row["provider_intent_id"])
    answer = await send(salon, body, signature(body))
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == {"fresh": True}
    again = await send(salon, body, signature(body))
    assert again.json()["data"] == {"fresh": False}
    [stored] = await data.rows(pool, "SELECT event_id, intent_id, outcome FROM payment_webhooks")
    assert stored["event_id"] == f"evt_{row['provider_intent_id']}"
    [queued] = await data.rows(pool, "SELECT aggregate, payload FROM outbox WHERE command = 'booking.payment_event'")
    assert queued["aggregate"] == f"booking/{row['booking_id']}"
    assert set(queued["payload"]) == {"booking_id", "business_id", "webhook_id"}
    await apply_events(pool)
    [row] = await data.rows(pool, "SELECT status, captured FROM booking_payments WHERE id::text = :id", id=payment)
    assert row == {"status": "captured", "captured": 6600}


async def test_forged_webhook_is_refused_in_both_languages_and_leaves_nothing(salon: StaffedSalon, pool: Pool) -> None:
    body = event("pi_x")
    before = await counted(pool, *WRITTEN)
    for headers in (
        {"Content-Type": "application/json"},
        {**signature(body), "Stripe-Signature": "t=1,v1=00"},
        signature(body, secret="whsec_other"),
        signature(body, age=3600),
        signature(body + b" "),
    ):
        for language in ("ja", "en"):
            answer = await send(salon, body, {**headers, "Accept-Language": language})
            assert error_of(answer) == (400, "forged_webhook"), headers
            assert answer.json()["message"].isascii() is (language == "en")
    assert error_of(await send(salon, body, signature(body), "paypal")) == (404, "not_found")
    huge = b"[" + b" " * (2 << 20) + b"]"
    assert error_of(await send(salon, huge, signature(huge))) == (413, "too_large")
    assert await counted(pool, *WRITTEN) == before
    metrics = (await salon.nobody.get("/metrics")).text
    assert 'omotenashi_refused_webhooks_total{provider="stripe",reason="stale"} 2.0' in metrics
    assert 'omotenashi_refused_webhooks_total{provider="stripe",reason="signature"} 8.0' in metrics


async def test_webhook_event_of_an_unknown_intent_is_filed_for_a_person(salon: StaffedSalon, pool: Pool) -> None:
    body = event("pi_elsewhere")
    assert (await send(salon, body, signature(body))).status_code == 200
    [row] = await data.rows(pool, "SELECT outcome FROM payment_webhooks")
    assert row == {"outcome": "unmatched"}
    assert (await counted(pool, "attention", "outbox")) == {"attention": 1, "outbox": 0}


async def test_wrong_currency_changes_no_payment(salon: StaffedSalon, pool: Pool) -> None:
    await opened(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments")
    body = event(row["provider_intent_id"], currency="usd")
    assert (await send(salon, body, signature(body))).status_code == 200
    await apply_events(pool)
    [after] = await data.rows(pool, "SELECT status, captured FROM booking_payments")
    assert after == {"status": "requires_payment", "captured": 0}
    assert (await counted(pool, "attention"))["attention"] == 1


def payjp_event(provider: str, intent_id: str, **changed: Any) -> bytes:
    """PAY.JP's event that 6600 yen were paid."""
    if provider == "payjp_v1":
        charge = {
            **{"object": "charge", "id": intent_id, "customer": None, "amount": 6600, "currency": "jpy", "paid": True},
            **{"captured": True, "amount_refunded": 0, "metadata": {}, **changed},
        }
        content = {"object": "event", "id": f"evnt_{intent_id}", "type": "charge.succeeded", "data": charge}
        return json.dumps({**content, "created": int(time.time()), "livemode": False}).encode()
    flow = {
        **{"object": "payment_flow", "id": intent_id, "status": "succeeded", "amount": 6600, "currency": "jpy"},
        **{"amount_received": 6600, "metadata": {}, **changed},
    }
    body = {"object": "event", "id": f"evt_{intent_id}", "type": "payment_flow.succeeded", "data": flow}
    return json.dumps({**body, "created_at": "2026-11-21T01:31:00Z", "livemode": False}).encode()


async def provider_of(salon: StaffedSalon, pool: Pool) -> str:
    """Where the salon has its account."""
    sql = "SELECT payment_provider FROM businesses WHERE id = :id"
    [row] = await data.rows(pool, sql, id=salon.ids.business_id)
    return str(row["payment_provider"])


TOKEN = {"X-Payjp-Webhook-Token": "whook_sandbox", "Content-Type": "application/json"}


async def test_event_of_payjp_is_stored_once_by_its_token_alone(payjp: StaffedSalon, pool: Pool) -> None:
    body = payjp_event(await provider_of(payjp, pool), "elsewhere")
    before = await counted(pool, *WRITTEN)
    for token in ({}, {"X-Payjp-Webhook-Token": ""}, {"X-Payjp-Webhook-Token": "whook_other"}):
        headers = {"Content-Type": "application/json", **token}
        assert error_of(await send(payjp, body, headers, "payjp")) == (400, "forged_webhook")
    for unread in (b"", b"[]", b"{}", b'{"object": "event", "data": {}}'):
        assert error_of(await send(payjp, unread, TOKEN, "payjp")) == (400, "forged_webhook"), unread
    assert await counted(pool, *WRITTEN) == before
    for fresh in (True, False):
        answer = await send(payjp, body, TOKEN, "payjp")
        assert (answer.status_code, answer.json()["data"]) == (200, {"fresh": fresh})
    [row] = await data.rows(pool, "SELECT provider, outcome FROM payment_webhooks")
    assert row == {"provider": await provider_of(payjp, pool), "outcome": "unmatched"}


async def test_event_of_a_type_of_tomorrow_is_kept_and_changes_nothing(payjp: StaffedSalon, pool: Pool) -> None:
    body = payjp_event(await provider_of(payjp, pool), "other")
    body = body.replace(b"payment_flow.succeeded", b"a.type.of.tomorrow").replace(
        b"charge.succeeded", b"a.type.of.tomorrow"
    )
    assert (await send(payjp, body, TOKEN, "payjp")).status_code == 200
    [row] = await data.rows(pool, "SELECT event_type, outcome FROM payment_webhooks")
    assert row == {"event_type": "a.type.of.tomorrow", "outcome": "unmatched"}
    assert (await counted(pool, "attention", "outbox")) == {"attention": 0, "outbox": 0}


async def test_webhook_of_a_known_payment_waits_for_postgres_once(salon: StaffedSalon, pool: Pool) -> None:
    await opened(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments")
    trips = RoundTrips.of(pool)
    body = event(row["provider_intent_id"])
    for fresh in (True, False):
        await trips.count()
        trips.clear()
        answer = await send(salon, body, signature(body))
        assert answer.json()["data"] == {"fresh": fresh}
        assert await trips.count() == 1, trips.sent


async def test_webhook_at_the_address_of_an_account_waits_for_postgres_twice(salon: StaffedSalon, pool: Pool) -> None:
    """Once for the secret that verifies it."""
    account = await account_of(salon)
    await opened(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments")
    trips = RoundTrips.of(pool)
    body = event(row["provider_intent_id"])
    await send(salon, body, signature(body, ACCOUNT_SECRET), f"stripe/{account}")
    other = body.replace(b'"evt_', b'"evt_2')
    await trips.count()
    trips.clear()
    answer = await send(salon, other, signature(other, ACCOUNT_SECRET), f"stripe/{account}")
    assert answer.json()["data"] == {"fresh": True}
    assert await trips.count() == 2, trips.sent
    stored = await data.rows(
        pool, "SELECT account_id::text AS account, payment_id IS NULL AS lost FROM payment_webhooks"
    )
    assert stored == [{"account": account, "lost": False}] * 2


async def test_webhook_of_our_refund_goes_to_its_run(salon: StaffedSalon, pool: Pool) -> None:
    payment = await paid(salon, pool)
    asked = await salon.owner.post(
        f"/payments/{payment}/refund",
        json={"amount": {"amount": 600, "currency": "JPY"}, "reason": "goodwill"},
        headers=keyed(),
    )
    assert asked.status_code == 201, asked.text
    refund = asked.json()["data"]["id"]
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments")
    said = {
        **{"id": "re_1", "object": "refund", "amount": 600, "currency": "jpy", "status": "succeeded"},
        **{"payment_intent": row["provider_intent_id"], "metadata": {"refund_id": refund}},
    }
    whole = {"id": "evt_re", "object": "event", "type": "refund.updated", "created": int(time.time())}
    body = json.dumps(whole | {"data": {"object": said}}).encode()
    trips = RoundTrips.of(pool)
    assert (await send(salon, body, signature(body))).json()["data"] == {"fresh": True}
    assert await trips.count() == 1, trips.sent
    [queued] = await data.rows(pool, "SELECT aggregate, payload FROM outbox WHERE command = 'refund.event'")
    assert (queued["aggregate"], queued["payload"]["refund_id"]) == (f"refund/{refund}", refund)


async def test_webhook_is_taken_in_although_the_connection_is_broken(
    salon: StaffedSalon, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call may have worked before the connection broke: the longer way finds the event stored."""
    await opened(salon)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments")
    fetch_row = inbox.fetch_row
    worked = []

    async def broken(*arguments: Any) -> None:
        worked.append(await fetch_row(*arguments))

    monkeypatch.setattr(inbox, "fetch_row", broken)
    body = event(row["provider_intent_id"])
    assert (await send(salon, body, signature(body))).json()["data"] == {"fresh": False}
    assert [bool(one[0]) for one in worked] == [True]
    monkeypatch.undo()
    await apply_events(pool)
    [after] = await data.rows(pool, "SELECT status FROM booking_payments")
    assert after == {"status": "captured"}
