"""Commands in the outbox, as the stores write them."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter
from temporalio.client import WorkflowHandle

from db.engine.session import Database, Scope
from db.platform.outbox import PAYMENT_EVENT, START_BOOKING, Command
from domain.bookings.snapshot import BookingSnapshot
from tests.support.servers import CONVERTER
from workers.outbox_relay import OutboxRelay

_SNAPSHOT = TypeAdapter(BookingSnapshot)
# Due now, or tried and put off because the server did not answer in time.
_UNDELIVERED = sa.text(
    "SELECT count(*) FROM outbox WHERE command IS NOT NULL AND delivered_at IS NULL AND failures = 0"
    "   AND (not_before <= now() OR attempts > 0)"
)


async def add(pool: Database, aggregate: str, command: str, payload: dict[str, object]) -> None:
    """One row."""
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.platform.outbox.add(command, aggregate, None, payload, command)


async def ask_to_start(pool: Database, booking: BookingSnapshot) -> None:
    """`booking.start`."""
    payload = {"booking": _SNAPSHOT.dump_python(booking, mode="json")}
    await add(pool, f"booking/{booking.booking_id}", START_BOOKING, payload)


async def add_payment_event(pool: Database, booking: BookingSnapshot, webhook_id: UUID) -> None:
    """`booking.payment_event`."""
    about = {"booking_id": booking.booking_id, "business_id": booking.business_id, "webhook_id": webhook_id}
    await add(pool, f"booking/{booking.booking_id}", PAYMENT_EVENT, about)


async def snapshot_of(pool: Database, business_id: UUID, booking_id: UUID) -> BookingSnapshot:
    """What its run starts with."""
    async with pool.unit_of_work(Scope.tenant(business_id)) as work:
        return await work.bookings.snapshot(booking_id)


async def deliver_all(relay: OutboxRelay, pool: Database) -> None:
    """Until the server has taken every row that is fit for delivery, however slow it answers: an answer that came late
    leaves its row to a later batch."""
    async with asyncio.timeout(60):
        while True:
            await relay.dispatch_batch()
            await relay.finish()
            async with pool.unit_of_work(Scope.platform()) as work:
                if not (await work.session.execute(_UNDELIVERED)).scalar_one():
                    return
            await asyncio.sleep(0.02)


async def signals_of(handle: WorkflowHandle[Any, Any], number: int) -> list[tuple[str, Any]]:
    """Name and message of the signals in the run's history, when it has so many. They are not in it at once where the
    run's first task was given to a worker of an earlier test that has ended: the server keeps signals aside until that
    task has timed out."""
    async with asyncio.timeout(60):
        while True:
            heard = []
            async for event in handle.fetch_history_events():
                if event.HasField("workflow_execution_signaled_event_attributes"):
                    said = event.workflow_execution_signaled_event_attributes
                    heard.append((said.signal_name, (await CONVERTER.decode(said.input.payloads))[0]))
            if len(heard) >= number:
                return heard
            await asyncio.sleep(0.1)


@dataclass
class Notebook:
    """A dispatcher that records what it was given; ``fails`` are the aggregates that it cannot deliver."""

    delivered: list[tuple[str, int]] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)

    async def deliver(self, command: Command) -> None:
        """See `OutboxDispatcher.deliver`."""
        if command.aggregate in self.fails:
            raise self.fails[command.aggregate]
        self.delivered.append((command.aggregate, int(command.payload["number"])))
