"""The state of a booking's run, and the steps that change it. Steps run one at a time; each is one activity.

Postgres has the authoritative state of the booking. The state here is a copy from the last answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from activities.bookings.bookings import BookingActivities, ExtendHoldInput, RemindInput
from activities.payments.payments import ApplyEventInput, FindOrderInput, PaymentActivities, RecordInput
from activities.platform.attention import AttentionActivities, AttentionInput
from domain.booking_status import ALLOWED, VISITING, BookingStatus
from domain.bookings.commands import BookingCommand, BookingOutcome, Cause
from domain.bookings.late_payment import LOST, WITHOUT_VISIT
from domain.bookings.snapshot import BookingSnapshot
from domain.errors import WrongState
from domain.payments.settlement import TAKEN
from domain.payments.status import SECURED, Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from domain.platform.actor import ActorKind
from workflows.bookings.booking import messages, stages
from workflows.bookings.booking.cards import deadline_after, set_deadline
from workflows.bookings.booking.next_step import NextStep
from workflows.support import options
from workflows.support.refusals import fail_workflow_task, is_unexpected, refusal_in, workflow_task_failure, wrong_state
from workflows.support.search_attributes import NEEDS_ATTENTION, STAGE, STARTS_AT

#: A step on Postgres that answers with the booking's state.
Step = Callable[[BookingActivities, BookingCommand], Awaitable[BookingOutcome]]

#: A visit that ended in one of these goes on only by an undo.
UNDOABLE = frozenset({BookingStatus.COMPLETED, BookingStatus.NO_SHOW})


class BookingState:
    """One booking, from its hold to its last payment. Times are aware UTC, amounts are minor units."""

    def __init__(self, start: messages.BookingInput) -> None:
        self.booking: BookingSnapshot = start.booking
        self.payment: PaymentView | None = None
        #: Movements that were decided and are not executed yet.
        self.money: list[MoneyTask] = []
        #: The intent of the ended hold is closed at the provider.
        self.hold_settled = not start.booking.amount_due
        #: Money came after the booking had ended, and it is not decided yet whether it is refunded.
        self.money_is_late = False
        #: Money is moved or refunded, so more events of the payment are expected.
        self.expects_events = False
        self.events_applied = 0
        self.armed_at: datetime = workflow.info().start_time
        self.done: set[NextStep] = set()
        self.undone_at: datetime | None = None
        #: By when the customer must give another card.
        self.card_due: datetime | None = start.booking.card_due
        self._was_secured = False
        self._late_is_settled = False
        self._shown = (stages.stage_of(start.booking), start.booking.start_at)
        self._needs_attention = False
        #: Webhook events that were applied, in the order in which they came.
        self._seen: dict[UUID, None] = {}
        self._lock = asyncio.Lock()
        #: Commands and events that this run received. The server limits their number per run.
        self.messages = 0
        if start.carried is not None:
            self._restore(start.carried)

    def _restore(self, carried: messages.CarriedState) -> None:
        self.payment = carried.payment
        self.hold_settled = carried.hold_settled
        self.money_is_late = carried.money_is_late
        self.expects_events = carried.expects_events
        self.armed_at = carried.armed_at
        self.done = set(carried.done)
        self.undone_at = carried.undone_at
        self.card_due = carried.card_due
        self._was_secured = carried.was_secured
        self._late_is_settled = carried.late_is_settled
        self._needs_attention = carried.needs_attention
        self._seen = dict.fromkeys(carried.seen)
        self._shown = (self.stage, self.booking.start_at)

    def carried(self) -> messages.CarriedState:
        """The state for the run that continues this one. No movement of money may be in progress."""
        return messages.CarriedState(
            payment=self.payment,
            hold_settled=self.hold_settled,
            money_is_late=self.money_is_late,
            expects_events=self.expects_events,
            armed_at=self.armed_at,
            done=tuple(sorted(self.done, key=lambda step: (step.at, step.kind))),
            was_secured=self._was_secured,
            late_is_settled=self._late_is_settled,
            needs_attention=self._needs_attention,
            seen=tuple(self._seen)[-options.EVENTS_CARRIED :],
            undone_at=self.undone_at,
            card_due=self.card_due,
        )

    # -- properties ----------------------------------------------------------------------------------------------

    @property
    def paid(self) -> bool:
        """The requested money is captured or authorized."""
        return self.payment is not None and self.payment.status in SECURED

    @property
    def pending(self) -> bool:
        """Held: neither confirmed nor ended."""
        return self.booking.status is BookingStatus.PENDING

    @property
    def holding(self) -> bool:
        """The hold exists, or it has expired and its intent is still open."""
        return self.pending or (self.booking.status is BookingStatus.EXPIRED and not self.hold_settled)

    @property
    def answer_is_due(self) -> datetime | None:
        """The time by which the business must approve or decline."""
        return self.booking.approval_deadline or self.booking.hold_expires_at

    @property
    def visiting(self) -> bool:
        """The visit is in the future or in progress."""
        return self.booking.status in VISITING

    @property
    def has_late_money(self) -> bool:
        """Whether money must be decided again. An expired booking keeps no money; for a cancelled or declined one the
        decision has said what is kept."""
        expired = self.booking.status is BookingStatus.EXPIRED and self.paid
        return self.money_is_late or (expired and not self._late_is_settled)

    def mark_late_money_settled(self) -> None:
        """Record that the late money has been decided."""
        self.money_is_late = False
        self._late_is_settled = True

    @property
    def stage(self) -> str:
        """See `stages.stage_of`."""
        return stages.stage_of(self.booking, self.paid)

    def refuse_unless_allowed(self, wanted: BookingStatus) -> None:
        """For validators: raise `WrongState` with its details if the transition table does not allow the status."""
        if wanted not in ALLOWED[self.booking.status]:
            raise wrong_state(self.booking.status, wanted)

    # -- steps on Postgres ---------------------------------------------------------------------------------------

    def command(self, step: str, cause: Cause | None = None, waive_penalty: bool = False) -> BookingCommand:
        """A command of the workflow itself. ``step`` is its name within this booking and part of the command id, so
        that a repeat changes nothing."""
        return BookingCommand(
            self.booking.booking_id,
            self.booking.business_id,
            f"{workflow.info().workflow_id}:{step}",
            ActorKind.SYSTEM,
            cause=cause,
            waive_penalty=waive_penalty,
        )

    async def change(
        self, step: Step, command: BookingCommand, limits: LocalActivityConfig = options.STEP
    ) -> BookingOutcome:
        """One transaction. Raises the coded refusal (an `ApplicationError`) without the `ActivityError` around it."""
        async with self._lock:
            try:
                outcome = await workflow.execute_local_activity_method(step, command, **limits)
            except FailureError as error:
                refusal = refusal_in(error)
                self._set_status_of(refusal)
                raise refusal from None
            self._apply_outcome(outcome)
            return outcome

    async def execute_command(self, step: Step, command: BookingCommand) -> BookingOutcome:
        """A person's command. The state changes before the answer, the money moves after it. An unexpected error is
        returned to the caller and raises an alert; the run accepts the next command."""
        self.messages += 1
        try:
            outcome = await self.change(step, command, options.COMMAND)
        except ApplicationError as refusal:
            if is_unexpected(refusal):
                await self.raise_alert("command_failed", command.command_id, code=refusal.type)
            raise
        self._add(outcome.money)
        return outcome

    async def decide(self, step: Step, command: BookingCommand) -> BookingOutcome | None:
        """A command of the workflow itself. Returns None if the booking had another status; `booking` then has it."""
        outcome = await self._try(step, command)
        self._add(outcome.money if outcome is not None else None)
        return outcome

    async def end_hold(self, step: Step, command: BookingCommand) -> MoneyTask | None:
        """Expire the hold. If an intent can still be paid, returns the task to close it at the provider first."""
        outcome = await self._try(step, command)
        return outcome.money if outcome is not None else None

    async def _try(self, step: Step, command: BookingCommand) -> BookingOutcome | None:
        believed = self.booking.status
        try:
            return await self.change(step, command)
        except ApplicationError as refusal:
            if refusal.type == WrongState.code and self.booking.status is not believed:
                return None
            raise workflow_task_failure(command.command_id, refusal) from None

    async def extend_hold(self, until: datetime) -> bool:
        """Extend the hold until then although its time has ended. False: the hold is gone."""
        extension = ExtendHoldInput(self.booking.booking_id, self.booking.business_id, until)
        async with self._lock:
            with fail_workflow_task("extend_hold"):
                step = BookingActivities.extend_hold
                return await workflow.execute_local_activity_method(step, extension, **options.STEP)

    async def remind(self, step: NextStep) -> None:
        """Queue the reminder. The activity checks that the visit still starts at that time."""
        if step.start_at is None or step.offset is None:
            return
        reminder = RemindInput(self.booking.booking_id, self.booking.business_id, step.start_at, step.offset)
        async with self._lock:
            with fail_workflow_task("remind"):
                await workflow.execute_local_activity_method(BookingActivities.remind, reminder, **options.STEP)

    # -- money ---------------------------------------------------------------------------------------------------

    async def apply_payment_event(self, webhook_id: UUID) -> None:
        """Apply a webhook event once. Events are applied in the order in which they came."""
        self.messages += 1
        async with self._lock:
            if webhook_id in self._seen:
                return
            try:
                update = await workflow.execute_local_activity_method(
                    PaymentActivities.apply_event, ApplyEventInput(webhook_id), **options.STEP
                )
            except FailureError as error:
                # An event that cannot be applied must not block the booking. It may be delivered again.
                await self.raise_alert("event_refused", str(webhook_id), code=refusal_in(error).type)
                return
            self._seen[webhook_id] = None
            if update.booking_status is not None:
                self._move_to(update.booking_status)
            if update.hold_expires_at is not None:
                self.booking = replace(self.booking, hold_expires_at=update.hold_expires_at)
            if update.payment is not None:
                await self._apply_update(update.payment, update.money, update.card_due)
            self.events_applied += 1

    async def _apply_update(self, payment: PaymentView, money: MoneyTask | None, asked: datetime | None) -> None:
        had_money, known = self.paid, self.payment.payment_id if self.payment else payment.payment_id
        self._add(money)
        self._set_payment(payment, is_event=money is None)  # If the new card came too late, ``money`` voids it.
        is_other = payment.payment_id != known
        lost = not self.paid if is_other else payment.status is PaymentStatus.VOIDED
        given_up = any((task.movement, task.payment_id) == (Movement.VOID, known) for task in self.money)
        if had_money and self.visiting and lost and not given_up:
            # The authorization expired before the visit: the booking stays confirmed without money.
            set_deadline(self, asked)
            await self.raise_alert("authorization_lost", str(known))
        if is_other and self.visiting and self.paid:
            self.card_due = None
            self.clear_alert()

    async def add_ordered(self, movement_id: str) -> None:
        """Put an ordered movement on the list, unless the ledger has its outcome."""
        self.messages += 1
        order = FindOrderInput(self.booking.business_id, movement_id)
        async with self._lock:
            with fail_workflow_task("find_order"):
                task = await workflow.execute_local_activity_method(PaymentActivities.find_order, order, **options.STEP)
        self._add(task)

    def _add(self, task: MoneyTask | None) -> None:
        if task is not None and all(known.movement_id != task.movement_id for known in self.money):
            self.money.append(task)

    async def perform(self, task: MoneyTask, limits: ActivityConfig) -> MoneyResult | None:
        """Ask the provider for one movement. None: its result is not known within the time limits."""
        self.expects_events = True
        limits = limits | ActivityConfig(summary=f"{task.movement} {task.amount} {task.currency}")
        try:
            result = await workflow.execute_activity_method(PaymentActivities.perform, task, **limits)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the provider gave no answer about movement %s", task.movement_id)
            return None
        return None if result.phase is Phase.UNKNOWN and result.status is None else result

    async def record(self, task: MoneyTask, result: MoneyResult) -> PaymentView | str:
        """Record the outcome of a movement. A text: the code with which the ledger's checks refuse it."""
        said = RecordInput(task, result)
        async with self._lock:
            try:
                payment = await workflow.execute_local_activity_method(PaymentActivities.record, said, **options.STEP)
            except FailureError as error:
                return str(refusal_in(error).type)
            # A void that finds the payment captured is a payment event: the money is treated as late money.
            found = task.movement is Movement.VOID and payment.status in TAKEN
            if self.payment is None or self.payment.payment_id == payment.payment_id:
                # Not for a payment that was replaced by a new card.
                self._set_payment(payment, is_event=found)
                self.money_is_late = self.money_is_late or (found and self.booking.status in WITHOUT_VISIT)
            return payment

    # -- for operators and support -------------------------------------------------------------------------------

    async def raise_alert(self, kind: str, key: str, **details: str | int | None) -> None:
        """File an attention item for a person, and set `NeedsAttention` of this run."""
        item = AttentionInput(
            kind=kind,
            dedupe_key=f"{kind}:{key}",
            business_id=self.booking.business_id,
            booking_id=self.booking.booking_id,
            payment_id=self.payment.payment_id if self.payment else None,
            details={"status": self.booking.status.value, **details},
        )
        with fail_workflow_task("attention"):
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)
        if not self._needs_attention:
            self._needs_attention = True
            workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(True)])

    def clear_alert(self) -> None:
        """The problem was solved without a person: reset `NeedsAttention`. The attention item stays open."""
        if self._needs_attention:
            self._needs_attention = False
            workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(False)])

    def show(self) -> None:
        """Update the search attributes. Each update is a billable action, so only stages that operators search for."""
        now = (self.stage, self.booking.start_at)
        if now == self._shown or self.stage == BookingStatus.CHECKED_IN:
            return
        changes = [STAGE.value_set(now[0])]
        workflow.upsert_search_attributes(
            changes if now[1] == self._shown[1] else [*changes, STARTS_AT.value_set(now[1])]
        )
        self._shown = now

    # -- applying answers ----------------------------------------------------------------------------------------

    def _apply_outcome(self, outcome: BookingOutcome) -> None:
        moved = outcome.start_at != self.booking.start_at
        self.booking = replace(
            self.booking,
            start_at=outcome.start_at,
            end_at=outcome.end_at,
            version=outcome.version,
            hold_expires_at=outcome.hold_expires_at,
            approval_deadline=outcome.approval_deadline or self.booking.approval_deadline,
            proof_deadline=outcome.proof_deadline,
            undo_until=outcome.undo_until,
        )
        self._move_to(outcome.status)
        self.card_due = deadline_after(self, outcome)
        if moved:
            self.armed_at = workflow.now()
        if outcome.refunding:
            self.expects_events = True
        if outcome.payment is not None:
            self._set_payment(outcome.payment, is_event=False)

    def _set_status_of(self, refusal: ApplicationError) -> None:
        """A `WrongState` refusal has the present status in its details."""
        details = refusal.details[0] if refusal.details else None
        if refusal.type == WrongState.code and isinstance(details, dict) and "status" in details:
            self._move_to(BookingStatus(details["status"]))

    def _move_to(self, status: BookingStatus) -> None:
        if status is BookingStatus.CONFIRMED and not self.visiting:
            self.armed_at = workflow.now()
        if status in VISITING and self.booking.status in UNDOABLE:
            self.undone_at = workflow.now()
        self.booking = replace(self.booking, status=status)

    def _set_payment(self, payment: PaymentView, is_event: bool) -> None:
        self.payment = payment
        if self.paid and is_event and not self._was_secured and self.booking.status in LOST:
            self.money_is_late = True
        self._was_secured = self._was_secured or self.paid
