"""What the stand-in for Postgres and the payment provider holds: one booking with its payment, and every call."""

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from temporalio.exceptions import ApplicationError

from domain.booking_status import BookingStatus
from domain.bookings import undo
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.decisions import BookingFacts, KeptPenalty
from domain.bookings.snapshot import BookingSnapshot
from domain.catalogue.cancellation import Policy, Tier
from domain.payments.settlement import Settlement
from domain.payments.status import Movement, PaymentMode, PaymentStatus
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from domain.payments.without_card import WithoutCard

S, P = BookingStatus, PaymentStatus
AWAY = "away"
#: Cancelling is free; or costs half of the price until the start, and not coming costs all of it.
FREE, HALF = Policy((), 0), Policy((Tier(0, 50),), 100)


def now() -> datetime:
    """Wall clock, whole seconds: the runs' clocks start there."""
    return datetime.now(UTC).replace(microsecond=0)


def snapshot(**changes: object) -> BookingSnapshot:
    """A prepaid booking in three days, held for ten minutes, one reminder a day ahead."""
    start = now() + timedelta(days=3)
    plain = BookingSnapshot(
        booking_id=uuid4(),
        business_id=uuid4(),
        code="3479ACDE",
        status=S.PENDING,
        start_at=start,
        end_at=start + timedelta(hours=1),
        price=8000,
        amount_due=8000,
        currency="JPY",
        payment_mode=PaymentMode.PREPAY,
        needs_approval=False,
        hold_expires_at=now() + timedelta(minutes=10),
        approval_deadline=None,
        reminder_offsets=(timedelta(days=1),),
    )
    return replace(plain, **changes)


