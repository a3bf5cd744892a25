"""What the platform's own stores write is clean in the auditor's eyes, way by way through a booking's life."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from db.bookings.commands.hold_request import HoldRequest
from db.engine.session import Database, Scope
from domain.bookings.commands import BookingOutcome
from domain.payments.movements import of_surplus
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult
from domain.platform.actor import ActorKind
from stack.audit import report
from tests.support import servers
from tests.support.data import HOUR, NOW, add_salon, opened, rows, single
from tests.support.desk import Desk

START = NOW + 30 * HOUR
CUSTOMER = ActorKind.CUSTOMER


class Counter(Desk):
    """A desk that also takes money."""

    async def hold(self) -> UUID:
        request = HoldRequest(single(self.salon.service_id), start_at=START, user_id=self.salon.user_id)
        async with self.database.unit_of_work(Scope.of("service", self.salon.service_id, self.salon.user_id)) as work:
            return (await work.bookings.holds.hold(request, NOW)).id

    async def open(self, booking_id: UUID) -> str:
        """An intent that can be paid."""
        name = f"pi_{uuid4().hex[:12]}"
        payment = await self.within(lambda work: work.payments.openings.open_intent(booking_id, NOW))
        fresh = IntentEvent(name, PaymentStatus.REQUIRES_PAYMENT, payment.amount, "JPY", 0)
        await self.within(lambda work: work.payments.attach_intent(payment.id, fresh, "secret"))
        return name

    async def receive_status(self, intent_id: str, status: PaymentStatus, captured: int = 0) -> None:
        """The provider's webhook, applied."""
        event = ProviderEvent(IntentEvent(intent_id, status, 6600, "JPY", captured))
        webhook_id = await self.receive(f"evt_{uuid4().hex}", intent_id, event)
        assert webhook_id is not None
        await self.apply(webhook_id)

    async def paid(self) -> tuple[UUID, str]:
        """A booking that is confirmed because it was paid."""
        booking_id = await self.hold()
        intent_id = await self.open(booking_id)
        await self.receive_status(intent_id, PaymentStatus.CAPTURED, 6600)
        await self.do("confirm", booking_id)
        return booking_id, intent_id

    async def authorized(self) -> tuple[UUID, str]:
        """A booking that is confirmed because a card promised its price."""
        booking_id = await self.hold()
        intent_id = await self.open(booking_id)
        await self.receive_status(intent_id, PaymentStatus.AUTHORIZED)
        await self.do("confirm", booking_id)
        return booking_id, intent_id

    async def settle(self, outcome: BookingOutcome) -> None:
        """Make the movement that the outcome asks for, and every refund that is on its way."""
        if task := outcome.money:
            done = {"status": PaymentStatus.VOIDED}
            if task.movement is Movement.CAPTURE:
                done = {"status": PaymentStatus.CAPTURED, "captured": task.amount, "authorized": task.amount_due}
            await self.record(task, **done)
        for start in await self.outbox_commands("refund.start"):
            refund_id = UUID(start["payload"]["refund_id"])
            if task := await self.within(lambda work, known=refund_id: work.payments.refunds.begin(known)):
                result = MoneyResult(task.movement_id, Phase.SUCCEEDED, provider_ref=f"re_{uuid4().hex}")
                await self.within(lambda work, known=refund_id, said=result: work.payments.refunds.record(known, said))


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with opened(database) as opened_pool:
        yield opened_pool


async def counter(pool: Database, **service: Any) -> Counter:
    return Counter(pool, await add_salon(pool, **service))


async def is_clean(pool: Database) -> None:
    found = await report.audit(pool, None, now=datetime.now(UTC) + 2 * HOUR)
    assert [violation.sentence for violation in found.violations] == []


async def completed(desk: Counter) -> None:
    booking_id, _ = await desk.paid()
    await desk.do("check_in", booking_id, ActorKind.STAFF, now=START)
    await desk.settle(await desk.do("complete", booking_id, now=START + HOUR))


