"""A salon's desk for tests: gives commands to the stores of change and looks at what they left."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from db.engine.context import Context
from db.engine.session import Database, Scope, UnitOfWork
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.payments.provider_events import ProviderEvent
from domain.payments.status import Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from domain.platform.actor import Actor, ActorKind
from tests.support.data import NOW, Salon, rows
from tests.support.past import PAST

_ids = count(1)


@dataclass(frozen=True, slots=True)
class Desk:
    """One salon, and the pool that its commands go through."""

    database: Database
    salon: Salon

    def command(self, booking_id: UUID, by: ActorKind = ActorKind.SYSTEM, **more: Any) -> BookingCommand:
        """A command with an id of its own unless ``command_id`` is given."""
        values = {"command_id": f"c{next(_ids)}", **more}
        return BookingCommand(booking_id, self.salon.business_id, actor_kind=by, **values)

    async def execute_command(self, verb: str, command: BookingCommand, now: datetime = NOW) -> BookingOutcome:
        """One transaction of ``ChangeStore``."""
        context = Context(actor=Actor(command.actor_kind, command.actor_id), request_id=command.command_id)
        async with self.database.unit_of_work(self.salon.scope, context) as work:
            outcome: BookingOutcome = await getattr(work.bookings.changes, verb)(command, now)
            return outcome

    async def do(
        self, verb: str, booking_id: UUID, by: ActorKind = ActorKind.SYSTEM, now: datetime = NOW, **more: Any
    ) -> BookingOutcome:
        """Executes a new command."""
        return await self.execute_command(verb, self.command(booking_id, by, **more), now)

    async def within(self, step: Callable[[UnitOfWork], Awaitable[Any]], scope: Scope | None = None) -> Any:
        """One step in a transaction of the salon's scope, or another."""
        async with self.database.unit_of_work(scope or self.salon.scope) as work:
            return await step(work)

    async def record(self, task: MoneyTask, **result: Any) -> PaymentView:
        """Record what the provider said to a task; it succeeded unless ``phase`` says otherwise."""
        said = MoneyResult(task.movement_id, **{"phase": Phase.SUCCEEDED, "intent_id": task.intent_id, **result})
        view: PaymentView = await self.within(lambda work: work.payments.record(task, said))
        return view

    async def receive(
        self, event_id: str, intent_id: str | None, event: ProviderEvent, at: datetime = NOW, kind: str = "event"
    ) -> UUID | None:
        """Put an event into the inbox; its row's id, or None when it was there before."""
        async with self.database.unit_of_work(Scope.platform()) as work:
            new = await work.payments.webhooks.receive("stripe", event_id, kind, intent_id, event, at)
        found = await rows(self.database, "SELECT id FROM payment_webhooks WHERE event_id = :id", id=event_id)
        return found[0]["id"] if new else None

    async def apply(self, webhook_id: UUID, now: datetime = NOW) -> Any:
        """Apply one row of the inbox."""
        return await self.within(lambda work: work.payments.webhooks.apply(webhook_id, now), Scope.platform())

    async def booking(self, booking_id: UUID) -> dict[str, Any]:
        """Its row."""
        return (await rows(self.database, "SELECT * FROM bookings WHERE id = :id", id=booking_id))[0]

    async def payment(self, payment_id: UUID) -> dict[str, Any]:
        """Its row."""
        return (await rows(self.database, "SELECT * FROM booking_payments WHERE id = :id", id=payment_id))[0]

    async def claims(self, booking_id: UUID) -> list[dict[str, Any]]:
        """Its live claims."""
        live = "SELECT * FROM resource_claims WHERE booking_id = :id AND released_at IS NULL ORDER BY starts_at"
        return await rows(self.database, live, id=booking_id)

    async def history(self, booking_id: UUID) -> list[tuple[str, str | None, str]]:
        """(event, from, to), oldest first."""
        found = await rows(
            self.database,
            "SELECT event, from_status, to_status FROM booking_history WHERE booking_id = :id ORDER BY id",
            id=booking_id,
        )
        return [(row["event"], row["from_status"], row["to_status"]) for row in found]

    async def notices(self, booking_id: UUID) -> list[tuple[str, str]]:
        """(kind, audience) of what is queued, sorted."""
        found = await rows(
            self.database, "SELECT kind, audience FROM notification_outbox WHERE booking_id = :id", id=booking_id
        )
        return sorted((row["kind"], row["audience"]) for row in found)

    async def ledger(self, payment_id: UUID) -> list[tuple[str, str, int]]:
        """(movement, phase, amount), oldest first."""
        found = await rows(
            self.database,
            "SELECT movement, phase, amount FROM payment_transactions WHERE payment_id = :id"
            " AND reason IS DISTINCT FROM :past ORDER BY id",
            id=payment_id,
            past=PAST,
        )
        return [(row["movement"], row["phase"], row["amount"]) for row in found]

    async def refunds(self, payment_id: UUID) -> list[tuple[str, int, str]]:
        """(status, amount, reason), oldest first."""
        found = await rows(
            self.database,
            "SELECT status, amount, reason FROM refunds WHERE payment_id = :id ORDER BY id",
            id=payment_id,
        )
        return [(row["status"], row["amount"], row["reason"]) for row in found]

    async def attention(self) -> list[str]:
        """Kinds of what was filed for a person about this salon, sorted."""
        filed = "SELECT kind FROM attention WHERE business_id = :id"
        return sorted(row["kind"] for row in await rows(self.database, filed, id=self.salon.business_id))

    async def outbox_commands(self, command: str) -> list[dict[str, Any]]:
        """Aggregate and payload of the outbox rows of this salon that carry ``command``, oldest first."""
        found = "SELECT aggregate, payload FROM outbox WHERE business_id = :id AND command = :command ORDER BY id"
        return await rows(self.database, found, id=self.salon.business_id, command=command)


def minutes(number: float) -> timedelta:
    """For readable tests."""
    return timedelta(minutes=number)
