"""Money that comes late, twice, or wrong: one table of cases, each with every provider, over HTTP with the real SDKs
and with the webhooks that the provider sends. At the end our record is the provider's to the yen, or a person has an
attention item about the difference, and the audit finds nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.payments.refunds import BeginRefundInput, RecordRefundInput, RefundActivities
from db.engine.session import Database, Scope
from db.invariants import CHECKS, Limits
from domain.booking_status import BookingStatus
from domain.money import Money
from domain.payments.movements import metadata
from domain.payments.payment import Payment
from domain.payments.status import PaymentStatus
from providers.payments.domain_events import intent_event, provider_event
from providers.payments.interface import CaptureMethod, Intent, IntentRequest, WebhookEvent
from providers.payments.registry import payment_providers, webhook_receiver
from tests.providers.adapters import CARDS, RETURN_URL, AdapterCase, new_key
from tests.support import servers
from tests.support.data import NOW, add_booking, add_salon, opened, rows
from tests.support.desk import Desk
from tests.support.sandbox import Receiver, Sandbox, running_receiver, running_sandbox

AMOUNT = 6600
#: What the audit says about money.
ABOUT_MONEY = {"money", "refunds", "provider events"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest_asyncio.fixture
async def receiver(sandbox: Sandbox) -> AsyncIterator[Receiver]:
    sandbox.reset()
    async with running_receiver() as receiver:
        sandbox.target(stripe=receiver.url + "/stripe", payjp=receiver.url + "/payjp")
        yield receiver
        sandbox.target(stripe=None, payjp=None)


@pytest_asyncio.fixture(params=sorted(CARDS))
async def story(
    request: pytest.FixtureRequest, sandbox: Sandbox, receiver: Receiver, database: servers.Database
) -> AsyncIterator["Story"]:
    """A salon with an account at the provider, and a booking that is to be paid."""
    adapters = payment_providers(sandbox.settings(provider_timeout=timedelta(seconds=5)))
    case = AdapterCase(adapters[request.param], sandbox)
    async with opened(database) as pool:
        desk = Desk(pool, await add_salon(pool))
        await rows(
            pool,
            "UPDATE businesses SET payment_provider = :name WHERE id = :id",
            name=case.adapter.name,
            id=desk.salon.business_id,
        )
        booking_id = await add_booking(pool, desk.salon, status="pending", amount_due=AMOUNT, payment_mode="prepay")
        yield Story(desk, case, receiver, booking_id)
    for adapter in adapters.values():
        await adapter.aclose()


@dataclass
class Story:
    """One booking, its payment, and what the provider says about it."""

    desk: Desk
    case: AdapterCase
    receiver: Receiver
    booking_id: UUID
    heard: set[str] = field(default_factory=set)
    events: int = 0

    @property
    def pool(self) -> Database:
        return self.desk.database

    async def row(self) -> Payment:
        """The payment that the customer can make."""
        payment: Payment = await self.desk.within(lambda work: work.payments.openings.open_intent(self.booking_id, NOW))
        return payment

    async def intent(self, about: dict[str, str], amount: int = AMOUNT) -> Intent:
        """An intent at the provider, with a key of its own."""
        request = IntentRequest(Money(amount), CaptureMethod.AUTOMATIC, about)
        return await self.case.adapter.create_intent(request, str(uuid4()))

    def about(self, payment: Payment) -> dict[str, str]:
        return metadata(payment.id, payment.booking_id, payment.business_id)

    async def attach(self, payment: Payment, intent: Intent) -> None:
        event = intent_event(intent)
        await self.desk.within(lambda work: work.payments.attach_intent(payment.id, event, None))

    async def opened(self) -> tuple[Payment, Intent]:
        """The payment with its intent."""
        payment = await self.row()
        intent = await self.intent(self.about(payment))
        await self.attach(payment, intent)
        return payment, intent

    async def pay(self, intent: Intent) -> None:
        """The customer pays the whole amount."""
        card = self.case.card("good")
        seen = await self.case.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
        if seen.action_url is not None:
            self.case.answer(seen.action_url, "authorize")
            seen = await self.case.adapter.confirm_intent(intent.id, card, RETURN_URL, new_key())
        assert seen.captured == intent.amount

    async def hear(
        self, has_come: Callable[[WebhookEvent], bool], change: Callable[[WebhookEvent], WebhookEvent] = lambda one: one
    ) -> None:
        """Wait for an event, then take in all that came, newest first, and apply each one twice."""
        await self.receiver.wait_until(lambda: any(has_come(one) for one in self._new()))
        found = [change(one) for one in self._new()][::-1]
        self.heard |= {one.id for one in found}
        for one in found:
            async with self.pool.unit_of_work(Scope.platform()) as work:
                at = datetime.fromtimestamp(one.created, UTC)
                name = self.case.adapter.name
                await work.payments.webhooks.receive(name, one.id, one.type, one.intent_id, provider_event(one), at)
            [stored] = await rows(self.pool, "SELECT id FROM payment_webhooks WHERE event_id = :id", id=one.id)
            for _ in range(2):
                await self.desk.apply(stored["id"])

    def _new(self) -> list[WebhookEvent]:
        adapter, found = self.case.adapter, {}
        for took in self.receiver.received:
            if webhook_receiver({adapter.name: adapter}, took.path.strip("/"), took.body) is adapter:
                event = adapter.parse_webhook(took.body, took.headers)
                found[event.id] = event
        return [one for one in found.values() if one.id not in self.heard]

    async def hear_paid(self, intent: Intent, **more: Any) -> None:
        await self.hear(lambda one: one.intent_id == intent.id and bool(one.intent and one.intent.captured), **more)

    async def refund_all(self, payment: Payment) -> None:
        """What the runs of the requested refunds do."""
        refunds = RefundActivities(self.pool, {self.case.adapter.name: self.case.adapter}, lambda: NOW)
        for one in await self.desk.within(lambda work: work.payments.refunds.list_(payment.id)):
            task = await refunds.begin(BeginRefundInput(one.id, one.business_id, one.booking_id))
            if task is None:
                continue
            result = await _outside(refunds.perform)(task)
            await refunds.record(RecordRefundInput(one.id, one.business_id, task, result))

    async def equal(self, payment: Payment, intent: Intent) -> tuple[PaymentStatus, int, int]:
        """(status, captured, refunded): ours, which is the provider's to the yen."""
        ours = await self.desk.within(lambda work: work.payments.get(payment.id))
        theirs = await self.case.adapter.get_intent(intent.id)
        assert (ours.captured, ours.refunded) == (theirs.captured, theirs.refunded)
        return ours.status, ours.captured, ours.refunded

    async def attention(self) -> list[str]:
        """Kinds of the open items, also of those that no business is named in."""
        return sorted(one["kind"] for one in await rows(self.pool, "SELECT kind FROM attention"))

    async def audit(self) -> list[str]:
        """Kinds of what the audit finds about money, with nothing on its way any more."""
        none = timedelta(0)
        limits = Limits(none, none, none, none, none, none)
        at = datetime.now(UTC) + timedelta(seconds=1)
        async with self.pool.unit_of_work(Scope.platform()) as work:
            return [
                finding.kind
                for check in CHECKS
                if check.name in ABOUT_MONEY
                async for finding in work.invariants.run(check, at, limits)
            ]


