"""Commands in the outbox, as the stores write them."""

from dataclasses import dataclass, field
from uuid import UUID

from pydantic import TypeAdapter

from db.engine.session import Database, Scope
from db.platform.outbox import PAYMENT_EVENT, START_BOOKING, Command
from domain.bookings.snapshot import BookingSnapshot

_SNAPSHOT = TypeAdapter(BookingSnapshot)


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