async def completed_by_itself(desk: Counter) -> None:
    booking_id, _ = await desk.paid()
    await desk.settle(await desk.do("complete", booking_id, now=START + 2 * HOUR))


async def renewed(desk: Counter) -> None:
    booking_id, intent_id = await desk.authorized()
    task = (await desk.do("begin_renewal", booking_id)).money
    assert task is not None
    new = f"pi_{uuid4().hex[:12]}"
    made = MoneyResult(task.movement_id, Phase.SUCCEEDED, PaymentStatus.AUTHORIZED, new, 6600, authorized_until=START)
    await desk.within(lambda work: work.payments.renewals.record_renewal(task, made, NOW))
    gone_at_provider = IntentEvent(intent_id, PaymentStatus.VOIDED, 6600, "JPY", 0, payment_id=task.payment_id)
    await desk.receive(f"evt_{uuid4().hex}", intent_id, ProviderEvent(gone_at_provider))
    void = replace(task, movement=Movement.VOID, movement_id=of_surplus(task.movement_id))
    gone = MoneyResult(void.movement_id, Phase.SUCCEEDED, PaymentStatus.VOIDED, intent_id)
    await desk.within(lambda work: work.payments.renewals.record_surplus(void, gone))
    await desk.settle(await desk.do("complete", booking_id, now=START + 2 * HOUR))


async def renewal_declined(desk: Counter) -> None:
    booking_id, intent_id = await desk.authorized()
    task = (await desk.do("begin_renewal", booking_id)).money
    assert task is not None
    no = MoneyResult(task.movement_id, Phase.FAILED, PaymentStatus.AUTHORIZED, intent_id, reason="expired_card")
    await desk.within(lambda work: work.payments.renewals.record_renewal(task, no, NOW))
    await desk.receive_status(intent_id, PaymentStatus.VOIDED)
    await desk.do("complete", booking_id, now=START + 2 * HOUR)


async def moved(desk: Counter) -> None:
    booking_id, _ = await desk.paid()
    await desk.do("reschedule", booking_id, CUSTOMER, start_at=START + 3 * HOUR)


async def cancelled_with_a_penalty(desk: Counter) -> None:
    booking_id, _ = await desk.paid()
    outcome = await desk.do("cancel", booking_id, CUSTOMER)
    assert (outcome.penalty, outcome.refunding) == (3300, 3300)
    await desk.settle(outcome)


async def cancelled_and_still_on_its_way(desk: Counter) -> None:
    booking_id, _ = await desk.paid()
    await desk.do("cancel", booking_id, ActorKind.STAFF)


async def stayed_away(desk: Counter) -> None:
    booking_id, _ = await desk.paid()
    await desk.settle(await desk.do("no_show", booking_id, ActorKind.STAFF, now=START + HOUR))


async def stayed_away_and_forgiven(desk: Counter) -> None:
    booking_id, _ = await desk.paid()
    await desk.settle(await desk.do("no_show", booking_id, ActorKind.STAFF, now=START + HOUR, waive_penalty=True))


async def undoable(desk: Counter) -> tuple[UUID, str]:
    """A paid booking of a business whose steps can be undone for a day."""
    setting = "UPDATE business_settings SET undo_within = interval '1 day' WHERE business_id = :id"
    await rows(desk.database, setting, id=desk.salon.business_id)
    return await desk.paid()


async def stayed_away_and_not_final_yet(desk: Counter) -> None:
    booking_id, _ = await undoable(desk)
    await desk.do("no_show", booking_id, ActorKind.STAFF, now=START + HOUR)


async def stayed_away_undone_and_completed(desk: Counter) -> None:
    booking_id, _ = await undoable(desk)
    await desk.do("no_show", booking_id, ActorKind.STAFF, now=START)
    await desk.do("undo", booking_id, ActorKind.STAFF, now=START)
    await desk.do("check_in", booking_id, ActorKind.STAFF, now=START)
    await desk.do("complete", booking_id, ActorKind.STAFF, now=START)
    await desk.settle(await desk.do("settle_ending", booking_id, now=START + 24 * HOUR))


