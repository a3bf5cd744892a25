"""Another card for a confirmed booking, through the API and at the provider: one authorization is kept, never two."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest_asyncio
from fastapi import FastAPI
from httpx import Response

from activities.payments.payments import ApplyEventInput, PaymentActivities, RecordInput
from api.access.callers import ApiServices
from api.access.guest_links import HEADER
from api.access.tokens import Login
from db.engine.session import Database as Pool
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.payments.status import PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask
from domain.platform.actor import ActorKind
from providers.payments.interface import PaymentProvider
from stack.audit import report
from tests.api.conftest import PREFIX, Clock, client_of, error_of
from tests.api.pages.visitor import Visitor
from tests.api.payments.payment_requests import RETURN, confirm, held, intent
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.support import data
from tests.support.sandbox import Sandbox


class MoneySteps:
    """What the booking's run does with money, without its clock."""

    def __init__(self, salon: StaffedSalon, pool: Pool, clock: Clock, provider: PaymentProvider) -> None:
        self.salon, self.pool, self.clock, self.provider = salon, pool, clock, provider
        self.activities = PaymentActivities(pool, {provider.name: provider}, clock.now)

    async def do(self, verb: str, booking_id: str, by: ActorKind = ActorKind.SYSTEM) -> BookingOutcome:
        """One step of the booking."""
        command = BookingCommand(UUID(booking_id), self.salon.ids.business_id, uuid4().hex, by)
        async with self.pool.unit_of_work(self.salon.ids.scope) as work:
            outcome: BookingOutcome = await getattr(work.bookings.changes, verb)(command, self.clock.now())
            return outcome

    async def apply_payment_event(self) -> None:
        """Apply the inbox and make what follows."""
        for row in await data.rows(self.pool, "SELECT id FROM payment_webhooks WHERE applied_at IS NULL ORDER BY id"):
            applied = await self.activities.apply_event(ApplyEventInput(row["id"]))
            if applied.money is not None:
                await self.make(applied.money)

    async def make(self, task: MoneyTask) -> None:
        """A movement at the provider, with its record."""
        await self.activities.record(RecordInput(task, await self.activities.perform(task)))

    async def confirmed(self) -> tuple[str, str]:
        """A confirmed booking on a card hold, and its payment."""
        booking = await held(self.salon)
        payment = (await intent(self.salon.customer, booking)).json()["data"]["payment_id"]
        assert (await confirm(self.salon.customer, payment)).status_code == 200
        await self.apply_payment_event()
        await self.do("confirm", booking)
        return booking, payment

    async def declined(self) -> tuple[str, str, str]:
        """A confirmed booking whose renewal was declined: its id, its payment, the intent."""
        booking, payment = await self.confirmed()
        return booking, payment, await self.decline_renewal(booking)

    async def decline_renewal(self, booking: str) -> str:
        """The bank does not authorize the card again. Returns the intent."""
        task = (await self.do("begin_renewal", booking)).money
        assert task is not None
        assert task.intent_id is not None
        refused = MoneyResult(
            task.movement_id, Phase.FAILED, PaymentStatus.AUTHORIZED, task.intent_id, 6600, reason="expired_card"
        )
        await self.activities.record(RecordInput(task, refused))
        return task.intent_id

    async def status(self, payment: str) -> tuple[str, PaymentStatus | None]:
        """In our books, and at the provider."""
        found = "SELECT status, provider_intent_id FROM booking_payments WHERE id = CAST(:id AS uuid)"
        [row] = await data.rows(self.pool, found, id=payment)
        return row["status"], (await self.provider.get_intent(row["provider_intent_id"])).status

    async def audited(self) -> None:
        """No money is lost, also after all timeouts."""
        later = self.clock.now() + timedelta(hours=2)
        found = await report.audit(self.pool, None, now=later)
        assert (found.of(2), found.of(3), found.of(5)) == (0, 0, 0), found.violations


@pytest_asyncio.fixture
async def steps(app: FastAPI, pool: Pool, clock: Clock, provider: PaymentProvider) -> AsyncIterator[MoneySteps]:
    """A salon that holds cards."""
    async with staffed_salon(app, pool, clock, payment_mode="card_hold") as salon:
        yield MoneySteps(salon, pool, clock, provider)


