"""Random lives of a booking, with a provider whose events come late, twice and in any order: whatever happened, once
everything is delivered the auditor finds nothing.

The seeds are fixed; a failing one names its steps.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from activities.payments.payments import PaymentActivities, RecordInput
from activities.payments.refunds import BeginRefundInput, RecordRefundInput, RefundActivities
from db.bookings.tables import BookingHistory
from db.engine.session import Scope
from db.invariants import CHECKS, Limits
from domain.booking_status import FINAL, BookingStatus
from domain.bookings.commands import BookingOutcome
from domain.errors import DomainError
from domain.payments.movements import metadata
from domain.payments.provider_events import IntentEvent, ProviderEvent, RefundEvent
from domain.payments.status import SECURED, PaymentStatus, RefundStatus
from domain.payments.tasks import MoneyTask
from domain.platform.actor import ActorKind
from tests.activities.payments.memory_provider import MemoryProvider
from tests.support import sampling, servers
from tests.support.data import HOUR, NOW, add, add_booking, add_salon, opened, rows
from tests.support.desk import Desk

NONE_LEFT = Limits(*[timedelta(0)] * 6)
CHECKED = {"double claims", "claims of bookings", "history", "money", "refunds"}
PAYABLE = {PaymentStatus.REQUIRES_PAYMENT, PaymentStatus.FAILED}


@dataclass
class Walk:
    """One booking on its way. ``said`` are events that did not arrive yet, ``money`` tasks that were not made."""

    desk: Desk
    provider: MemoryProvider
    dice: random.Random
    booking_id: UUID
    start_at: datetime
    manual: bool
    now: datetime = NOW
    said: list[tuple[str, ProviderEvent, datetime]] = field(default_factory=list)
    money: list[MoneyTask] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    async def step(self) -> None:
        """Something happens."""
        self.now += timedelta(minutes=self.dice.choice([0, 0, 1, 5, 60, 60 * 24]))
        name = self.dice.choice(
            [
                "open",
                "open",
                "pay",
                "pay",
                "refuse",
                "apply_payment_event",
                "apply_payment_event",
                "move",
                "refund",
                "by_hand",
                "command",
                "command",
            ]
        )
        self.steps.append(name)
        await getattr(self, name)()

    async def open(self) -> None:
        """The customer asks to pay."""
        try:
            payment = await self.desk.within(lambda work: work.payments.openings.open_intent(self.booking_id, self.now))
        except DomainError:
            return
        if payment.provider_intent_id is None:
            name = f"pi_{uuid4().hex}"
            self.provider.put(name, PaymentStatus.REQUIRES_PAYMENT)
            about = metadata(payment.id, self.booking_id, self.desk.salon.business_id)
            self.provider.intents[name] = replace(self.provider.intents[name], metadata=about)
            await self.desk.within(lambda work: work.payments.attach_intent(payment.id, self._event(name), "s"))

    async def pay(self) -> None:
        """The customer pays, at the provider."""
        for name, intent in self.provider.intents.items():
            if intent.status in PAYABLE:
                paid = PaymentStatus.AUTHORIZED if self.manual else PaymentStatus.CAPTURED
                captured = 0 if self.manual else intent.amount
                self.provider.intents[name] = replace(intent, status=paid, captured=captured)
                self._say(name, ProviderEvent(intent=self._event(name)))

    async def refuse(self) -> None:
        """The card is declined."""
        for name, intent in self.provider.intents.items():
            if intent.status in PAYABLE:
                self.provider.intents[name] = replace(intent, status=PaymentStatus.FAILED)
                self._say(name, ProviderEvent(intent=self._event(name)))

    async def by_hand(self) -> None:
        """Somebody gives a hundred yen back at the provider."""
        if self.dice.random() > 0.3:
            return
        for name, intent in self.provider.intents.items():
            if intent.captured - intent.refunded >= 100:
                self.provider.intents[name] = replace(intent, refunded=intent.refunded + 100)
                refund = RefundEvent(f"re_hand_{uuid4().hex}", RefundStatus.SUCCEEDED, 100)
                self._say(name, ProviderEvent(refund=refund))

    async def apply_payment_event(self) -> None:
        """Events arrive, any of them, sometimes twice."""
        if not self.said:
            return
        name, event, at = self.said.pop(self.dice.randrange(len(self.said)))
        webhook_id = await self.desk.receive(f"evt_{uuid4().hex}", name, event, at)
        assert webhook_id is not None
        for _ in range(self.dice.choice([1, 1, 2])):
            _, status, payment = await self.desk.apply(webhook_id)
        if payment is not None and payment.status in SECURED and status in FINAL:
            await self._execute("reinstate_after_late_payment", ActorKind.SYSTEM)

    async def move(self) -> None:
        """A movement is made at the provider, sometimes recorded twice."""
        if not self.money:
            return
        task = self.money.pop(0)
        steps = PaymentActivities(self.desk.database, {"stripe": self.provider}, lambda: self.now)
        result = await steps.perform(task)
        if task.intent_id is not None:
            self._say(task.intent_id, ProviderEvent(intent=self._event(task.intent_id)))
        for _ in range(self.dice.choice([1, 2])):
            view = await steps.record(RecordInput(task, result))
        booking = await self.desk.booking(self.booking_id)
        if view.status in SECURED and booking["status"] in FINAL:
            await self._execute("reinstate_after_late_payment", ActorKind.SYSTEM)

    async def refund(self) -> None:
        """A refund is carried out; its event follows, or comes first."""
        found = await rows(
            self.desk.database,
            "SELECT id FROM refunds WHERE booking_id = :id AND status IN ('requested', 'processing') LIMIT 1",
            id=self.booking_id,
        )
        if not found:
            return
        steps = RefundActivities(self.desk.database, {"stripe": self.provider}, lambda: self.now)
        business_id = self.desk.salon.business_id
        task = await steps.begin(BeginRefundInput(found[0]["id"], business_id, self.booking_id))
        assert task is not None
        assert task.intent_id is not None
        result = await steps.perform(task)
        if result.provider_ref is not None:
            done = RefundEvent(result.provider_ref, RefundStatus.SUCCEEDED, task.amount, found[0]["id"])
            self._say(task.intent_id, ProviderEvent(refund=done))
        if result.provider_ref is None or self.dice.random() < 0.7:
            await steps.record(RecordRefundInput(found[0]["id"], business_id, task, result))

    async def command(self) -> None:
        """Somebody wants something."""
        verb, by, more = self.dice.choice(
            [
                *[("confirm", ActorKind.SYSTEM, {})] * 6,
                *[("check_in", ActorKind.STAFF, {})] * 3,
                *[("complete", ActorKind.SYSTEM, {})] * 2,
                *[("no_show", ActorKind.STAFF, {})] * 2,
                ("begin_expiry", ActorKind.SYSTEM, {}),
                ("await_approval", ActorKind.SYSTEM, {}),
                ("approve", ActorKind.STAFF, {}),
                ("decline", ActorKind.STAFF, {}),
                ("cancel", ActorKind.CUSTOMER, {}),
                ("cancel", ActorKind.STAFF, {}),
                ("reschedule", ActorKind.CUSTOMER, {"start_at": self.start_at + self.dice.randrange(1, 9) * HOUR}),
                ("sweep", ActorKind.SYSTEM, {}),
            ]
        )
        self.steps[-1] = verb
        if verb == "sweep":
            await self.desk.within(lambda work: work.bookings.changes.sweep([self.booking_id], self.now))
            return
        await self._execute(verb, by, **more)

    async def end(self) -> None:
        """Everything is delivered, and a hold that is over is settled with the provider."""
        for _ in range(40):
            await self.apply_payment_event()
            await self.move()
            await self.refund()
            booking = await self.desk.booking(self.booking_id)
            if booking["status"] in {BookingStatus.PENDING, BookingStatus.EXPIRED}:
                outcome = await self._execute("begin_expiry", ActorKind.SYSTEM)
                secured = outcome and outcome.payment and outcome.payment.status in SECURED
                if secured and booking["status"] == BookingStatus.PENDING:
                    await self._execute("decline" if booking["needs_approval"] else "confirm", ActorKind.SYSTEM)
        assert not self.said
        assert not self.money

    async def _execute(self, verb: str, by: ActorKind, **more: Any) -> BookingOutcome | None:
        command = self.desk.command(self.booking_id, by, **more)
        try:
            outcome = await self.desk.execute_command(verb, command, self.now)
            if self.dice.random() < 0.3:
                assert await self.desk.execute_command(verb, command, self.now) == outcome or outcome.money is None
        except DomainError:
            return None
        if outcome.money is not None:
            self.money.append(outcome.money)
        return outcome

    def _say(self, name: str, event: ProviderEvent) -> None:
        self.said.append((name, event, self.now))

    def _event(self, name: str) -> IntentEvent:
        intent = self.provider.intents[name]
        return IntentEvent(name, intent.status, intent.amount, intent.currency, intent.captured)


@pytest.mark.parametrize("seed", range(4) if sampling.is_whole() else range(2))
async def test_random_walks_lose_no_yen(database: servers.Database, seed: int) -> None:
    dice = random.Random(seed)
    async with opened(database) as pool:
        desk = Desk(pool, await add_salon(pool))
        walks = []
        for number in range(8):
            manual = dice.random() < 0.5
            start_at = NOW + timedelta(days=2 + 2 * number)
            booking_id = await add_booking(
                pool,
                desk.salon,
                start_at,
                status="pending",
                amount_due=6600,
                payment_mode="card_hold" if manual else "prepay",
                needs_approval=dice.random() < 0.2,
                hold_expires_at=NOW + 3 * HOUR,
            )
            held = {"event": "held", "to_status": "pending", "actor_kind": "customer"}
            await add(pool, BookingHistory, business_id=desk.salon.business_id, booking_id=booking_id, **held)
            walk = Walk(desk, MemoryProvider(), dice, booking_id, start_at, manual)
            await walk.open()
            for _ in range(16):
                await walk.step()
            await walk.end()
            walks.append(walk)
        async with pool.unit_of_work(Scope.platform()) as work:
            later = datetime.now(NOW.tzinfo) + timedelta(days=400)
            found = [
                finding
                for check in CHECKS
                if check.name in CHECKED
                async for finding in work.invariants.run(check, later, NONE_LEFT)
            ]
        steps = {str(walk.booking_id): walk.steps for walk in walks}
        assert [(one.kind, one.facts, steps.get(one.ids.get("booking_id", ""))) for one in found] == []