async def expired(desk: Counter) -> None:
    booking_id = await desk.hold()
    await desk.open(booking_id)
    after = NOW + timedelta(minutes=11)
    await desk.settle(await desk.do("begin_expiry", booking_id, now=after))
    await desk.do("expire", booking_id, now=after)


async def paid_too_late_for_a_free_time(desk: Counter) -> None:
    booking_id = await desk.hold()
    intent_id = await desk.open(booking_id)
    await desk.within(lambda work: work.bookings.changes.sweep([booking_id], NOW + HOUR))
    await desk.receive_status(intent_id, PaymentStatus.CAPTURED, 6600)
    assert (await desk.do("reinstate_after_late_payment", booking_id, now=NOW + HOUR)).status == "confirmed"


async def paid_too_late_for_a_visit_that_began(desk: Counter) -> None:
    booking_id = await desk.hold()
    intent_id = await desk.open(booking_id)
    await desk.within(lambda work: work.bookings.changes.sweep([booking_id], NOW + HOUR))
    await desk.receive_status(intent_id, PaymentStatus.CAPTURED, 6600)
    await desk.settle(await desk.do("reinstate_after_late_payment", booking_id, now=START))


WAYS: list[Callable[[Counter], Awaitable[None]]] = [
    completed,
    completed_by_itself,
    moved,
    cancelled_with_a_penalty,
    cancelled_and_still_on_its_way,
    stayed_away,
    stayed_away_and_forgiven,
    stayed_away_and_not_final_yet,
    stayed_away_undone_and_completed,
    expired,
    paid_too_late_for_a_free_time,
    paid_too_late_for_a_visit_that_began,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_prepaid_booking_passes_the_audit(pool: Database, way: Callable[[Counter], Awaitable[None]]) -> None:
    await way(await counter(pool, payment_mode="prepay"))
    await is_clean(pool)


@pytest.mark.parametrize(
    ("verb", "by", "now"),
    [
        ("complete", ActorKind.SYSTEM, START + 2 * HOUR),
        ("no_show", ActorKind.STAFF, START + HOUR),
        ("cancel", CUSTOMER, NOW),
        ("cancel", ActorKind.STAFF, NOW),
    ],
)
async def test_card_that_is_authorized_passes_the_audit(
    pool: Database, verb: str, by: ActorKind, now: datetime
) -> None:
    desk = await counter(pool, payment_mode="card_hold")
    booking_id = await desk.hold()
    await desk.receive_status(await desk.open(booking_id), PaymentStatus.AUTHORIZED)
    await desk.do("confirm", booking_id)
    await is_clean(pool)
    outcome = await desk.do(verb, booking_id, by, now=now)
    await is_clean(pool)  # the movement is intended
    await desk.settle(outcome)
    await is_clean(pool)


@pytest.mark.parametrize("way", [renewed, renewal_declined], ids=lambda way: way.__name__)
async def test_card_whose_authorization_lapses_passes_the_audit(
    pool: Database, way: Callable[[Counter], Awaitable[None]]
) -> None:
    await way(await counter(pool, payment_mode="card_hold"))
    await is_clean(pool)


@pytest.mark.parametrize("verb", ["approve", "decline"])
async def test_booking_that_asks_for_approval_passes_the_audit(pool: Database, verb: str) -> None:
    desk = await counter(pool, payment_mode="prepay", approval_mode="manual")
    booking_id = await desk.hold()
    await desk.receive_status(await desk.open(booking_id), PaymentStatus.CAPTURED, 6600)
    assert (await desk.do("await_approval", booking_id)).status == "pending"
    await desk.settle(await desk.do(verb, booking_id, ActorKind.STAFF))
    await is_clean(pool)


async def test_booking_that_is_paid_at_the_venue_passes_the_audit(pool: Database) -> None:
    desk = await counter(pool)
    booking_id = await desk.hold()
    await desk.do("cancel", booking_id, CUSTOMER)
    await desk.hold()
    await is_clean(pool)
