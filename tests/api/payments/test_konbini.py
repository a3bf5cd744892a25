"""Payment at a convenience store, from the owner's setting to the money, over HTTP and with the sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import Response

from activities.payments.payments import ApplyEventInput, PaymentActivities
from api.http.envelope import Envelope
from api.v1.payments.payments.schemas import ConfirmedRead, IntentRead
from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.payments.provider_events import ProviderEvent
from domain.payments.vouchers import JAPAN
from providers.payments.domain_events import intent_event
from tests.api.conftest import Clock, Person, client_of, error_of
from tests.api.payments.payment_requests import apply_events, confirm, intent
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.support import data
from tests.support.sandbox import Sandbox


@pytest.fixture
def konbini(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The stores' clock is back afterwards."""
    yield sandbox
    sandbox.http.put(f"{sandbox.url}/sandbox/konbini/clock", json={"ahead": 0})


async def offered(salon: StaffedSalon, days: int = 2) -> Response:
    """The owner's setting."""
    return await salon.owner.put(f"/owner/businesses/{salon.ids.business_id}/settings", json={"konbini_days": days})


async def booked(salon: StaffedSalon) -> str:
    """A booking in more than a week, whenever the tests run."""
    start = salon.at(10, days=7)
    answer = await salon.customer.post("/bookings", json=salon.booking_body(start), headers=keyed())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def voucher(person: Person, payment_id: str, **more: Any) -> Response:
    return await confirm(person, payment_id, "konbini", **more)


async def opened(salon: StaffedSalon) -> tuple[str, str]:
    """A booking that can be paid at a store, and its payment."""
    assert (await offered(salon)).status_code == 200
    booking = await booked(salon)
    answer = await intent(salon.customer, booking)
    assert answer.json()["data"]["methods"] == ["card", "konbini"]
    return booking, str(answer.json()["data"]["payment_id"])


async def booking_row(pool: Pool, booking: str) -> dict[str, Any]:
    [row] = await data.rows(
        pool,
        "SELECT b.status, b.hold_expires_at, min(c.holds_until) AS holds_until FROM bookings b"
        " JOIN resource_claims c ON c.booking_id = b.id WHERE b.id::text = :id GROUP BY b.id",
        id=booking,
    )
    return dict(row)


async def notices(pool: Pool, booking: str) -> list[str]:
    sql = "SELECT kind FROM notification_outbox WHERE booking_id::text = :id AND audience = 'customer' ORDER BY id"
    return [row["kind"] for row in await data.rows(pool, sql, id=booking)]


async def test_voucher_holds_the_time_until_its_last_second(salon: StaffedSalon, pool: Pool, konbini: Sandbox) -> None:
    booking, payment = await opened(salon)
    before = await booking_row(pool, booking)
    answer = await voucher(salon.customer, payment, key="v-1")
    assert answer.status_code == 200, answer.text
    read = Envelope[ConfirmedRead].model_validate_json(answer.content, extra="forbid").data
    assert (read.status, read.action_url) == ("requires_payment", None)
    assert read.voucher is not None
    local = read.voucher.expires_at.astimezone(JAPAN)
    assert (local.hour, local.minute, local.second) == (23, 59, 59)
    assert {code.store for code in read.voucher.codes} == {"familymart", "lawson", "ministop", "seicomart"}
    row = await booking_row(pool, booking)
    assert row["hold_expires_at"] == row["holds_until"] == read.voucher.expires_at + timedelta(seconds=1)
    assert row["hold_expires_at"] > before["hold_expires_at"]
    again = await voucher(salon.customer, payment, key="v-1")
    assert again.json()["data"]["voucher"] == answer.json()["data"]["voucher"]
    shown = Envelope[IntentRead].model_validate_json((await intent(salon.customer, booking)).content).data
    assert shown.voucher == read.voucher
    stored = await salon.customer.get(f"/payments/{payment}")
    assert stored.json()["data"]["voucher"] == answer.json()["data"]["voucher"]
    await apply_events(pool)
    assert (await notices(pool, booking)).count("payment_voucher") == 1


async def test_repeat_of_the_first_answer_shows_the_voucher_that_came_after_it(
    salon: StaffedSalon, konbini: Sandbox
) -> None:
    assert (await offered(salon)).status_code == 200
    booking = await booked(salon)
    first = await intent(salon.customer, booking, key="i-1")
    assert first.json()["data"]["voucher"] is None
    made = await voucher(salon.customer, first.json()["data"]["payment_id"])
    again = await intent(salon.customer, booking, key="i-1")
    assert again.json()["data"]["voucher"] == made.json()["data"]["voucher"]


