"""Opening and confirming a payment: no double charge after repeats and crashes, and nothing for other people."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from fastapi import FastAPI

from api.http.envelope import Envelope
from api.v1.payments.payments.schemas import ConfirmedRead, IntentRead
from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX, Clock, error_of
from tests.api.payments.payment_requests import apply_events, confirm, held, intent, opened, paid
from tests.api.salon import WRITTEN, StaffedSalon, counted, keyed, staffed_salon
from tests.support import data
from tests.support.sandbox import Sandbox


async def status_of(pool: Pool, payment_id: str) -> str:
    [row] = await data.rows(pool, "SELECT status FROM booking_payments WHERE id = CAST(:id AS uuid)", id=payment_id)
    return str(row["status"])


async def test_intent_is_opened_once_over_what_is_due(salon: StaffedSalon, pool: Pool, sandbox: Sandbox) -> None:
    booking = await held(salon)
    first = await intent(salon.customer, booking, key="i-1")
    assert first.status_code == 201, first.text
    read = Envelope[IntentRead].model_validate_json(first.content, extra="forbid").data
    assert (read.amount.amount, read.amount.currency, read.status) == (6600, "JPY", "requires_payment")
    assert read.client_secret
    assert (await intent(salon.customer, booking, key="i-1")).content == first.content
    stored = await data.rows(pool, "SELECT body FROM idempotency_keys WHERE body IS NOT NULL")
    assert not any(read.client_secret.encode() in bytes(row["body"]) for row in stored)
    again = await intent(salon.customer, booking)
    assert again.json()["data"] == first.json()["data"]
    assert sandbox.get("/sandbox/state")["objects"]["payment_intent"] == 1
    [row] = await data.rows(pool, "SELECT id, provider_intent_id, client_secret FROM booking_payments")
    assert (row["id"], row["client_secret"]) == (read.payment_id, read.client_secret)
    assert row["provider_intent_id"].startswith("pi_")


async def test_create_payment_from_many_windows_opens_one_intent(salon: StaffedSalon, sandbox: Sandbox) -> None:
    booking = await held(salon)
    answers = await asyncio.gather(*(intent(salon.customer, booking) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["data"]["client_secret"] for answer in answers}) == 1
    assert sandbox.get("/sandbox/state")["objects"]["payment_intent"] == 1


async def test_paying_goes_through_the_inbox(salon: StaffedSalon, pool: Pool, sandbox: Sandbox) -> None:
    payment = await opened(salon)
    answer = await confirm(salon.customer, payment, key="p-1")
    read = Envelope[ConfirmedRead].model_validate_json(answer.content, extra="forbid").data
    assert (read.status, read.action_url) == ("captured", None)
    assert (await confirm(salon.customer, payment, key="p-1")).content == answer.content
    [event] = await data.rows(pool, "SELECT event_id, event_type, payment_id, applied_at FROM payment_webhooks")
    assert event["event_id"].startswith("confirm:")
    assert (event["event_type"], str(event["payment_id"]), event["applied_at"]) == ("confirm", payment, None)
    [event] = await data.rows(pool, "SELECT payload FROM outbox WHERE command = 'booking.payment_event'")
    assert set(event["payload"]) == {"booking_id", "business_id", "webhook_id"}
    await apply_events(pool)
    assert await status_of(pool, payment) == "captured"
    assert sandbox.get("/sandbox/state")["objects"]["charge"] == 1
    settled = await confirm(salon.customer, payment)  # by another key, from another window
    assert settled.json()["data"]["status"] == "captured"
    assert sandbox.get("/sandbox/state")["objects"]["charge"] == 1


async def test_card_hold_is_authorized(app: FastAPI, pool: Pool, clock: Clock) -> None:
    async with staffed_salon(app, pool, clock, payment_mode="card_hold") as salon:
        payment = await opened(salon)
        assert (await confirm(salon.customer, payment)).json()["data"]["status"] == "authorized"
        await apply_events(pool)
        assert await status_of(pool, payment) == "authorized"


async def test_declined_card_says_why_and_another_one_pays(salon: StaffedSalon, pool: Pool) -> None:
    payment = await opened(salon)
    before = await counted(pool, "idempotency_keys")
    for _ in range(2):
        declined = await confirm(salon.customer, payment, "pm_card_chargeDeclinedInsufficientFunds", key="p-2")
        assert error_of(declined) == (422, "payment_declined")
        assert declined.json()["error"]["details"] == {"reason": "insufficient_funds"}
    assert await counted(pool, "idempotency_keys") == before
    await apply_events(pool)
    assert await status_of(pool, payment) == "failed"
    answer = await confirm(salon.customer, payment, key="p-2")
    assert answer.json()["data"]["status"] == "captured"
    await apply_events(pool)
    assert await status_of(pool, payment) == "captured"
    unknown = await confirm(salon.customer, await opened(salon, 12), "pm_card_nobody")
    assert error_of(unknown) == (422, "payment_declined")


async def test_confirm_with_3d_secure_sends_the_customer_on(salon: StaffedSalon, pool: Pool, sandbox: Sandbox) -> None:
    payment = await opened(salon)
    answer = await confirm(salon.customer, payment, "pm_card_authenticationRequired")
    data_ = answer.json()["data"]
    assert data_["status"] == "requires_payment"
    assert data_["action_url"].startswith("http")
    assert (await counted(pool, "payment_webhooks"))["payment_webhooks"] == 0


async def test_provider_in_trouble_is_503_and_the_key_works_later(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    booking = await held(salon)
    sandbox.fault("payment_intents.create", "error_500")
    answer = await intent(salon.customer, booking, key="i-2")
    assert error_of(answer) == (503, "unavailable")
    assert "retry-after" in answer.headers
    assert answer.json()["error"]["details"]["dependency"] == "stripe"
    again = await intent(salon.customer, booking, key="i-2")
    assert again.status_code == 201
    payment = again.json()["data"]["payment_id"]
    sandbox.fault("payment_intents.confirm", "timeout_after_success", seconds=8)
    lost = await confirm(salon.customer, payment, key="p-3")
    assert error_of(lost) == (503, "unavailable")
    found = await confirm(salon.customer, payment, key="p-3")
    assert found.json()["data"]["status"] == "captured"
    state = sandbox.get("/sandbox/state")["objects"]
    assert (state["payment_intent"], state["charge"]) == (1, 1)


async def test_create_payment_checks_who_pays_and_when(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    booking = await held(salon)
    payment = (await intent(salon.customer, booking)).json()["data"]["payment_id"]
    before = await counted(pool, *WRITTEN)
    for person in (salon.owner, salon.staff, salon.assistant):
        assert error_of(await intent(person, booking)) == (403, "forbidden")
        assert error_of(await confirm(person, payment)) == (403, "forbidden")
    for answer, unknown in (
        (await intent(salon.other_owner, booking), await intent(salon.other_owner, str(uuid4()))),
        (await confirm(salon.other_owner, payment), await confirm(salon.other_owner, str(uuid4()))),
    ):
        assert error_of(answer) == error_of(unknown) == (404, "not_found")
        assert answer.json()["error"] == unknown.json()["error"]
    anonymous = await salon.nobody.post(f"{PREFIX}/payments/intent", json={"booking_id": booking}, headers=keyed())
    assert error_of(anonymous) == (401, "unauthenticated")
    bare = await salon.customer.post("/payments/intent", json={"booking_id": booking})
    assert error_of(bare) == (422, "idempotency_key_required")
    bad = await confirm(salon.customer, payment, "pm card; DROP")
    assert error_of(bad) == (422, "invalid_input")
    relative = await confirm(salon.customer, payment, return_url="javascript:alert(1)")
    assert error_of(relative) == (422, "invalid_input")
    assert await counted(pool, *WRITTEN) == before
    clock.ahead += timedelta(minutes=11)
    assert error_of(await intent(salon.customer, booking)) == (410, "gone")
    assert error_of(await confirm(salon.customer, payment)) == (410, "gone")
    assert await counted(pool, *WRITTEN) == before


async def test_staff_pay_for_a_visit_of_their_own(salon: StaffedSalon, pool: Pool) -> None:
    made = await salon.staff.post("/bookings", json=salon.booking_body(), headers=keyed())
    booking = made.json()["data"]["id"]
    assert made.json()["data"]["status"] == "pending"
    payment = (await intent(salon.staff, booking)).json()["data"]["payment_id"]
    assert error_of(await confirm(salon.owner, payment)) == (403, "forbidden")
    assert (await confirm(salon.staff, payment)).json()["data"]["status"] == "captured"


async def test_create_payment_refuses_what_needs_no_money_or_is_over(salon: StaffedSalon, pool: Pool) -> None:
    confirmed = await data.add_booking(pool, salon.ids, salon.at(10))
    assert error_of(await intent(salon.customer, str(confirmed))) == (409, "wrong_state")
    waiting = await data.add_booking(
        pool, salon.ids, salon.at(12), status="pending", needs_approval=True, hold_expires_at=salon.at(11)
    )
    assert error_of(await intent(salon.customer, str(waiting))) == (422, "rule_broken")
    assert (await counted(pool, "booking_payments"))["booking_payments"] == 0


async def test_payments_are_listed_without_their_secret(salon: StaffedSalon, pool: Pool) -> None:
    payment = await paid(salon, pool)
    [row] = await data.rows(pool, "SELECT booking_id, client_secret FROM booking_payments")
    queries = ({}, {"booking_id": str(row["booking_id"])})
    for query in queries:
        answer = await salon.customer.get("/payments", params=query)
        assert [one["id"] for one in answer.json()["data"]] == [payment], query
        assert row["client_secret"] not in answer.text
    business = {"business_id": str(salon.ids.business_id)}
    assert [one["id"] for one in (await salon.staff.get("/payments", params=business)).json()["data"]] == [payment]
    assert error_of(await salon.assistant.get("/payments", params=business)) == (403, "forbidden")
    assert (await salon.other_owner.get("/payments")).json()["data"] == []
    for query in (business, queries[1]):
        assert error_of(await salon.other_owner.get("/payments", params=query)) == (404, "not_found")
    one = await salon.customer.get(f"/payments/{payment}")
    assert one.json()["data"]["captured"] == {"amount": 6600, "currency": "JPY"}
    assert row["client_secret"] not in one.text
    theirs = await salon.other_owner.get(f"/payments/{payment}")
    unknown = await salon.other_owner.get(f"/payments/{uuid4()}")
    assert error_of(theirs) == error_of(unknown) == (404, "not_found")
    assert theirs.json()["error"] == unknown.json()["error"]