def _outside(step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """An activity's method as the first try of a run."""
    return lambda task: ActivityEnvironment().run(step, task)


async def test_money_after_expiry_reinstates_the_booking(story: Story) -> None:
    payment, intent = await story.opened()
    await rows(story.pool, "UPDATE bookings SET status = 'expired' WHERE id = :id", id=story.booking_id)
    await rows(story.pool, "UPDATE resource_claims SET released_at = now(), holds_until = NULL")
    await story.pay(intent)
    await story.hear_paid(intent)
    outcome = await story.desk.do("reinstate_after_late_payment", story.booking_id)
    assert outcome.status is BookingStatus.CONFIRMED
    assert await story.equal(payment, intent) == (PaymentStatus.CAPTURED, AMOUNT, 0)
    assert (await story.attention(), await story.audit()) == ([], [])


async def test_money_after_expiry_goes_back_when_the_time_is_taken(story: Story) -> None:
    payment, intent = await story.opened()
    await rows(story.pool, "UPDATE bookings SET status = 'expired' WHERE id = :id", id=story.booking_id)
    await rows(story.pool, "UPDATE resource_claims SET released_at = now(), holds_until = NULL")
    await add_booking(story.pool, story.desk.salon)
    await story.pay(intent)
    await story.hear_paid(intent)
    outcome = await story.desk.do("reinstate_after_late_payment", story.booking_id)
    assert (outcome.status, outcome.refunding) == (BookingStatus.EXPIRED, AMOUNT)
    await story.refund_all(payment)
    await story.hear(lambda one: one.refund is not None)
    assert await story.equal(payment, intent) == (PaymentStatus.REFUNDED, AMOUNT, AMOUNT)
    assert (await story.attention(), await story.audit()) == ([], [])


async def test_payment_of_a_cancelled_booking_goes_back(story: Story) -> None:
    payment, intent = await story.opened()
    await story.pay(intent)
    await rows(
        story.pool,
        "UPDATE bookings SET status = 'cancelled', cancelled_by = 'customer', cancellation_penalty = 0 WHERE id = :id",
        id=story.booking_id,
    )
    await story.hear_paid(intent)
    outcome = await story.desk.do("reinstate_after_late_payment", story.booking_id)
    assert (outcome.status, outcome.refunding) == (BookingStatus.CANCELLED, AMOUNT)
    await story.refund_all(payment)
    await story.hear(lambda one: one.refund is not None)
    assert await story.equal(payment, intent) == (PaymentStatus.REFUNDED, AMOUNT, AMOUNT)
    assert (await story.attention(), await story.audit()) == ([], [])


async def test_second_intent_of_one_booking_is_for_a_person(story: Story) -> None:
    """The payment counts once; the money on the other intent is in the attention list."""
    payment, intent = await story.opened()
    other = await story.intent(story.about(payment))
    for one in (intent, other):
        await story.pay(one)
        await story.hear_paid(one)
    assert await story.equal(payment, intent) == (PaymentStatus.CAPTURED, AMOUNT, 0)
    assert await story.attention() == ["unmatched_payment"]
    [item] = await rows(story.pool, "SELECT details FROM attention")
    assert item["details"]["intent_id"] == other.id
    assert await story.audit() == []


async def test_payment_over_another_amount_is_for_a_person(story: Story) -> None:
    """The answer to the creation was lost, so that the event names the payment alone; the amount is not its own."""
    payment = await story.row()
    intent = await story.intent(story.about(payment), AMOUNT - 1600)
    await story.pay(intent)
    await story.hear_paid(intent)
    ours = await story.desk.within(lambda work: work.payments.get(payment.id))
    assert (ours.status, ours.captured) == (PaymentStatus.REQUIRES_PAYMENT, 0)
    assert await story.attention() == ["amount_mismatch"]
    [item] = await rows(story.pool, "SELECT details FROM attention")
    assert (item["details"]["expected"], item["details"]["got"]) == (AMOUNT, AMOUNT - 1600)
    assert await story.audit() == []


async def test_payment_in_another_currency_is_for_a_person(story: Story) -> None:
    payment, intent = await story.opened()
    await story.pay(intent)

    def dollars(event: WebhookEvent) -> WebhookEvent:
        return replace(event, intent=replace(event.intent, currency="USD")) if event.intent else event

    await story.hear_paid(intent, change=dollars)
    ours = await story.desk.within(lambda work: work.payments.get(payment.id))
    assert ours.captured == 0
    assert await story.attention() == ["amount_mismatch"]
    assert await story.audit() == []


async def test_refund_made_in_the_dashboard_is_counted(story: Story) -> None:
    payment, intent = await story.opened()
    await story.pay(intent)
    await story.hear_paid(intent)
    await story.desk.do("confirm", story.booking_id)
    for amount in (2600, 4000):
        before = len(story.heard)
        await story.case.adapter.create_refund(intent.id, amount, new_key(), {})
        await story.hear(lambda one: one.refund is not None)
        assert len(story.heard) > before
    assert await story.equal(payment, intent) == (PaymentStatus.REFUNDED, AMOUNT, AMOUNT)
    assert await story.desk.refunds(payment.id) == [("succeeded", 2600, "provider"), ("succeeded", 4000, "provider")]
    assert (await story.attention(), await story.audit()) == ([], [])


async def test_refund_made_in_the_dashboard_before_its_payment_is_known(story: Story) -> None:
    """All events come at once, the newest first: the refund waits for its capture."""
    payment, intent = await story.opened()
    await story.pay(intent)
    await story.case.adapter.create_refund(intent.id, AMOUNT, new_key(), {})
    await story.receiver.wait_until(lambda: any(one.intent and one.intent.captured for one in story._new()))
    await story.hear(lambda one: one.refund is not None)
    assert await story.equal(payment, intent) == (PaymentStatus.REFUNDED, AMOUNT, AMOUNT)
    open_ = await rows(story.pool, "SELECT kind FROM attention WHERE resolved_at IS NULL")
    assert (open_, await story.audit()) == ([], [])


async def test_webhook_before_the_answer_is_the_payments_own(story: Story) -> None:
    payment = await story.row()
    intent = await story.intent(story.about(payment))
    await story.pay(intent)
    await story.hear_paid(intent)
    await story.attach(payment, intent)
    assert await story.equal(payment, intent) == (PaymentStatus.CAPTURED, AMOUNT, 0)
    assert (await story.attention(), await story.audit()) == ([], [])


async def test_event_for_an_object_that_we_never_made_is_for_a_person(story: Story) -> None:
    payment = await story.row()
    other = await story.intent({"payment_id": str(uuid4()), "booking_id": str(uuid4())})
    await story.pay(other)
    await story.hear_paid(other)
    await story.case.adapter.create_refund(other.id, 100, new_key(), {})
    await story.hear(lambda one: one.refund is not None)
    assert {one["outcome"] for one in await _stored(story)} <= {"unmatched", "ignored"}
    assert await story.attention() == ["unmatched_payment"]
    ours = await story.desk.within(lambda work: work.payments.get(payment.id))
    assert (ours.status, ours.captured) == (PaymentStatus.REQUIRES_PAYMENT, 0)
    assert await story.audit() == []


async def _stored(story: Story) -> list[dict[str, Any]]:
    return await rows(story.pool, "SELECT intent_id, outcome FROM payment_webhooks")