async def test_money_at_the_store_is_received_and_reported(
    salon: StaffedSalon, pool: Pool, konbini: Sandbox, provider: Any
) -> None:
    booking, payment = await opened(salon)
    await voucher(salon.customer, payment)
    await apply_events(pool)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments WHERE id::text = :id", id=payment)
    assert konbini.http.post(f"{konbini.url}/sandbox/konbini/{row['provider_intent_id']}/pay").is_success
    await hear(pool, provider, row["provider_intent_id"], "evt-paid")
    [paid] = await data.rows(pool, "SELECT status, captured FROM booking_payments WHERE id::text = :id", id=payment)
    assert (paid["status"], paid["captured"]) == ("captured", 6600)
    assert "payment_received" in await notices(pool, booking)
    stored = await salon.customer.get(f"/payments/{payment}")
    assert stored.json()["data"]["voucher"] is None


async def hear(pool: Pool, provider: Any, intent_id: str, name: str) -> None:
    """The provider's webhook, with the present state, is stored and applied."""
    from_provider = await provider.get_intent(intent_id)
    async with pool.unit_of_work(Scope.platform()) as work:
        event = ProviderEvent(intent=intent_event(from_provider))
        await work.payments.webhooks.receive("stripe", name, "event", intent_id, event, datetime.now(UTC))
    await apply_events(pool)


async def test_voucher_whose_answer_was_lost_comes_by_webhook(
    salon: StaffedSalon, pool: Pool, konbini: Sandbox, provider: Any
) -> None:
    """The process dies between Stripe's answer and our record: the event of the voucher does the same."""
    booking, payment = await opened(salon)
    konbini.fault("payment_intents.confirm", "timeout_after_success", seconds=8)
    konbini.fault("payment_intents.retrieve", "error_500")
    assert error_of(await voucher(salon.customer, payment, key="v-2")) == (503, "unavailable")
    before = await booking_row(pool, booking)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments WHERE id::text = :id", id=payment)
    konbini.http.delete(f"{konbini.url}/sandbox/faults")
    await hear(pool, provider, row["provider_intent_id"], "evt-voucher")
    after = await booking_row(pool, booking)
    assert after["hold_expires_at"] > before["hold_expires_at"]
    assert (await notices(pool, booking)).count("payment_voucher") == 1
    found = await voucher(salon.customer, payment, key="v-2")
    assert found.status_code == 200, found.text
    await apply_events(pool)
    assert await booking_row(pool, booking) == after
    assert (await notices(pool, booking)).count("payment_voucher") == 1


async def test_card_after_a_voucher_pays_and_ends_it(salon: StaffedSalon, pool: Pool, konbini: Sandbox) -> None:
    _, payment = await opened(salon)
    await voucher(salon.customer, payment)
    paid = await confirm(salon.customer, payment)
    assert paid.json()["data"]["status"] == "captured"
    await apply_events(pool)
    [row] = await data.rows(pool, "SELECT status, voucher FROM booking_payments WHERE id::text = :id", id=payment)
    assert (row["status"], row["voucher"]) == ("captured", None)


async def test_declined_card_after_a_voucher_gives_the_long_hold_up(
    salon: StaffedSalon, pool: Pool, konbini: Sandbox
) -> None:
    """The voucher is dead at the provider: nobody keeps the time for days without one."""
    booking, payment = await opened(salon)
    await voucher(salon.customer, payment)
    assert error_of(await confirm(salon.customer, payment, "pm_card_chargeDeclined")) == (422, "payment_declined")
    await apply_events(pool)
    row = await booking_row(pool, booking)
    assert row["hold_expires_at"] == row["holds_until"]
    assert row["hold_expires_at"] < datetime.now(UTC) + timedelta(minutes=11)
    again = await voucher(salon.customer, payment)
    assert again.status_code == 200, "another voucher can be had"
    assert (await booking_row(pool, booking))["hold_expires_at"] > row["hold_expires_at"]


