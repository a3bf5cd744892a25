"""How a booking's run is started and signalled."""

from dataclasses import dataclass
from uuid import UUID

from db.engine.session import Database, Scope
from db.platform.outbox import CANCEL_STRANDED, PAYMENT_EVENT, START_BOOKING
from workflows.bookings.booking import messages
from workflows.bookings.booking.start import attributes_of, summary_of
from workflows.start import ProcessSignal, ProcessStart
from workflows.support import ids, queues


@dataclass(frozen=True)
class PaymentEvent:
    """Payload of ``booking.payment_event``: a row of the inbox that concerns this booking."""

    booking_id: UUID
    business_id: UUID
    webhook_id: UUID


@dataclass(frozen=True)
class StrandedBooking:
    """Payload of ``booking.cancel_stranded``: nobody chose another time until the deadline."""

    reaccommodation_id: UUID
    business_id: UUID
    booking_id: UUID


async def _resumed(about: PaymentEvent | StrandedBooking, database: Database) -> messages.BookingInput:
    async with database.unit_of_work(Scope.tenant(about.business_id)) as work:
        return messages.BookingInput(await work.bookings.snapshot(about.booking_id), resumed=True)


START = ProcessStart(
    command=START_BOOKING,
    workflow=messages.WORKFLOW,
    payload=messages.BookingInput,
    queue=queues.BOOKINGS,
    workflow_id=lambda start: ids.booking(start.booking.booking_id),
    attributes=lambda start: attributes_of(start.booking),
    summary=lambda start: summary_of(start.booking),
)

PAYMENT_EVENTS = ProcessSignal(
    command=PAYMENT_EVENT,
    payload=PaymentEvent,
    signal=messages.PAYMENT_EVENT,
    workflow_id=lambda event: ids.booking(event.booking_id),
    message=lambda event: messages.PaymentEventInput(event.webhook_id),
    process=START,
    restart=_resumed,
)

STRANDED = ProcessSignal(
    command=CANCEL_STRANDED,
    payload=StrandedBooking,
    signal=messages.STRANDED,
    workflow_id=lambda about: ids.booking(about.booking_id),
    message=lambda about: messages.StrandedInput(about.reaccommodation_id),
    process=START,
    restart=_resumed,
)
