"""The payment on PAY.JP's own page, over HTTP and with the sandbox: one way to pay at a time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from httpx import Response
from temporalio.testing import ActivityEnvironment

from activities.payments.payments import PaymentActivities, RecordInput
from api.http.envelope import Envelope
from api.http.idempotency import REPLAYED
from api.v1.payments.payments.checkout_schemas import CheckoutRead
from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.payments.status import Movement, PaymentStatus
from tests.api.conftest import Person, error_of
from tests.api.payments.payment_requests import RETURN, apply_events, held, intent
from tests.api.salon import StaffedSalon, keyed
from tests.support import data
from tests.support.data import NOW
from tests.support.sandbox import Receiver, Sandbox, running_receiver


@pytest_asyncio.fixture
async def receiver(sandbox: Sandbox) -> AsyncIterator[Receiver]:
    """Takes PAY.JP's webhooks."""
    async with running_receiver() as running:
        sandbox.target(payjp=running.url + "/payjp")
        yield running
        sandbox.target(payjp=None)


async def at_payjp(salon: StaffedSalon, pool: Pool, provider: str = "payjp_v2") -> None:
    sql = "UPDATE businesses SET payment_provider = :provider WHERE id::text = :id"
    await data.rows(pool, sql, provider=provider, id=str(salon.ids.business_id))


async def checkout(person: Person, booking: str, key: str | None = None, return_url: str = RETURN) -> Response:
    body = {"booking_id": booking, "return_url": return_url}
    return await person.post("/payments/checkout", json=body, headers=keyed(key))


async def page_of(salon: StaffedSalon, pool: Pool) -> tuple[str, dict[str, Any]]:
    """A booking, and the page where it is paid."""
    await at_payjp(salon, pool)
    booking = await held(salon)
    answer = await checkout(salon.customer, booking)
    assert answer.status_code == 201, answer.text
    return booking, answer.json()["data"]


def choose(sandbox: Sandbox, url: str, method: str = "pm_visa") -> Response:
    return sandbox.http.post(f"{url}/{method}")


async def row_of(pool: Pool, payment: str) -> dict[str, Any]:
    sql = "SELECT status, captured, provider_intent_id, checkout_id FROM booking_payments WHERE id::text = :id"
    [row] = await data.rows(pool, sql, id=payment)
    return dict(row)


async def test_page_is_opened_once_and_ends_with_the_hold(salon: StaffedSalon, pool: Pool, sandbox: Sandbox) -> None:
    booking, first = await page_of(salon, pool)
    [hold] = await data.rows(pool, "SELECT hold_expires_at FROM bookings WHERE id::text = :id", id=booking)
    answer = await checkout(salon.customer, booking)
    read = Envelope[CheckoutRead].model_validate_json(answer.content, extra="forbid").data
    assert (read.url, read.amount.amount, read.provider) == (first["url"], 6600, "payjp_v2")
    assert read.expires_at == hold["hold_expires_at"].replace(microsecond=0)
    assert sandbox.get("/sandbox/state")["objects"]["payjp.v2.checkout"] == 1
    assert sandbox.http.get(read.url).status_code == 200


async def test_page_is_paid_and_its_event_completes_the_payment(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, receiver: Receiver, providers: Any
) -> None:
    _, page = await page_of(salon, pool)
    paid = choose(sandbox, page["url"], "pm_paypay")
    assert sandbox.http.post(paid.headers["location"] + "/authorize").headers["location"] == RETURN
    await receiver.wait_until(lambda: any(b"checkout.session.completed" in one.body for one in receiver.received))
    for one in receiver.received:
        answer = await salon.nobody.post("/api/v1/payments/webhook/payjp", content=one.body, headers=dict(one.headers))
        assert answer.status_code == 200, answer.text
    await apply_events(pool)
    row = await row_of(pool, page["payment_id"])
    assert (row["status"], row["captured"]) == ("captured", 6600)
    assert row["provider_intent_id"].startswith("pfw_")
    assert error_of(await checkout(salon.customer, page["booking_id"])) == (409, "wrong_state")
    assert await data.rows(pool, "SELECT kind FROM attention") == []