async def test_card_at_3_d_secure_after_a_voucher_signals_the_short_hold(
    salon: StaffedSalon, pool: Pool, konbini: Sandbox, provider: Any
) -> None:
    """A customer who never comes back from there keeps the time for minutes, and the booking does not wait for days."""
    booking, payment = await opened(salon)
    await voucher(salon.customer, payment)
    await apply_events(pool)
    asked = await confirm(salon.customer, payment, "pm_card_threeDSecure2Required")
    assert asked.json()["data"]["action_url"], asked.text
    row = await booking_row(pool, booking)
    assert row["hold_expires_at"] < datetime.now(UTC) + timedelta(minutes=11)
    events = await data.rows(pool, "SELECT id FROM payment_webhooks WHERE applied_at IS NULL")
    assert len(events) == 1, "an event for the run"
    activities = PaymentActivities(pool, {provider.name: provider}, lambda: datetime.now(UTC))
    update = await activities.apply_event(ApplyEventInput(UUID(str(events[0]["id"]))))
    assert update.payment is not None
    assert (update.hold_expires_at, update.payment.voucher_until) == (row["hold_expires_at"], None)


async def test_card_that_finds_the_voucher_paid_leaves_it_on_record(
    salon: StaffedSalon, pool: Pool, konbini: Sandbox
) -> None:
    """Paid at the store while a card is entered, before the webhook: the money came in cash, and that is reported."""
    booking, payment = await opened(salon)
    await voucher(salon.customer, payment)
    await apply_events(pool)
    [row] = await data.rows(pool, "SELECT provider_intent_id FROM booking_payments WHERE id::text = :id", id=payment)
    assert konbini.http.post(f"{konbini.url}/sandbox/konbini/{row['provider_intent_id']}/pay").is_success
    late = await confirm(salon.customer, payment)
    assert late.json()["data"]["status"] == "captured", late.text
    await apply_events(pool)
    [paid] = await data.rows(pool, "SELECT status, voucher FROM booking_payments WHERE id::text = :id", id=payment)
    assert paid["status"] == "captured"
    assert paid["voucher"] is not None
    assert "payment_received" in await notices(pool, booking)


async def test_voucher_of_a_hold_that_has_just_ended_is_gone(
    salon: StaffedSalon, pool: Pool, konbini: Sandbox, monkeypatch: pytest.MonkeyPatch, provider: Any
) -> None:
    booking, payment = await opened(salon)
    make = provider.make_voucher

    async def slow(*arguments: Any) -> Any:
        made = await make(*arguments)
        await data.rows(pool, "UPDATE bookings SET status = 'expired' WHERE id::text = :id", id=booking)
        return made

    monkeypatch.setattr(provider, "make_voucher", slow)
    assert error_of(await voucher(salon.customer, payment)) == (410, "gone")
    assert "payment_voucher" not in await notices(pool, booking)


async def test_voucher_is_refused_where_it_is_not_offered(salon: StaffedSalon, konbini: Sandbox) -> None:
    answer = await intent(salon.customer, await booked(salon))
    assert answer.json()["data"]["methods"] == ["card"]
    refused = await voucher(salon.customer, answer.json()["data"]["payment_id"])
    assert error_of(refused) == (422, "rule_broken")
    assert refused.json()["error"]["details"]["rule"] == "konbini_not_offered"
    assert konbini.get("/sandbox/state")["calls"].get("payment_intents.confirm", 0) == 0


async def test_voucher_needs_an_address_to_which_the_provider_writes(
    salon: StaffedSalon, pool: Pool, konbini: Sandbox
) -> None:
    booking, payment = await opened(salon)
    await data.rows(pool, "UPDATE bookings SET email = NULL WHERE id::text = :id", id=booking)
    refused = await voucher(salon.customer, payment)
    assert refused.json()["error"]["details"]["rule"] == "konbini_email_needed"
    assert (await voucher(salon.customer, payment, email="ai@example.com")).status_code == 200


async def test_voucher_ends_before_the_visit(app: FastAPI, pool: Pool, clock: Clock, konbini: Sandbox) -> None:
    async with staffed_salon(app, pool, clock) as salon:
        _, payment = await opened(salon)
        await data.rows(
            pool, "UPDATE bookings SET start_at = now() + interval '50 minutes', end_at = now() + interval '2 hours'"
        )
        refused = await voucher(salon.customer, payment)
        rule = refused.json()["error"]["details"]["rule"]
        # Within an hour of midnight in Japan a day ends before the visit, but too soon for a voucher.
        assert rule == "konbini_too_late"


async def test_voucher_of_other_people_is_not_found(salon: StaffedSalon, konbini: Sandbox) -> None:
    _, payment = await opened(salon)
    assert error_of(await voucher(salon.other_owner, payment))[0] in {403, 404}


