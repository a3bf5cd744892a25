"""How a booking's run is started and signalled."""

from dataclasses import dataclass
from uuid import UUID

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from db import open_rows
from db.engine.session import Database, Scope
from db.open_rows import OpenRow
from db.platform.outbox import CANCEL_STRANDED, MOVE_MONEY, PAYMENT_EVENT, START_BOOKING
from domain.bookings.snapshot import BookingSnapshot
from domain.payments.status import SECURED
from workflows.bookings.booking import messages
from workflows.bookings.booking.stages import stage_of
from workflows.start import ProcessSignal, ProcessStart, Restored
from workflows.support import ids, queues
from workflows.support.priorities import MONEY, business_key
from workflows.support.search_attributes import BOOKING_ID, BUSINESS_ID, STAGE, STARTS_AT


@dataclass(frozen=True)
class PaymentEvent:
    """Payload of ``booking.payment_event``: a stored webhook event that concerns this booking."""

    booking_id: UUID
    business_id: UUID
    webhook_id: UUID


@dataclass(frozen=True)
class OrderedMovement:
    """Payload of ``booking.move_money``: a capture or void that a manager has ordered."""

    booking_id: UUID
    business_id: UUID
    movement_id: str


@dataclass(frozen=True)
class StrandedBooking:
    """Payload of ``booking.cancel_stranded``: the customer chose no other time before the deadline."""

    reaccommodation_id: UUID
    business_id: UUID
    booking_id: UUID


async def _resumed(
    about: PaymentEvent | StrandedBooking | OrderedMovement, database: Database
) -> messages.BookingInput:
    async with database.unit_of_work(Scope.tenant(about.business_id)) as work:
        return messages.BookingInput(await work.bookings.snapshot(about.booking_id), resumed=True)


async def _restored(row: OpenRow, database: Database) -> Restored[messages.BookingInput]:
    """What the lost run had: the payment that counts, the reminders that are still to come, and the movements of money
    that were asked for and have no outcome. Reminders that were sent are not sent again by their activity."""
    async with database.unit_of_work(Scope.platform()) as work:
        booking = await work.bookings.snapshot(row.id)
        payment_id = await work.open_rows.current_payment(row.id)
        payment = None if payment_id is None else await work.payments.view(payment_id)
        armed_at = await work.open_rows.armed_at(row.id)
        ordered = await work.open_rows.ordered_money(row.id)
    carried = messages.CarriedState(
        payment=payment,
        hold_settled=not booking.amount_due,
        money_is_late=False,
        expects_events=False,
        armed_at=armed_at,
        done=(),
        was_secured=payment is not None and payment.status in SECURED,
        late_is_settled=False,
        needs_attention=False,
        seen=(),
        card_due=booking.card_due,
    )
    signals = [(messages.MOVE_MONEY, messages.MoveMoneyInput(movement_id)) for movement_id in ordered]
    return Restored(messages.BookingInput(booking, resumed=True, carried=carried), signals)


def attributes_of(booking: BookingSnapshot) -> TypedSearchAttributes:
    """Search attributes that are set at the start, where they are no extra billable action."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(BUSINESS_ID, str(booking.business_id)),
            SearchAttributePair(BOOKING_ID, str(booking.booking_id)),
            SearchAttributePair(STAGE, stage_of(booking)),
            SearchAttributePair(STARTS_AT, booking.start_at),
        ]
    )


def summary_of(booking: BookingSnapshot) -> str:
    """One line for the list of runs: code, start and money, nothing about a person."""
    return (
        f"{booking.code}, starts {booking.start_at:%Y-%m-%d %H:%M} UTC, "
        f"{booking.payment_mode} {booking.amount_due} of {booking.price} {booking.currency}"
    )


START = ProcessStart(
    command=START_BOOKING,
    workflow=messages.WORKFLOW,
    payload=messages.BookingInput,
    queue=queues.BOOKINGS,
    workflow_id=lambda start: ids.booking(start.booking.booking_id),
    attributes=lambda start: attributes_of(start.booking),
    summary=lambda start: summary_of(start.booking),
    fairness_key=lambda start: business_key(start.booking.business_id),
    priority=lambda start: MONEY,
    open_rows=open_rows.BOOKINGS,
    restore=_restored,
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

ORDERS = ProcessSignal(
    command=MOVE_MONEY,
    payload=OrderedMovement,
    signal=messages.MOVE_MONEY,
    workflow_id=lambda order: ids.booking(order.booking_id),
    message=lambda order: messages.MoveMoneyInput(order.movement_id),
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
