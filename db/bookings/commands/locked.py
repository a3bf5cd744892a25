"""A booking under its lock, and the values that one change of it writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from db.bookings.commands.notices import Message
from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.decisions import BookingFacts, KeptPenalty
from domain.bookings.undo import undo_until
from domain.catalogue.cancellation import Policy
from domain.payments.payment import Payment
from domain.payments.refunds import RefundReason
from domain.payments.settlement import Settlement
from domain.payments.status import SECURED, Movement
from domain.payments.tasks import MoneyTask
from domain.payments.without_card import CardDeadline, WithoutCard, deadline_after_move, known_deadline


@dataclass(frozen=True, slots=True)
class Locked:
    """A booking under its lock, with its current payment. ``on_the_way``: requested refunds without an outcome.
    ``is_stranded``: the business cannot keep it and has offered another time. ``undo_within`` and
    ``review_request_days``: the business's settings, the latter None where nobody is asked for a review;
    ``without_card`` another one. ``card_due_cancels``: None for a deadline from before that was stored."""

    id: UUID
    business_id: UUID
    status: BookingStatus
    start_at: datetime
    end_at: datetime
    version: int
    price: int
    amount_due: int
    currency: str
    needs_approval: bool
    policy: Mapping[str, Any]
    hold_expires_at: datetime | None
    approval_deadline: datetime | None
    proof_deadline: datetime | None
    is_provisional: bool
    cancellation_penalty: int | None
    moves: int
    kept_penalty_percent: int
    kept_penalty_until: datetime | None
    time_zone: str
    undo_until: datetime | None = None
    undo_to: BookingStatus | None = None
    card_due: datetime | None = None
    card_due_cancels: bool | None = None
    payment: Payment | None = None
    on_the_way: int = 0
    is_stranded: bool = False
    undo_within: timedelta = timedelta()
    review_request_days: int | None = None
    without_card: WithoutCard = WithoutCard.KEEP

    def facts(self) -> BookingFacts:
        """The facts for the decisions of `domain.bookings.decisions`."""
        return BookingFacts(
            status=self.status,
            start_at=self.start_at,
            price=self.price,
            currency=self.currency,
            policy=Policy.from_json(self.policy),
            payment=self.payment.view() if self.payment else None,
            time_zone=self.time_zone,
            refunds_in_progress=self.on_the_way,
            is_stranded=self.is_stranded,
            amount_due=self.amount_due,
            penalty_charged=self.cancellation_penalty or 0,
            needs_approval=self.needs_approval,
            hold_expires_at=self.hold_expires_at,
            approval_deadline=self.approval_deadline,
            proof_deadline=self.proof_deadline,
            is_provisional=self.is_provisional,
            moves=self.moves,
            kept_penalty=self.kept_penalty,
            undo_until=self.undo_until,
            undo_to=self.undo_to,
        )

    @property
    def is_secured(self) -> bool:
        """The requested money is captured or authorized."""
        return self.payment is not None and self.payment.status in SECURED

    @property
    def card_deadline(self) -> CardDeadline | None:
        """By when the customer must give another card, and what the message says about it; None where none is asked
        for."""
        if self.card_due is None:
            return None
        return known_deadline(self.card_due, self.card_due_cancels, self.without_card, self.start_at)

    @property
    def kept_penalty(self) -> KeptPenalty:
        """The penalty that is stored from the customer's moves."""
        return KeptPenalty(self.kept_penalty_percent, self.kept_penalty_until)

    def outcome(self, money: MoneyTask | None = None) -> BookingOutcome:
        """Its present state, unchanged."""
        return BookingOutcome(
            booking_id=self.id,
            status=self.status,
            start_at=self.start_at,
            end_at=self.end_at,
            version=self.version,
            hold_expires_at=self.hold_expires_at if self.status is BookingStatus.PENDING else None,
            payment=self.payment.view() if self.payment else None,
            money=money,
            approval_deadline=self.approval_deadline if self.status is BookingStatus.PENDING else None,
            proof_deadline=self.proof_deadline,
            undo_until=self.undo_until,
            card_due=self.card_due,
        )


def amounts(booking: Locked, settlement: Settlement) -> dict[str, Any]:
    """The facts of a message about an end: the fee, the refund, and the amount released on a card."""
    voided = settlement.movement is Movement.VOID
    return {
        "penalty": settlement.retained,
        "refund": settlement.refund,
        "release": settlement.amount if voided else 0,
        "currency": booking.currency,
    }


@dataclass(frozen=True, slots=True)
class Change:
    """The values to write. ``event`` is its name in history and outbox; ``to`` may be the present status.

    ``settlement`` says what happens to the money, ``refund_reason`` is the reason of a refund. ``penalty`` is the fee
    for the booking's end (None: no decision was made about it). ``proves_contact``: the address was
    shown to be the customer's. ``undo_until``: the step can be undone until then, to ``undo_to``.
    """

    event: str
    to: BookingStatus
    hold_expires_at: datetime | None
    approval_deadline: datetime | None
    start_at: datetime
    end_at: datetime
    version: int
    proof_deadline: datetime | None = None
    proves_contact: bool = False
    settlement: Settlement = field(default_factory=Settlement)
    refund_reason: RefundReason = RefundReason.REQUESTED
    penalty: int | None = None
    moves: int = 0
    kept_penalty: KeptPenalty = field(default_factory=KeptPenalty)
    details: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    undo_until: datetime | None = None
    undo_to: BookingStatus | None = None

    def card_deadline_of(self, booking: Locked, now: datetime) -> CardDeadline | None:
        """By when the customer must give another card after the change. None where a booking without a card becomes
        pending: it has to be paid like a new one."""
        known = booking.card_deadline
        if known is None or (self.to is BookingStatus.PENDING and not booking.is_secured):
            return None
        until = booking.payment.authorized_until if booking.payment else None
        return deadline_after_move(known, booking.start_at, self.start_at, until, booking.without_card, now)


def change_of(booking: Locked, event: str, to: BookingStatus, **more: Any) -> Change:
    """A change of the values in ``more`` only; a confirmed booking has no hold, and
    one that is no longer pending waits for no proof."""
    stays: dict[str, Any] = {
        "hold_expires_at": None if to is BookingStatus.CONFIRMED else booking.hold_expires_at,
        "approval_deadline": booking.approval_deadline,
        "proof_deadline": booking.proof_deadline if to is BookingStatus.PENDING else None,
        "start_at": booking.start_at,
        "end_at": booking.end_at,
        "version": booking.version,
        "penalty": booking.cancellation_penalty,
        "moves": booking.moves,
        "kept_penalty": booking.kept_penalty,
        "undo_until": booking.undo_until if to is booking.status else None,
        "undo_to": booking.undo_to if to is booking.status else None,
    }
    return Change(event, to, **(stays | more))


def postponable(booking: Locked, change: Change, command: BookingCommand, now: datetime) -> Change:
    """The change with its payments and messages postponed until it can no longer be undone; the same change where it is
    final at once. `UndoStore.settle_ending` executes the postponed part."""
    until = undo_until(command.actor_kind, booking.undo_within, now)
    if until is None:
        return change
    return replace(
        change,
        settlement=Settlement(),
        messages=(),
        undo_until=until,
        undo_to=booking.status,
        proof_deadline=booking.proof_deadline,
    )