async def test_setting_is_refused_where_nobody_could_pay_so(salon: StaffedSalon, pool: Pool) -> None:
    await data.rows(pool, "UPDATE businesses SET payment_provider = 'payjp_v2'")
    assert (await offered(salon)).json()["error"]["details"]["rule"] == "konbini_no_provider"
    await data.rows(pool, "UPDATE businesses SET payment_provider = 'stripe'")
    await data.rows(pool, "UPDATE services SET price = 400000")
    assert (await offered(salon)).json()["error"]["details"]["rule"] == "konbini_no_service"
    await data.rows(pool, "UPDATE services SET price = 300000")
    assert (await offered(salon)).status_code == 200
    changed = await salon.owner.put(f"/owner/businesses/{salon.ids.business_id}", json={"payment_provider": "payjp_v2"})
    assert changed.json()["error"]["details"]["rule"] == "konbini_no_provider"


async def test_amount_outside_the_limits_is_paid_by_card_alone(salon: StaffedSalon, pool: Pool) -> None:
    assert (await offered(salon)).status_code == 200
    booking = await booked(salon)
    await data.rows(pool, "UPDATE bookings SET amount_due = 300001, price = 300001 WHERE id::text = :id", id=booking)
    answer = await intent(salon.customer, booking)
    assert answer.json()["data"]["methods"] == ["card"]
    refused = await voucher(salon.customer, answer.json()["data"]["payment_id"])
    details = refused.json()["error"]["details"]
    assert (details["rule"], details["most"]) == ("konbini_amount", {"amount": 300_000, "currency": "JPY"})


async def test_approval_has_its_time_after_the_payment(
    app: FastAPI, pool: Pool, clock: Clock, konbini: Sandbox
) -> None:
    async with staffed_salon(app, pool, clock) as salon:
        booking, payment = await opened(salon)
        await data.rows(
            pool,
            "UPDATE bookings SET needs_approval = true, approval_deadline = now() + interval '1 day'"
            " WHERE id::text = :id",
            id=booking,
        )
        await voucher(salon.customer, payment)
        [row] = await data.rows(
            pool,
            "SELECT b.approval_deadline, b.hold_expires_at, b.start_at, t.approval_within FROM bookings b"
            " JOIN business_settings t ON t.business_id = b.business_id WHERE b.id::text = :id",
            id=booking,
        )
        expected = min(row["hold_expires_at"] + row["approval_within"], row["start_at"])
        assert row["approval_deadline"] == expected


async def test_warning_is_queued_once_while_the_voucher_is_unpaid(
    salon: StaffedSalon, pool: Pool, konbini: Sandbox
) -> None:
    booking, payment = await opened(salon)
    made = await voucher(salon.customer, payment)
    expires_at = datetime.fromisoformat(made.json()["data"]["voucher"]["expires_at"])

    async def warn(at: datetime) -> None:
        async with pool.unit_of_work(Scope.tenant(salon.ids.business_id)) as work:
            await work.payments.vouchers.warn(UUID(payment), at)

    await warn(expires_at - timedelta(days=1))  # of a voucher that was replaced
    assert "payment_voucher_ending" not in await notices(pool, booking)
    for _ in range(2):
        await warn(expires_at)
    assert (await notices(pool, booking)).count("payment_voucher_ending") == 1
    await data.rows(pool, "DELETE FROM notification_outbox WHERE kind = 'payment_voucher_ending'")
    await confirm(salon.customer, payment)
    await apply_events(pool)
    await warn(expires_at)
    assert "payment_voucher_ending" not in await notices(pool, booking)


async def test_payment_page_says_until_when_in_the_zone_of_the_venue(
    app: FastAPI, salon: StaffedSalon, konbini: Sandbox
) -> None:
    booking, payment = await opened(salon)
    made = await voucher(salon.customer, payment)
    local = datetime.fromisoformat(made.json()["data"]["voucher"]["expires_at"]).astimezone(JAPAN)
    token = app.state.services.booking_links.token(UUID(booking))
    async with client_of(app) as http:
        page = await http.get(f"/bookings/{token}/pay", headers={"Accept": "text/html", "Accept-Language": "ja"})
    assert page.status_code == 200, page.text
    assert f"{local.month}月{local.day}日" in page.text
    assert "23:59" in page.text
    assert "14:59" not in page.text