async def test_form_after_the_page_closes_the_page(salon: StaffedSalon, pool: Pool, sandbox: Sandbox) -> None:
    booking, page = await page_of(salon, pool)
    opened = await intent(salon.customer, booking)
    assert opened.status_code == 201, opened.text
    assert opened.json()["data"]["client_secret"]
    assert choose(sandbox, page["url"]).status_code == 400, "nobody pays twice"
    assert (await row_of(pool, page["payment_id"]))["checkout_id"] is None
    refused = await checkout(salon.customer, booking)
    assert error_of(refused)[0] == 409
    assert refused.json()["error"]["details"]["rule"] == "payment_form_open"


async def test_form_after_an_attempt_on_the_page_has_a_payment_of_its_own(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    """The customer is at 3-D Secure of the page in one window, and opens the form in another."""
    booking, page = await page_of(salon, pool)
    bank = choose(sandbox, page["url"], "pm_challenge").headers["location"]
    opened = (await intent(salon.customer, booking)).json()["data"]
    assert opened["payment_id"] != page["payment_id"]
    assert (await row_of(pool, page["payment_id"]))["status"] == "voided"
    assert sandbox.http.post(bank + "/authorize").status_code == 400


async def test_form_after_the_page_was_paid_is_not_paid_again(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    """The webhook is still on its way."""
    booking, page = await page_of(salon, pool)
    choose(sandbox, page["url"])
    opened = await intent(salon.customer, booking)
    assert (opened.json()["data"]["payment_id"], opened.json()["data"]["status"]) == (page["payment_id"], "captured")
    assert (await row_of(pool, page["payment_id"]))["captured"] == 6600
    assert sandbox.get("/sandbox/state")["objects"]["payjp.v2.payment_flow"] == 1


async def test_end_of_the_hold_closes_the_page(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, providers: Any
) -> None:
    _, page = await page_of(salon, pool)
    await void(pool, providers, page["payment_id"])
    assert (await row_of(pool, page["payment_id"]))["status"] == "voided"
    assert choose(sandbox, page["url"]).status_code == 400
    assert sandbox.get("/sandbox/state")["objects"].get("payjp.v2.payment_flow", 0) == 0, "no intent is made for it"


async def test_end_of_the_hold_finds_the_money_of_the_page(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, providers: Any
) -> None:
    """Paid in time, and the worker that closes the hold dies between the call and the record: it asks again."""
    _, page = await page_of(salon, pool)
    choose(sandbox, page["url"])
    for _ in range(2):
        await void(pool, providers, page["payment_id"], spares_money=True)
    row = await row_of(pool, page["payment_id"])
    assert (row["status"], row["captured"]) == ("captured", 6600)


async def void(pool: Pool, providers: Any, payment_id: str, **more: Any) -> None:
    """What the run of the booking does at the end of the hold."""
    activities = PaymentActivities(pool, providers, lambda: NOW)
    async with pool.unit_of_work(Scope.platform()) as work:
        payment = await work.payments.get(UUID(payment_id))
    task = payment.task(Movement.VOID, f"{payment_id}:void:end", 0)
    task = replace(task, **more)
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.payments.intend(task)
    result = await ActivityEnvironment().run(activities.perform, task)
    view = await ActivityEnvironment().run(activities.record, RecordInput(task, result))
    assert view.status in {PaymentStatus.VOIDED, PaymentStatus.CAPTURED}


async def test_checkout_is_refused_elsewhere(salon: StaffedSalon, pool: Pool) -> None:
    booking = await held(salon)
    assert (await checkout(salon.customer, booking)).json()["error"]["details"]["rule"] == "checkout_not_offered"
    foreign = await checkout(salon.customer, booking, return_url="https://evil.example/")
    assert error_of(foreign)[0] == 422
    assert error_of(await checkout(salon.other_owner, booking))[0] in {403, 404}


async def test_checkout_whose_answer_was_lost_is_the_same_page(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    await at_payjp(salon, pool)
    booking = await held(salon)
    sandbox.fault("payjp_v2.checkouts.create", "error_500_after_success")
    assert error_of(await checkout(salon.customer, booking, key="c-1")) == (503, "unavailable")
    assert (await checkout(salon.customer, booking, key="c-1")).status_code == 201
    assert sandbox.get("/sandbox/state")["objects"]["payjp.v2.checkout"] == 1


async def test_repeat_of_the_checkout_gives_the_address_of_the_page(salon: StaffedSalon, pool: Pool) -> None:
    """The answer was stored, without its address, and then it was lost on the way."""
    await at_payjp(salon, pool)
    booking = await held(salon)
    first = await checkout(salon.customer, booking, key="c-2")
    again = await checkout(salon.customer, booking, key="c-2")
    assert again.headers[REPLAYED] == "true"
    assert again.json()["data"] == first.json()["data"]
    assert (await intent(salon.customer, booking)).status_code == 201
    left = await checkout(salon.customer, booking, key="c-2")
    assert (error_of(left)[0], left.json()["error"]["details"]["rule"]) == (409, "payment_form_open")


async def test_form_while_the_page_is_being_opened_gets_no_second_intent(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two windows at once: the page is opened while the intent of the form is on its way."""
    await at_payjp(salon, pool)
    booking = await held(salon)
    create = providers["payjp_v2"].create_intent
    pages: list[Response] = []

    async def slow(*arguments: Any) -> Any:
        made = await create(*arguments)
        pages.append(await asyncio.create_task(checkout(salon.customer, booking)))
        return made

    monkeypatch.setattr(providers["payjp_v2"], "create_intent", slow)
    form = await intent(salon.customer, booking)
    assert pages[0].status_code == 201, pages[0].text
    assert (error_of(form)[0], form.json()["error"]["details"]["rule"]) == (409, "payment_page_open")
    row = await row_of(pool, pages[0].json()["data"]["payment_id"])
    assert (row["provider_intent_id"], bool(row["checkout_id"])) == (None, True)
    monkeypatch.undo()
    assert (await intent(salon.customer, booking)).status_code == 201, "the page is closed for it"
    assert choose(sandbox, pages[0].json()["data"]["url"]).status_code == 400


async def test_page_after_one_that_was_left_for_a_form_can_be_paid(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    """The form's intent could not be made: PAY.JP was away. The customer goes to the page again; the key of the first
    page would give that page, which is closed."""
    booking, first = await page_of(salon, pool)
    sandbox.fault("payjp_v2.payment_flows.create", "error_500", times=10)
    assert error_of(await intent(salon.customer, booking)) == (503, "unavailable")
    assert (await row_of(pool, first["payment_id"]))["checkout_id"] is None
    pages = [first["url"]]
    for _ in range(2):
        again = await checkout(salon.customer, booking)
        assert again.status_code == 201, again.text
        pages.append(again.json()["data"]["url"])
        assert pages[-1] not in pages[:-1]
        assert sandbox.http.get(pages[-1]).status_code == 200
        assert error_of(await intent(salon.customer, booking)) == (503, "unavailable")
    open_page = (await checkout(salon.customer, booking)).json()["data"]["url"]
    choose(sandbox, open_page)
    assert (await row_of(pool, first["payment_id"]))["status"] == "requires_payment"
    assert (await intent(salon.customer, booking)).json()["data"]["status"] == "captured"


APP = RETURN + "?from=app"


async def test_checkout_with_another_way_back_closes_the_page_before(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    """The customer goes on in the app. Back there, the page that is open is given again."""
    booking, first = await page_of(salon, pool)
    second = (await checkout(salon.customer, booking, return_url=APP)).json()["data"]
    assert second["url"] != first["url"]
    assert (await checkout(salon.customer, booking, return_url=APP)).json()["data"] == second
    assert choose(sandbox, first["url"]).status_code == 400, "nobody pays twice"
    assert choose(sandbox, second["url"]).headers["location"] == APP
    assert sandbox.get("/sandbox/state")["objects"]["payjp.v2.payment_flow"] == 1


async def test_checkout_follows_the_hold_when_its_end_moves(salon: StaffedSalon, pool: Pool, sandbox: Sandbox) -> None:
    booking, first = await page_of(salon, pool)
    sql = "UPDATE bookings SET hold_expires_at = hold_expires_at - interval '5 minutes' WHERE id::text = :id"
    await data.rows(pool, sql, id=booking)
    second = (await checkout(salon.customer, booking)).json()["data"]
    assert (second["url"] != first["url"], second["expires_at"] < first["expires_at"]) == (True, True)
    assert choose(sandbox, first["url"]).status_code == 400


async def test_checkout_with_another_way_back_after_a_lost_answer(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    """PAY.JP refuses another request with the same key; and nobody has the address of the page that was lost."""
    await at_payjp(salon, pool)
    booking = await held(salon)
    sandbox.fault("payjp_v2.checkouts.create", "error_500_after_success")
    assert error_of(await checkout(salon.customer, booking)) == (503, "unavailable")
    answer = await checkout(salon.customer, booking, return_url=APP)
    assert answer.status_code == 201, answer.text
    assert choose(sandbox, answer.json()["data"]["url"]).headers["location"] == APP


async def test_checkout_from_two_windows_at_once_can_be_paid_once(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    await at_payjp(salon, pool)
    booking = await held(salon)
    urls = [RETURN, APP, RETURN, APP]
    answers = await asyncio.gather(*(checkout(salon.customer, booking, return_url=url) for url in urls))
    assert {answer.status_code for answer in answers} <= {201, 409}
    pages = {answer.json()["data"]["url"] for answer in answers if answer.status_code == 201}
    paid = [page for page in pages if choose(sandbox, page).status_code != 400]
    assert len(paid) <= 1
    assert sandbox.get("/sandbox/state")["objects"].get("payjp.v2.payment_flow", 0) == len(paid)


async def test_checkout_with_another_way_back_during_an_attempt_has_a_payment_of_its_own(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    booking, first = await page_of(salon, pool)
    bank = choose(sandbox, first["url"], "pm_challenge").headers["location"]
    second = (await checkout(salon.customer, booking, return_url=APP)).json()["data"]
    assert second["payment_id"] != first["payment_id"]
    assert (await row_of(pool, first["payment_id"]))["status"] == "voided"
    assert sandbox.http.post(bank + "/authorize").status_code == 400


async def test_checkout_with_another_way_back_after_the_page_was_paid(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    """The webhook is still on its way."""
    booking, page = await page_of(salon, pool)
    choose(sandbox, page["url"])
    assert error_of(await checkout(salon.customer, booking, return_url=APP)) == (409, "wrong_state")
    assert (await row_of(pool, page["payment_id"]))["captured"] == 6600


async def test_repeat_of_a_checkout_whose_page_was_replaced_gives_no_page(salon: StaffedSalon, pool: Pool) -> None:
    """The page that is open belongs to another window, and returns elsewhere."""
    await at_payjp(salon, pool)
    booking = await held(salon)
    assert (await checkout(salon.customer, booking, key="c-3")).status_code == 201
    assert (await checkout(salon.customer, booking, return_url=APP)).status_code == 201
    again = await checkout(salon.customer, booking, key="c-3")
    assert (error_of(again)[0], again.json()["error"]["details"]["rule"]) == (409, "payment_page_open")


async def test_checkout_of_a_booking_that_ends_meanwhile_gives_no_page(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hold has ended, and its run has closed what was known, while the page was being opened."""
    await at_payjp(salon, pool)
    booking = await held(salon)
    opened: list[Any] = []
    real = providers["payjp_v2"].open_checkout

    async def slow(*arguments: Any) -> Any:
        opened.append(await real(*arguments))
        await data.rows(pool, "UPDATE bookings SET status = 'expired' WHERE id::text = :id", id=booking)
        return opened[-1]

    monkeypatch.setattr(providers["payjp_v2"], "open_checkout", slow)
    assert error_of(await checkout(salon.customer, booking))[0] == 409
    assert choose(sandbox, opened[0].url).status_code == 400


async def test_checkout_that_a_former_release_has_opened_is_closed_and_opened_again(
    salon: StaffedSalon, pool: Pool, sandbox: Sandbox
) -> None:
    """It is not known with which terms."""
    booking, first = await page_of(salon, pool)
    await data.rows(pool, "UPDATE booking_payments SET checkout_order = NULL")
    second = await checkout(salon.customer, booking)
    assert second.status_code == 201, second.text
    assert second.json()["data"]["url"] != first["url"]
    assert choose(sandbox, first["url"]).status_code == 400
