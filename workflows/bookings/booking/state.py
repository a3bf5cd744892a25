"""What a booking's run knows, and the steps that change it: one at a time, each one activity.

Postgres is the truth about the booking. The state here is what the last answer said.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from activities.bookings.bookings import BookingActivities, ExtendHoldInput, RemindInput
from activities.payments.payments import ApplyEventInput, PaymentActivities, RecordInput
from activities.platform.attention import AttentionActivities, AttentionInput
from domain.bookings.commands import BookingCommand, BookingOutcome, Cause
from domain.bookings.late_payment import LOST, WITHOUT_VISIT
from domain.bookings.snapshot import BookingSnapshot
from domain.bookings.status import ALLOWED, BookingStatus
from domain.errors import WrongState
from domain.identity.actor import ActorKind
from domain.payments.settlement import TAKEN
from domain.payments.status import SECURED, Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from workflows.bookings.booking import messages, stages
from workflows.bookings.booking.next_step import NextStep
from workflows.support import options
from workflows.support.refusals import fail_workflow_task, is_unexpected, refusal_in, workflow_task_failure, wrong_state
from workflows.support.search_attributes import NEEDS_ATTENTION, STAGE, STARTS_AT

#: A step on Postgres that answers with the booking's state.
Step = Callable[[BookingActivities, BookingCommand], Awaitable[BookingOutcome]]

VISITING = frozenset({BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN})


class BookingState:
    """One booking, from its hold to the last yen. Times are aware UTC, amounts minor units."""

    def __init__(self, start: messages.BookingInput) -> None:
        self.booking: BookingSnapshot = start.booking
        self.payment: PaymentView | None = None
        #: Movements that were decided and are not made yet.
        self.money: list[MoneyTask] = []
        #: The provider has confirmed the end of the intent of a hold that ran out.
        self.hold_settled = not start.booking.amount_due
        #: Money came for a booking that was over; it is not decided yet what becomes of it.
        self.money_is_late = False
        #: Money moves or goes back, so more events of the payment are expected.
        self.expects_news = False
        self.news_heard = 0
        self.armed_at: datetime = workflow.info().start_time
        self.done: set[NextStep] = set()
        self._was_secured = False
        self._late_is_settled = False
        self._shown = (stages.stage_of(start.booking), start.booking.start_at)
        self._needs_attention = False
        #: In the order in which they came.
        self._seen: dict[UUID, None] = {}
        self._turn = asyncio.Lock()
        #: Commands and events that this run was sent; the server limits how many one run takes.
        self.messages = 0
        if start.carried is not None:
            self._take_over(start.carried)

    def _take_over(self, carried: messages.CarriedState) -> None:
        self.payment = carried.payment
        self.hold_settled = carried.hold_settled
        self.money_is_late = carried.money_is_late
        self.expects_news = carried.expects_news
        self.armed_at = carried.armed_at
        self.done = set(carried.done)
        self._was_secured = carried.was_secured
        self._late_is_settled = carried.late_is_settled
        self._needs_attention = carried.needs_attention
        self._seen = dict.fromkeys(carried.seen)
        self._shown = (self.stage, self.booking.start_at)

    def carried(self) -> messages.CarriedState:
        """For the run that continues this one. No movement of money may be under way."""
        return messages.CarriedState(
            payment=self.payment,
            hold_settled=self.hold_settled,
            money_is_late=self.money_is_late,
            expects_news=self.expects_news,
            armed_at=self.armed_at,
            done=tuple(sorted(self.done, key=lambda duty: (duty.at, duty.kind))),
            was_secured=self._was_secured,
            late_is_settled=self._late_is_settled,
            needs_attention=self._needs_attention,
            seen=tuple(self._seen)[-options.EVENTS_CARRIED :],
        )

    # -- what is known -------------------------------------------------------------------------------------------

    @property
    def paid(self) -> bool:
        """The money that was asked for is captured or authorised."""
        return self.payment is not None and self.payment.status in SECURED

    @property
    def pending(self) -> bool:
        """Held, and neither confirmed nor over."""
        return self.booking.status is BookingStatus.PENDING

    @property
    def holding(self) -> bool:
        """The hold is there, or was swept and its intent is still open."""
        return self.pending or (self.booking.status is BookingStatus.EXPIRED and not self.hold_settled)

    @property
    def answer_is_due(self) -> datetime | None:
        """When the business must have said yes or no."""
        return self.booking.approval_deadline or self.booking.hold_expires_at

    @property
    def visiting(self) -> bool:
        """The visit is ahead or under way."""
        return self.booking.status in VISITING

    @property
    def has_late_money(self) -> bool:
        """An expired booking keeps no money; a cancelled or declined one keeps what its decision left it."""
        expired = self.booking.status is BookingStatus.EXPIRED and self.paid
        return self.money_is_late or (expired and not self._late_is_settled)

    def late_money_is_settled(self) -> None:
        """It is decided what becomes of the late money."""
        self.money_is_late = False
        self._late_is_settled = True

    @property
    def stage(self) -> str:
        """See `stages`."""
        return stages.stage_of(self.booking, self.paid)

    def refuse_unless_allowed(self, wanted: BookingStatus) -> None:
        """For validators: the transition table says no, with the code and details of `WrongState`."""
        if wanted not in ALLOWED[self.booking.status]:
            raise wrong_state(self.booking.status, wanted)

    # -- steps on Postgres ---------------------------------------------------------------------------------------

    def command(self, step: str, cause: Cause | None = None, waive_penalty: bool = False) -> BookingCommand:
        """A step of the process itself. ``step`` is its name within this booking, so that it counts once."""
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
        """One transaction. Raises the coded refusal (`ApplicationError`), without the activity around it."""
        async with self._turn:
            try:
                outcome = await workflow.execute_local_activity_method(step, command, **limits)
            except FailureError as error:
                refusal = refusal_in(error)
                self._learn(refusal)
                raise refusal from None
            self._take(outcome)
            return outcome

    async def execute_command(self, step: Step, command: BookingCommand) -> BookingOutcome:
        """A person's command: the state changes now, the money moves after the answer. An error that nobody foresaw
        is the answer, is filed for a person, and leaves the run free for the next command."""
        self.messages += 1
        try:
            outcome = await self.change(step, command, options.COMMAND)
        except ApplicationError as refusal:
            if is_unexpected(refusal):
                await self.raise_alert("command_failed", command.command_id, code=refusal.type)
            raise
        if outcome.money is not None:
            self.money.append(outcome.money)
        return outcome

    async def decide(self, step: Step, command: BookingCommand) -> BookingOutcome | None:
        """A step of the process itself. None: the booking had moved on, which is known here from now on."""
        outcome = await self._try(step, command)
        if outcome is not None and outcome.money is not None:
            self.money.append(outcome.money)
        return outcome

    async def end_hold(self, step: Step, command: BookingCommand) -> MoneyTask | None:
        """Expire the hold. An intent that could still be paid is in the way: it is given back, for the caller to
        close it at the provider first."""
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

    async def keep_time(self, until: datetime) -> bool:
        """Hold the time until then although the hold is over. False: it is gone."""
        extension = ExtendHoldInput(self.booking.booking_id, self.booking.business_id, until)
        async with self._turn:
            with fail_workflow_task("extend_hold"):
                return await workflow.execute_local_activity_method(
                    BookingActivities.extend_hold, extension, **options.STEP
                )

    async def remind(self, duty: NextStep) -> None:
        """Promise the reminder; the step itself looks whether the visit is still to come at that time."""
        if duty.start_at is None or duty.offset is None:
            return
        reminder = RemindInput(self.booking.booking_id, self.booking.business_id, duty.start_at, duty.offset)
        async with self._turn:
            with fail_workflow_task("remind"):
                await workflow.execute_local_activity_method(BookingActivities.remind, reminder, **options.STEP)

    # -- money ---------------------------------------------------------------------------------------------------

    async def apply_payment_event(self, webhook_id: UUID) -> None:
        """Apply a provider's event once, in the order in which they came."""
        self.messages += 1
        if webhook_id in self._seen:
            return
        self._seen[webhook_id] = None
        async with self._turn:
            try:
                news = await workflow.execute_local_activity_method(
                    PaymentActivities.apply_event, ApplyEventInput(webhook_id), **options.STEP
                )
            except FailureError as error:
                # One event that cannot be read must not keep the booking from everything else.
                await self.raise_alert("event_refused", str(webhook_id), code=refusal_in(error).type)
                return
            if news.booking_status is not None:
                self._move_to(news.booking_status)
            if news.payment is not None:
                await self._take_news(news.payment, news.money)
            self.news_heard += 1

    async def _take_news(self, payment: PaymentView, money: MoneyTask | None) -> None:
        had_money, known = self.paid, self.payment.payment_id if self.payment else payment.payment_id
        if money is not None and all(task.movement_id != money.movement_id for task in self.money):
            self.money.append(money)
        # A new card that came too late is given up already.
        self._take_payment(payment, is_news=money is None)
        is_other = payment.payment_id != known
        lost = not self.paid if is_other else payment.status is PaymentStatus.VOIDED
        if had_money and self.visiting and lost:
            # An authorisation lapsed before the visit: the booking stays confirmed without money.
            await self.raise_alert("authorisation_lost", str(known))
        if is_other and self.visiting and self.paid:
            self.clear_alert()

    async def perform(self, task: MoneyTask, limits: ActivityConfig) -> MoneyResult | None:
        """Ask the provider for one movement. None: nobody knows what became of it within the limits."""
        self.expects_news = True
        limits = limits | ActivityConfig(summary=f"{task.movement} {task.amount} {task.currency}")
        try:
            result = await workflow.execute_activity_method(PaymentActivities.perform, task, **limits)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("no answer of the provider about %s", task.movement_id)
            return None
        return None if result.phase is Phase.UNKNOWN and result.status is None else result

    async def record(self, task: MoneyTask, result: MoneyResult) -> PaymentView:
        """Write down what became of a movement."""
        async with self._turn:
            with fail_workflow_task("record"):
                payment = await workflow.execute_local_activity_method(
                    PaymentActivities.record, RecordInput(task, result), **options.STEP
                )
            # A void that finds the money taken is an event of that money: what the end does not keep goes back.
            found = task.movement is Movement.VOID and payment.status in TAKEN
            if self.payment is None or self.payment.payment_id == payment.payment_id:
                # Not of one that gave its place to a new card.
                self._take_payment(payment, is_news=found)
                self.money_is_late = self.money_is_late or (found and self.booking.status in WITHOUT_VISIT)
            return payment

    # -- for people ----------------------------------------------------------------------------------------------

    async def raise_alert(self, kind: str, key: str, **details: str | int | None) -> None:
        """File what no machine can settle, and mark this run."""
        payment_id = self.payment.payment_id if self.payment else None
        matter = AttentionInput(
            kind=kind,
            dedupe_key=f"{kind}:{key}",
            business_id=self.booking.business_id,
            booking_id=self.booking.booking_id,
            payment_id=payment_id,
            details={"status": self.booking.status.value, **details},
        )
        with fail_workflow_task("attention"):
            await workflow.execute_local_activity_method(AttentionActivities.file, matter, **options.STEP)
        if not self._needs_attention:
            self._needs_attention = True
            workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(True)])

    def clear_alert(self) -> None:
        """What this run was marked for has settled itself. What was filed stays for a person to look at."""
        if self._needs_attention:
            self._needs_attention = False
            workflow.upsert_search_attributes([NEEDS_ATTENTION.value_set(False)])

    def show(self) -> None:
        """Bring the search attributes up to date. Each time is a billable action: only waits worth asking for."""
        now = (self.stage, self.booking.start_at)
        if now == self._shown or self.stage == BookingStatus.CHECKED_IN:
            return
        changes = [STAGE.value_set(now[0])]
        workflow.upsert_search_attributes(
            changes if now[1] == self._shown[1] else [*changes, STARTS_AT.value_set(now[1])]
        )
        self._shown = now

    # -- taking answers ------------------------------------------------------------------------------------------

    def _take(self, outcome: BookingOutcome) -> None:
        moved = outcome.start_at != self.booking.start_at
        self.booking = replace(
            self.booking,
            start_at=outcome.start_at,
            end_at=outcome.end_at,
            version=outcome.version,
            hold_expires_at=outcome.hold_expires_at,
            # Outcomes that were stored before this field existed have none.
            approval_deadline=outcome.approval_deadline or self.booking.approval_deadline,
            proof_deadline=outcome.proof_deadline,
        )
        self._move_to(outcome.status)
        if moved:
            self.armed_at = workflow.now()
        if outcome.refunding:
            self.expects_news = True
        if outcome.payment is not None:
            self._take_payment(outcome.payment, is_news=False)

    def _learn(self, refusal: ApplicationError) -> None:
        """A refusal because of the state names the present one."""
        details = refusal.details[0] if refusal.details else None
        if refusal.type == WrongState.code and isinstance(details, dict) and "status" in details:
            self._move_to(BookingStatus(details["status"]))

    def _move_to(self, status: BookingStatus) -> None:
        if status is BookingStatus.CONFIRMED and not self.visiting:
            self.armed_at = workflow.now()
        self.booking = replace(self.booking, status=status)

    def _take_payment(self, payment: PaymentView, is_news: bool) -> None:
        self.payment = payment
        if self.paid and is_news and not self._was_secured and self.booking.status in LOST:
            self.money_is_late = True
        self._was_secured = self._was_secured or self.paid


async def until(condition: Callable[[], bool], deadline: datetime | None, name: str) -> bool:
    """Wait for the condition. False: ``deadline`` (aware UTC, may be past) came first.

    What was said before the deadline and is being worked on comes before it.
    """
    left = None if deadline is None else deadline - workflow.now()
    if left is None or left > timedelta(0):
        try:
            await workflow.wait_condition(condition, timeout=left, timeout_summary=name if left else None)
        except TimeoutError:
            pass
        else:
            return True
    await workflow.wait_condition(workflow.all_handlers_finished)
    return condition()