async def test_new_card_replaces_the_old_one(steps: MoneySteps, sandbox: Sandbox) -> None:
    booking, old, _ = await steps.declined()
    opened = await intent(steps.salon.customer, booking)
    assert opened.status_code == 201, opened.text
    new = opened.json()["data"]
    assert (new["status"], new["amount"]["amount"]) == ("requires_payment", 6600)
    assert new["payment_id"] != old
    assert (await intent(steps.salon.customer, booking)).json()["data"] == new
    declined = await confirm(steps.salon.customer, new["payment_id"], "pm_card_chargeDeclinedInsufficientFunds")
    assert error_of(declined) == (422, "payment_declined")
    await steps.apply_payment_event()
    assert await steps.status(old) == ("authorized", PaymentStatus.AUTHORIZED), "an open form gives nothing up"
    answer = await confirm(steps.salon.customer, new["payment_id"])
    assert answer.json()["data"]["status"] == "authorized"
    await steps.apply_payment_event()
    assert await steps.status(new["payment_id"]) == ("authorized", PaymentStatus.AUTHORIZED)
    assert await steps.status(old) == ("voided", PaymentStatus.VOIDED)
    assert sandbox.get("/sandbox/state")["objects"]["payment_intent"] == 2
    assert error_of(await intent(steps.salon.customer, booking)) == (409, "wrong_state")
    again = await confirm(steps.salon.customer, new["payment_id"])
    assert again.json()["data"]["status"] == "authorized"
    await steps.audited()


async def test_link_of_the_message_is_enough(steps: MoneySteps, app: FastAPI) -> None:
    booking, old, intent_id = await steps.declined()
    await steps.provider.cancel_intent(intent_id, "lapsed")
    services: ApiServices = app.state.services
    by_link = {HEADER: services.booking_links.token(UUID(booking))}
    opened = await steps.salon.nobody.post(
        f"{PREFIX}/payments/intent", json={"booking_id": booking}, headers=keyed() | by_link
    )
    assert opened.status_code == 201, opened.text
    payment = opened.json()["data"]["payment_id"]
    body = {"payment_id": payment, "payment_method": "pm_card_visa", "return_url": RETURN}
    paid = await steps.salon.nobody.post(f"{PREFIX}/payments/confirm", json=body, headers=keyed() | by_link)
    assert paid.json()["data"]["status"] == "authorized"
    await steps.apply_payment_event()
    assert await steps.status(old) == ("voided", PaymentStatus.VOIDED), "it had lapsed at the provider already"
    assert await steps.status(payment) == ("authorized", PaymentStatus.AUTHORIZED)
    await steps.audited()


async def test_new_card_is_refused_while_the_authorization_is_valid(steps: MoneySteps, pool: Pool) -> None:
    booking, _ = await steps.confirmed()
    assert error_of(await intent(steps.salon.customer, booking)) == (409, "wrong_state")
    assert error_of(await intent(steps.salon.owner, booking)) == (403, "forbidden")
    assert len(await data.rows(pool, "SELECT id FROM booking_payments")) == 1


async def test_cancelled_meanwhile_the_new_card_is_released(steps: MoneySteps) -> None:
    booking, old, _ = await steps.declined()
    new = (await intent(steps.salon.customer, booking)).json()["data"]["payment_id"]
    await confirm(steps.salon.customer, new)  # authorized at the provider; the event is still in the inbox
    cancelled = await steps.do("cancel", booking, ActorKind.STAFF)
    assert cancelled.money is not None
    await steps.make(cancelled.money)
    await steps.apply_payment_event()
    assert await steps.status(old) == ("voided", PaymentStatus.VOIDED)
    assert await steps.status(new) == ("voided", PaymentStatus.VOIDED)
    assert error_of(await confirm(steps.salon.customer, new)) == (409, "wrong_state")
    await steps.audited()


def log_in_again(app: FastAPI, steps: MoneySteps, moment: datetime) -> None:
    """Move the clock to ``moment``, and give customer and staff tokens of that time."""
    steps.clock.ahead += moment - steps.clock.now()
    services: ApiServices = app.state.services
    for person in (steps.salon.customer, steps.salon.staff):
        token = services.tokens.issue(Login(person.id, False), steps.clock.now())
        person.http.headers["Authorization"] = f"Bearer {token}"


