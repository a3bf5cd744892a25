"""The messages of a booking's workflow. Histories contain these names: do not rename them once deployed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.bookings.snapshot import BookingSnapshot
from domain.payments.tasks import PaymentView
from workflows.bookings.booking.next_step import NextStep
from workflows.support import options

WORKFLOW = "booking"

# Updates: a person's command; argument `domain.bookings.commands.BookingCommand`, answer `BookingOutcome`.
CONFIRM = "confirm"
PROVE_CONTACT = "prove_contact"
DECLINE = "decline"
CANCEL = "cancel"
RESCHEDULE = "reschedule"
CHECK_IN = "check_in"
COMPLETE = "complete"
NO_SHOW = "no_show"
UNDO = "undo"

# Signals: events sent by programs.
PAYMENT_EVENT = "payment_event"
STRANDED = "stranded"
MOVE_MONEY = "move_money"

# Queries: for support.
STATE = "state"


@dataclass(frozen=True)
class CarriedState:
    """The part of `BookingState` that a run passes to the run that continues it, beside the booking itself."""

    payment: PaymentView | None
    hold_settled: bool
    money_is_late: bool
    expects_events: bool
    armed_at: datetime
    done: tuple[NextStep, ...]
    was_secured: bool
    late_is_settled: bool
    needs_attention: bool
    seen: tuple[UUID, ...]
    undone_at: datetime | None = None
    card_due: datetime | None = None


@dataclass(frozen=True)
class BookingInput:
    """``resumed``: an earlier run of this booking has ended and an event came afterwards (late money, a dispute).
    ``carried``: this run continues an earlier one with a long history. A run does so after ``messages_per_run``
    commands and events, or when the server suggests it."""

    booking: BookingSnapshot
    resumed: bool = False
    carried: CarriedState | None = None
    messages_per_run: int = options.MESSAGES_PER_RUN


@dataclass(frozen=True)
class PaymentEventInput:
    """A stored webhook event is to be applied. ``webhook_id`` is its key; a repeated signal changes nothing."""

    webhook_id: UUID


@dataclass(frozen=True)
class MoveMoneyInput:
    """A person has ordered a movement of money; the ledger has it as intended under this id."""

    movement_id: str


@dataclass(frozen=True)
class StrandedInput:
    """The business cannot keep the time, and the customer chose no other time before the deadline."""

    reaccommodation_id: UUID


@dataclass(frozen=True)
class BookingRunState:
    """Answer of the ``state`` query."""

    stage: str
    status: str
    waiting_until: str | None
    paid: bool
    approved: bool