@dataclass
class StubState:
    """What Postgres and the provider hold. ``answers`` are the provider's next ones; without one it answers
    with the real state: an unpaid intent is voided, a paid one is refunded."""

    booking: BookingSnapshot
    payment: PaymentView | None = None
    #: The provider's side; events bring it over.
    at_provider: PaymentStatus = P.REQUIRES_PAYMENT
    manual_capture: bool = False
    slot_is_free: bool = True
    #: The business cannot keep the time and has offered another one.
    is_stranded: bool = False
    calls: list[tuple[str, object]] = field(default_factory=list)
    answers: deque[str | MoneyResult] = field(default_factory=deque)
    inbox: dict[UUID, PaymentStatus] = field(default_factory=dict)
    #: Events that a voucher was made, and its last second.
    vouchers: dict[UUID, datetime] = field(default_factory=dict)
    #: What the business wants where no other card is given, and whether one was.
    without_card: WithoutCard = WithoutCard.KEEP
    has_new_card: bool = False
    #: When the provider declined a renewal last, by the clock of the run.
    declined_at: datetime | None = None
    #: A voucher has extended the hold, and the run does not know it yet.
    is_extended: bool = False
    applied: list[UUID] = field(default_factory=list)
    outcomes: dict[str, BookingOutcome] = field(default_factory=dict)
    reminded: list[tuple[datetime, timedelta]] = field(default_factory=list)
    given_back: int = 0
    #: How far this run's clock is ahead of the wall clock, as far as the test moved it (`BookingRun.forward`).
    ahead: timedelta = timedelta()
    policy: Policy = FREE
    #: How long a step of staff can be undone; then its money moves.
    undo_within: timedelta = timedelta()
    undo_to: BookingStatus | None = None
    approve_within: timedelta = timedelta(hours=24)
    moves: int = 0
    kept_penalty: KeptPenalty = field(default_factory=KeptPenalty)
    #: What the end of the booking has cost the customer.
    kept: int = 0
    #: How long an authorization is valid. None: the provider does not say it, and the shortest time is assumed.
    lasts: timedelta | None = None
    #: The name of the intent that holds it, and why the bank refuses another one.
    intent_id: str = "pi_1"
    declines: str | None = None
    #: Movements that a manager has ordered and that have no outcome.
    orders: dict[str, MoneyTask] = field(default_factory=dict)
    voided: list[str] = field(default_factory=list)
    captured: list[str] = field(default_factory=list)
    #: Event of another card that the customer gave, and the payment that it replaces with its void while that is open.
    new_cards: set[UUID] = field(default_factory=set)
    replaced: PaymentView | None = None
    to_void: MoneyTask | None = None
    #: While it is cleared, Postgres does not answer.
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    #: Activities whose next call finds Postgres away.
    fail_once: set[str] = field(default_factory=set)
    #: Activities that fail with an unexpected error, for as long as it is here.
    breaks: dict[str, Exception] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate.set()
        if self.booking.amount_due and self.payment is None:
            self.payment = PaymentView(
                uuid4(), P.REQUIRES_PAYMENT, self.booking.amount_due, 0, 0, 0, self.manual_capture
            )

    # -- for tests ---------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Names of the calls in their order."""
        return [name for name, _ in self.calls]

    def arguments(self, name: str) -> list[object]:
        """What an activity was called with."""
        return [argument for called, argument in self.calls if called == name]

    def event(self, status: PaymentStatus) -> UUID:
        """The provider's state changes and its event is in the inbox."""
        self.at_provider = status
        webhook_id = uuid4()
        self.inbox[webhook_id] = status
        return webhook_id

    def new_card(self) -> UUID:
        """The customer's other card is authorized, and its event is in the inbox."""
        webhook_id = uuid4()
        self.new_cards.add(webhook_id)
        return webhook_id

    def set(self, **changes: object) -> None:
        """Somebody else changed the booking in Postgres."""
        self.booking = replace(self.booking, **changes)

    def facts(self) -> BookingFacts:
        """What the decisions of `domain.bookings` are made from, as the stores read it."""
        booking = self.booking
        return BookingFacts(
            *(booking.status, booking.start_at, booking.price, booking.currency, self.policy),
            payment=self.payment,
            refunds_in_progress=self.given_back,
            amount_due=booking.amount_due,
            penalty_charged=self.kept,
            needs_approval=booking.needs_approval,
            hold_expires_at=booking.hold_expires_at,
            approval_deadline=booking.approval_deadline,
            proof_deadline=booking.proof_deadline,
            is_stranded=self.is_stranded,
            moves=self.moves,
            kept_penalty=self.kept_penalty,
            undo_until=booking.undo_until,
            undo_to=self.undo_to,
        )

    async def _called(self, name: str, argument: object) -> None:
        self.calls.append((name, argument))
        await self.gate.wait()
        if name in self.breaks:
            raise self.breaks[name]
        if name in self.fail_once:
            self.fail_once.discard(name)
            raise ApplicationError("unavailable", type="unavailable")

    def _outcome(
        self, command: BookingCommand, money: MoneyTask | None = None, refunding: int = 0, released: int = 0
    ) -> BookingOutcome:
        outcome = BookingOutcome(
            self.booking.booking_id,
            self.booking.status,
            self.booking.start_at,
            self.booking.end_at,
            self.booking.version,
            self.booking.hold_expires_at,
            self.payment,
            money,
            self.kept,
            refunding,
            self.booking.approval_deadline,
            self.booking.proof_deadline,
            released,
            self.booking.undo_until,
            self.booking.card_due,
        )
        self.outcomes[command.command_id] = outcome
        return outcome

    async def _seen(self, name: str, command: BookingCommand) -> BookingOutcome | None:
        """Note the call; the outcome if this command was executed before."""
        await self._called(name, command)
        return self.outcomes.get(command.command_id)

    def _time(self) -> datetime:
        return now() + self.ahead

    def _task(self, movement: Movement, command: BookingCommand, amount: int) -> MoneyTask:
        assert self.payment is not None
        return MoneyTask(
            f"{self.payment.payment_id}:{movement}:{command.command_id}",
            movement,
            self.payment.payment_id,
            self.booking.booking_id,
            self.booking.business_id,
            "stripe",
            self.intent_id,
            amount,
            "JPY",
            self.booking.amount_due,
            self.manual_capture,
        )

    def _step(self, command: BookingCommand, status: BookingStatus) -> bool:
        """Take a step of staff; False: its money waits until it can no longer be undone."""
        until = undo.undo_until(command.actor_kind, self.undo_within, self._time())
        self.undo_to = self.booking.status if until else None
        self.set(status=status, undo_until=until)
        return until is None

    def _settle(self, command: BookingCommand, settlement: Settlement) -> BookingOutcome:
        """Start what was decided about the money, as the store does."""
        self.given_back += settlement.refund
        if settlement.movement is None:
            return self._outcome(command, refunding=settlement.refund)
        task = self._task(settlement.movement, command, settlement.amount)
        return self._outcome(command, task, released=settlement.released)
