"""A stand-in for Postgres and the provider: the activities under their own names, one booking, every call recorded."""

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.bookings.bookings import ExtendHoldInput, RemindInput
from activities.payments.payments import ApplyEventInput, PaymentUpdate, RecordInput
from activities.platform.attention import AttentionInput
from domain.booking_status import VISITING, BookingStatus
from domain.bookings import confirmation, decisions, expiry, late_payment, moves, undo
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.bookings.decisions import BookingFacts, KeptPenalty, is_business_side
from domain.bookings.expiry import HoldEnd
from domain.bookings.snapshot import BookingSnapshot
from domain.catalogue.cancellation import Policy, Tier
from domain.errors import InvalidInput
from domain.payments.movements import is_other_card, is_surplus, of_other_card
from domain.payments.settlement import Settlement
from domain.payments.status import ALLOWED as MOVES
from domain.payments.status import Movement, PaymentMode, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView

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
class World:
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
    applied: list[UUID] = field(default_factory=list)
    outcomes: dict[str, BookingOutcome] = field(default_factory=dict)
    reminded: list[tuple[datetime, timedelta]] = field(default_factory=list)
    given_back: int = 0
    #: How far this run's clock is ahead of the wall clock, as far as the test moved it (`Life.forward`).
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
    #: How long the card's promise lasts, from each authorization; without it nobody knows.
    lasts: timedelta | None = None
    #: The name of the intent that holds it, and why the bank refuses another one.
    intent_id: str = "pi_1"
    declines: str | None = None
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
    #: Activities that fail with an error that nobody foresaw, for as long as it is here.
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

    @property
    def activities(self) -> list[object]:
        """Everything a worker needs."""
        return [
            *(self.prove_contact, self.expire_unproven),
            *(self.confirm, self.approve, self.await_approval, self.begin_expiry, self.expire, self.extend_hold),
            *(
                self.decline,
                self.cancel,
                self.reschedule,
                self.check_in,
                self.complete,
                self.no_show,
                self.undo,
                self.settle_ending,
                self.reinstate_after_late_payment,
            ),
            *(self.remind, self.apply_event, self.record, self.file, self.begin_renewal),
        ]

    # -- bookings ----------------------------------------------------------------------------------------------------

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

    @activity.defn(name="bookings.confirm")
    async def confirm(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.confirm", command)
        if confirmation.confirm(self.facts()):
            self.set(status=S.CONFIRMED, hold_expires_at=None)
        return self._outcome(command)

    @activity.defn(name="bookings.approve")
    async def approve(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.approve", command)
        confirmation.approve(self.facts())
        self.set(status=S.CONFIRMED, hold_expires_at=None)
        return self._outcome(command)

    @activity.defn(name="bookings.prove_contact")
    async def prove_contact(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.prove_contact", command)
        proven = confirmation.prove_contact(self.facts())
        if proven is not None:
            self.set(proof_deadline=None, hold_expires_at=proven.hold_expires_at, status=proven.status)
        return self._outcome(command)

    @activity.defn(name="bookings.expire_unproven")
    async def expire_unproven(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.expire_unproven", command)
        if expiry.ends_unproven(self.facts()):
            self.set(status=S.EXPIRED, proof_deadline=None)
        return self._outcome(command)

    @activity.defn(name="bookings.await_approval")
    async def await_approval(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.await_approval", command)
        deadline = confirmation.await_approval(self.facts())
        if deadline is not None:
            self.set(hold_expires_at=deadline, approval_deadline=deadline)
        return self._outcome(command)

    @activity.defn(name="bookings.begin_expiry")
    async def begin_expiry(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.begin_expiry", command)
        return self._end_hold(command)

    @activity.defn(name="bookings.expire")
    async def expire(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.expire", command)
        return self._end_hold(command)

    def _end_hold(self, command: BookingCommand) -> BookingOutcome:
        end = expiry.end_hold(self.facts())
        if end is HoldEnd.CLOSE_INTENT:
            return self._outcome(command, replace(self._task(Movement.VOID, command, 0), spares_money=True))
        if end is HoldEnd.EXPIRE:
            self.set(status=S.EXPIRED)
        return self._outcome(command)

    @activity.defn(name="bookings.extend_hold")
    async def extend_hold(self, extension: ExtendHoldInput) -> bool:
        await self._called("bookings.extend_hold", extension)
        if self.booking.status is not S.PENDING:
            return False
        self.set(hold_expires_at=max(self.booking.hold_expires_at or extension.until, extension.until))
        return True

    @activity.defn(name="bookings.decline")
    async def decline(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.decline", command):
            return seen
        ending = decisions.decline(self.facts())
        final = self._step(command, S.DECLINED)
        return self._settle(command, ending.settlement if final else Settlement())

    @activity.defn(name="bookings.cancel")
    async def cancel(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.cancel", command):
            return seen
        facts, kind = self.facts(), command.actor_kind
        if command.stranded and not decisions.answers_offer(facts, kind):
            return self._outcome(command)
        ending = decisions.cancel(facts, is_business_side(kind), self._time())
        self.set(status=S.CANCELLED)
        self.kept = ending.settlement.retained
        return self._settle(command, ending.settlement)

    @activity.defn(name="bookings.reschedule")
    async def reschedule(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.reschedule", command):
            return seen
        if command.start_at is None:
            raise InvalidInput.at("start_at", "required")
        facts, by_business = self.facts(), is_business_side(command.actor_kind)
        move = moves.move(facts, command.start_at, by_business, self.approve_within, self._time())
        if command.stranded and not decisions.answers_offer(facts, command.actor_kind):
            return self._outcome(command)
        if not self.slot_is_free:
            raise ApplicationError("slot_taken", {"alternatives": []}, type="slot_taken", non_retryable=True)
        length = self.booking.end_at - self.booking.start_at
        self.moves, self.kept_penalty = move.terms.moves, move.terms.kept_penalty
        self.set(
            status=move.status,
            start_at=command.start_at,
            end_at=command.start_at + length,
            version=self.booking.version + 1,
            hold_expires_at=move.hold_expires_at,
            approval_deadline=move.approval_deadline,
        )
        return self._outcome(command)

    @activity.defn(name="bookings.check_in")
    async def check_in(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.check_in", command):
            return seen
        decisions.check_in(self.facts(), self._time())
        self._step(command, S.CHECKED_IN)
        return self._outcome(command)

    @activity.defn(name="bookings.complete")
    async def complete(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.complete", command):
            return seen
        if decisions.is_checked_in_by_completion(self.facts(), command.actor_kind):
            self.set(status=S.CHECKED_IN)
        ending = decisions.complete(self.facts())
        final = self._step(command, S.COMPLETED)
        return self._settle(command, ending.settlement if final else Settlement())

    @activity.defn(name="bookings.no_show")
    async def no_show(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.no_show", command):
            return seen
        ending = decisions.no_show(self.facts(), command.waive_penalty, self._time())
        final = self._step(command, S.NO_SHOW)
        self.kept = ending.settlement.retained
        return self._settle(command, ending.settlement if final else Settlement())

    @activity.defn(name="bookings.undo")
    async def undo(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.undo", command):
            return seen
        self.set(status=undo.undo(self.facts(), self._time()), undo_until=None)
        self.undo_to, self.kept = None, 0
        return self._outcome(command)

    @activity.defn(name="bookings.settle_ending")
    async def settle_ending(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.settle_ending", command):
            return seen
        if self.booking.undo_until is None:
            return self._outcome(command)
        self.undo_to = None
        self.set(undo_until=None)
        return self._settle(command, decisions.postponed(self.facts()).settlement)

    @activity.defn(name="bookings.reinstate")
    async def reinstate_after_late_payment(self, command: BookingCommand) -> BookingOutcome:
        if seen := await self._seen("bookings.reinstate", command):
            return self._outcome(command, seen.money, seen.refunding)
        if late_payment.may_reinstate(self.facts(), 0, self._time()) and self.slot_is_free:
            self.set(status=S.CONFIRMED)
            return self._outcome(command)
        settlement = late_payment.settle_late_payment(self.facts(), 0)
        return self._settle(command, settlement) if settlement else self._outcome(command)

    @activity.defn(name="bookings.remind")
    async def remind(self, reminder: RemindInput) -> bool:
        await self._called("bookings.remind", reminder)
        if not decisions.may_remind(self.facts(), reminder.start_at):
            return False
        self.reminded.append((reminder.start_at, reminder.offset))
        return True

    @activity.defn(name="bookings.begin_renewal")
    async def begin_renewal(self, command: BookingCommand) -> BookingOutcome:
        await self._called("bookings.begin_renewal", command)
        amount = decisions.renewal_amount(self.facts())
        return self._outcome(command, self._task(Movement.AUTHORIZE, command, amount) if amount else None)

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        await self._called("attention.file", matter)
        return True

    # -- money -------------------------------------------------------------------------------------------------------

    def _see(self, status: PaymentStatus) -> PaymentView:
        """Postgres learns what the provider says; an answer that is older than its event moves nothing back."""
        assert self.payment is not None
        if status is self.payment.status or status in MOVES[self.payment.status]:
            amount = self.payment.amount
            captured = amount if status in (P.CAPTURED, P.REFUNDED) else 0
            authorized = amount if status is P.AUTHORIZED else self.payment.authorized
            self.payment = replace(self.payment, status=status, captured=captured, authorized=authorized)
            if status is not P.AUTHORIZED:
                self.payment = replace(self.payment, authorized_until=None)
            elif self.lasts and self.payment.authorized_until is None:
                self.payment = replace(self.payment, authorized_until=activity.info().scheduled_time + self.lasts)
        return self.payment

    @activity.defn(name="payments.apply_event")
    async def apply_event(self, event: ApplyEventInput) -> PaymentUpdate:
        await self._called("payments.apply_event", event)
        if event.webhook_id in self.new_cards:
            return self._take_new_card(event.webhook_id)
        if event.webhook_id not in self.inbox:
            raise ApplicationError("not_found", type="not_found", non_retryable=True)
        payment = self.payment
        if event.webhook_id not in self.applied:
            self.applied.append(event.webhook_id)
            payment = self._see(self.inbox[event.webhook_id])
        return PaymentUpdate(self.booking.booking_id, self.booking.status, payment)

    def _take_new_card(self, webhook_id: UUID) -> PaymentUpdate:
        """As the stores do: the old authorization is to be voided, or the new one where the visit is off."""
        if webhook_id not in self.applied:
            self.applied.append(webhook_id)
            old = self.payment
            assert old is not None
            # A local activity knows the wall clock only, which does not skip.
            until = (old.authorized_until or now()) + self.lasts if self.lasts else None
            new = PaymentView(uuid4(), P.AUTHORIZED, old.amount, old.amount, 0, 0, True, until)
            surplus, intent_id = (old, self.intent_id) if self.booking.status in VISITING else (new, "pi_8")
            if surplus.status is P.AUTHORIZED:
                self.to_void = MoneyTask(
                    of_other_card(surplus.payment_id, new.payment_id),
                    *(Movement.VOID, surplus.payment_id, self.booking.booking_id, self.booking.business_id),
                    *("stripe", intent_id, surplus.amount, "JPY", self.booking.amount_due, True),
                )
                self.replaced = surplus
            self.payment, self.intent_id, self.at_provider = new, "pi_9", P.AUTHORIZED
        return PaymentUpdate(self.booking.booking_id, self.booking.status, self.payment, self.to_void)

    @activity.defn(name="payments.perform")
    async def perform(self, task: MoneyTask) -> MoneyResult:
        self.calls.append(("payments.perform", task))
        answer = self.answers.popleft() if self.answers else None
        if answer == AWAY:
            raise ApplicationError("away", type="ProviderUnavailable", non_retryable=True)
        if isinstance(answer, MoneyResult):
            return replace(answer, movement_id=task.movement_id)
        if task.movement is Movement.AUTHORIZE:
            return self._authorized_again(task)
        if task.movement is Movement.VOID and task.intent_id != self.intent_id:
            self.voided.append(task.intent_id)
            return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.VOIDED, task.intent_id)
        if task.movement is Movement.VOID and task.spares_money and self.at_provider is P.AUTHORIZED:
            return MoneyResult(task.movement_id, Phase.FAILED, P.AUTHORIZED, "pi_1", task.amount_due)
        if task.movement is Movement.CAPTURE:
            self.captured.append(task.intent_id)
            self.at_provider = P.CAPTURED
            return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.CAPTURED, "pi_1", task.amount, task.amount)
        if self.at_provider is P.CAPTURED:
            return MoneyResult(
                task.movement_id, Phase.FAILED, P.CAPTURED, "pi_1", 0, task.amount, reason="already_paid"
            )
        if self.at_provider is P.PROCESSING:
            return MoneyResult(task.movement_id, Phase.UNKNOWN, P.PROCESSING, "pi_1", reason="processing")
        self.at_provider = P.VOIDED
        self.voided.append(task.intent_id)
        return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.VOIDED, "pi_1")

    def _authorized_again(self, task: MoneyTask) -> MoneyResult:
        """The card that was kept."""
        if self.declines:
            return MoneyResult(
                task.movement_id, Phase.FAILED, P.AUTHORIZED, task.intent_id, task.amount, reason=self.declines
            )
        new = f"pi_{int(task.intent_id.removeprefix('pi_')) + 1}"
        until = activity.info().scheduled_time + self.lasts
        return MoneyResult(task.movement_id, Phase.SUCCEEDED, P.AUTHORIZED, new, task.amount, authorized_until=until)

    @activity.defn(name="payments.record")
    async def record(self, outcome: RecordInput) -> PaymentView:
        await self._called("payments.record", outcome)
        assert self.payment is not None
        if is_surplus(outcome.task.movement_id):
            return self.payment
        if is_other_card(outcome.task.movement_id):
            self.to_void = None
            assert self.replaced is not None
            gone = replace(self.replaced, status=P.VOIDED, authorized_until=None)
            if self.payment.payment_id == gone.payment_id:
                self.payment = gone
            return gone
        if outcome.task.movement is Movement.AUTHORIZE and outcome.result.phase is Phase.SUCCEEDED:
            self.intent_id = outcome.result.intent_id
            self.payment = replace(self.payment, authorized_until=outcome.result.authorized_until)
            return self.payment
        return self._see(outcome.result.status) if outcome.result.status else self.payment