async def test_cancellation_quote_is_what_is_charged_with_a_second_card_open(steps: MoneySteps, app: FastAPI) -> None:
    """The payment that counts is the authorized one, not the newest: an open form gives nothing up."""
    booking, _, _ = await steps.declined()
    assert (await intent(steps.salon.customer, booking)).status_code == 201
    log_in_again(app, steps, steps.salon.at(10) - timedelta(hours=30))  # 50 % from 48 to 24 hours ahead
    quote = (await steps.salon.customer.post(f"/bookings/{booking}/cancellation-quote")).json()["data"]
    cancelled = await steps.do("cancel", booking, ActorKind.CUSTOMER)
    assert (quote["percent"], quote["penalty"]["amount"]) == (50, 3300)
    amounts = {name: quote[name]["amount"] for name in ("penalty", "refunding", "released")}
    assert amounts == {"penalty": 3300, "refunding": 0, "released": 3300}
    assert amounts == {name: getattr(cancelled, name) for name in amounts}


async def test_cancellation_quote_refuses_a_customer_after_the_start(steps: MoneySteps, app: FastAPI) -> None:
    booking, _ = await steps.confirmed()
    log_in_again(app, steps, steps.salon.at(10, 1))
    path = f"/bookings/{booking}/cancellation-quote"
    refused = await steps.salon.customer.post(path)
    assert error_of(refused) == (422, "rule_broken"), refused.text
    assert refused.json()["error"]["details"]["rule"] == "already_started"
    free = (await steps.salon.staff.post(path)).json()["data"]
    assert (free["penalty"]["amount"], free["refunding"]["amount"] + free["released"]["amount"]) == (0, 6600)


async def test_card_due_is_shown_until_the_new_card_is_there(steps: MoneySteps, pool: Pool) -> None:
    booking, _, _ = await steps.declined()
    [notice] = await data.rows(pool, "SELECT facts FROM notification_outbox WHERE kind = 'payment_renew'")
    for reader in (steps.salon.customer, steps.salon.owner):
        shown = (await reader.get(f"/bookings/{booking}")).json()["data"]
        assert datetime.fromisoformat(shown["card_due"]) == datetime.fromisoformat(notice["facts"]["answer_by"])
    new = (await intent(steps.salon.customer, booking)).json()["data"]["payment_id"]
    await confirm(steps.salon.customer, new)
    await steps.apply_payment_event()
    assert (await steps.salon.customer.get(f"/bookings/{booking}")).json()["data"]["card_due"] is None


async def test_payment_page_takes_the_first_card_and_the_one_after_it(steps: MoneySteps, app: FastAPI) -> None:
    """The link of the message leads to a button, the button to the form, and the form to a payment of its own: not to
    the one that the same page has shown weeks ago."""
    services: ApiServices = app.state.services
    booking = await held(steps.salon)
    address = f"/bookings/{services.booking_links.token(UUID(booking))}"
    async with client_of(app) as http:
        http.base_url = httpx.URL("https://book.example")
        visitor = Visitor(http)
        page = await visitor.open(f"{address}/pay")
        first = payment_on(page)
        assert all(part in page.text for part in ENDS_WITH_THE_HOLD)
        paid = await visitor.send(f"{address}/pay", card="pm_card_visa")
        assert paid.status_code == 200, paid.text
        await steps.apply_payment_event()
        await steps.do("confirm", booking)
        assert visitor.links("/pay") == []
        assert (await visitor.open(f"{address}/pay")).url.path == address, "nothing to pay"
        await steps.decline_renewal(booking)
        page = await visitor.open(address)
        assert "Please enter your card again by" in visitor.alert()
        assert visitor.links("/pay") == [f"{address}/pay"]
        page = await visitor.open(f"{address}/pay")
        second = payment_on(page)
        assert not any(part in page.text for part in ENDS_WITH_THE_HOLD), "the time is the customer's, with or without"
        assert second != first
        assert payment_on(await visitor.open(f"{address}/pay")) == second
        page = await visitor.send(f"{address}/pay", card="pm_card_visa")
        assert page.status_code == 200, page.text
        assert await steps.status(second) == ("requires_payment", PaymentStatus.AUTHORIZED)
        await steps.apply_payment_event()
        assert await steps.status(first) == ("voided", PaymentStatus.VOIDED)
        await visitor.open(address)
        assert visitor.links("/pay") == []
    await steps.audited()


#: What the page of a hold has: the time that is left, and what goes away or appears at its end.
ENDS_WITH_THE_HOLD = ('class="countdown"', "data-until-end", "data-after-end")


def payment_on(page: Response) -> str:
    """The payment of the form."""
    [found] = re.findall(r'name="payment" value="([^"]+)"', page.text)
    return str(found)
