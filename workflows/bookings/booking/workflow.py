"""A booking from its hold to its last payment: what happens next. The steps are in `state`, `money` and `expiry`."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.bookings.bookings import BookingActivities
    from domain.bookings.commands import BookingCommand, BookingOutcome, Cause
    from domain.bookings.late_payment import LOST
    from domain.bookings.status import ALLOWED, BookingStatus
    from workflows.bookings.booking import messages
    from workflows.bookings.booking.expiry import settle_hold
    from workflows.bookings.booking.money import move_money
    from workflows.bookings.booking.next_step import NextStep, StepKind, next_step
    from workflows.bookings.booking.state import BookingState, until
    from workflows.support import options
    from workflows.support.refusals import invalid_time, wrong_state


@workflow.defn(name=messages.WORKFLOW)
class BookingWorkflow:
    """One run per booking. It ends when the booking is over and no movement of money is open; events that come later
    start a new run (``resumed``), which begins where the snapshot says. Every step asks the state, so it fits both.

    An operator's cancellation of the run cancels a booking that is not over, in the name of the system and with
    everything given back, and ends when the provider has said so. Terminating it does none of that.
    """

    @workflow.init
    def __init__(self, start: messages.BookingInput) -> None:
        self._case = BookingState(start)
        self._messages_per_run = start.messages_per_run
        self._waiting_until: str | None = None

    @workflow.run
    async def run(self, start: messages.BookingInput) -> BookingOutcome:
        """Gives how the booking ended."""
        self._payment_task = asyncio.create_task(move_money(self._case))
        try:
            while True:
                await self._wait_for_money()
                await self._wait_for_proof()
                await self._wait_for_approval()
                await self._confirm()
                await self._attend_visit()
                if not self._case.pending and await self._settle():
                    return self._outcome()
        except (asyncio.CancelledError, FailureError) as error:
            if not is_cancelled_exception(error):
                raise
            await self._give_everything_back()
            raise

    # -- the process ---------------------------------------------------------------------------------------------

    async def _wait_for_money(self) -> None:
        """Until it is paid, or the hold has ended and the provider agreed. A reschedule may move that end."""
        case = self._case
        while case.holding and case.booking.amount_due and not case.paid:
            deadline = case.booking.hold_expires_at
            if case.pending and await self._until(partial(self._is_paid_or_moved, deadline), deadline, "the hold ends"):
                continue
            await settle_hold(case)

    async def _wait_for_proof(self) -> None:
        """Until the guest has shown that the typed address is theirs; silence ends the hold. A reschedule may move
        the deadline."""
        case = self._case
        while case.pending and case.booking.proof_deadline is not None:
            deadline = case.booking.proof_deadline
            if not await self._until(partial(self._is_proven_or_moved, deadline), deadline, "address to be proven"):
                await case.decide(BookingActivities.expire_unproven, case.command("expire_unproven"))

    async def _wait_for_approval(self) -> None:
        """Until the business says yes or no; silence is no. A reschedule may move the deadline."""
        case = self._case
        if not (case.pending and case.booking.needs_approval):
            return
        if case.booking.amount_due:
            await case.decide(BookingActivities.await_approval, case.command("await_approval"))
        if case.booking.amount_due or case.booking.version:
            case.show()
        while case.pending:
            deadline = case.answer_is_due
            if not await self._until(partial(self._is_answered_or_moved, deadline), deadline, "approval deadline"):
                await case.decide(BookingActivities.decline, case.command("decline", Cause.NO_ANSWER))

    async def _confirm(self) -> None:
        """Nothing more is asked. If the time was lost in the meantime, the booking is expired and its money late."""
        if self._case.pending:
            await self._case.decide(BookingActivities.confirm, self._case.command("confirm"))

    async def _attend_visit(self) -> None:
        """Reminders in their order, then the end of the visit. Staff may end it earlier, and a customer's move may need
        approval again: then the booking is pending."""
        case = self._case
        while case.visiting:
            case.show()
            duty = self._next_duty()
            if not await self._until(partial(self._is_not_due, duty), duty.at, duty.kind):
                await self._do(duty)

    async def _settle(self) -> bool:
        """Wait until no money is under way. False: late money brought the booking back to life."""
        case = self._case
        linger_until = None
        while True:
            await self._until(self._is_quiet, None, "money under way")
            if case.visiting:
                return False
            if case.has_late_money:
                await self._take_back_or_give_back()
            elif case.expects_news:
                linger_until = linger_until or workflow.now() + options.LINGER
                if not await self._until(lambda: not self._is_quiet(), linger_until, "news of the money"):
                    case.expects_news = False
            else:
                return True

    async def _take_back_or_give_back(self) -> None:
        """Late money takes the same time again if it is free and ahead, else it goes back in full."""
        case = self._case
        key = case.payment.payment_id if case.payment else workflow.info().run_id
        await case.decide(BookingActivities.reinstate_after_late_payment, case.command(f"retake:{key}"))
        case.late_money_is_settled()

    async def _do(self, duty: NextStep) -> None:
        case = self._case
        if duty.kind is StepKind.REMIND:
            await case.remind(duty)
            case.done.add(duty)
            return
        if duty.kind is StepKind.RENEW:
            case.done.add(duty)
            await case.decide(BookingActivities.begin_renewal, case.command(f"renew:{duty.at.isoformat()}"))
            return
        if duty.kind is StepKind.CLOSE_UNATTENDED:
            await case.raise_alert("visit_unattended", str(case.booking.booking_id))
        await case.decide(BookingActivities.complete, case.command("complete", Cause(duty.kind.value)))

    async def _give_everything_back(self) -> None:
        case = self._case
        for number in itertools.count(1):
            if BookingStatus.CANCELLED in ALLOWED[case.booking.status]:
                command = case.command(f"cancel_by_operator:{number}", Cause.OPERATOR, waive_penalty=True)
                await case.decide(BookingActivities.cancel, command)
            if await self._settle():
                return

    # -- updates: people's commands ------------------------------------------------------------------------------

    @workflow.update(name=messages.CONFIRM)
    async def confirm(self, command: BookingCommand) -> BookingOutcome:
        """The business approves."""
        return await self._case.execute_command(BookingActivities.approve, command)

    @confirm.validator
    def _may_confirm(self, command: BookingCommand) -> None:
        if not self._case.pending:
            raise wrong_state(self._case.booking.status, BookingStatus.CONFIRMED)

    @workflow.update(name=messages.PROVE_CONTACT)
    async def prove_contact(self, command: BookingCommand) -> BookingOutcome:
        """The guest has opened the link that was sent to the typed address."""
        return await self._case.execute_command(BookingActivities.prove_contact, command)

    @prove_contact.validator
    def _may_prove_contact(self, command: BookingCommand) -> None:
        if not self._case.pending and not self._case.visiting:
            raise wrong_state(self._case.booking.status, BookingStatus.CONFIRMED)

    @workflow.update(name=messages.DECLINE)
    async def decline(self, command: BookingCommand) -> BookingOutcome:
        """The business says no; the money goes back."""
        return await self._case.execute_command(BookingActivities.decline, command)

    @decline.validator
    def _may_decline(self, command: BookingCommand) -> None:
        self._case.refuse_unless_allowed(BookingStatus.DECLINED)

    @workflow.update(name=messages.CANCEL)
    async def cancel(self, command: BookingCommand) -> BookingOutcome:
        """By the customer or the business, at the price of the booking's own policy."""
        return await self._case.execute_command(BookingActivities.cancel, command)

    @cancel.validator
    def _may_cancel(self, command: BookingCommand) -> None:
        self._case.refuse_unless_allowed(BookingStatus.CANCELLED)

    @workflow.update(name=messages.RESCHEDULE)
    async def reschedule(self, command: BookingCommand) -> BookingOutcome:
        """To another time; every timer moves with it."""
        return await self._case.execute_command(BookingActivities.reschedule, command)

    @reschedule.validator
    def _may_reschedule(self, command: BookingCommand) -> None:
        if self._case.booking.status not in (BookingStatus.PENDING, BookingStatus.CONFIRMED):
            raise wrong_state(self._case.booking.status, messages.RESCHEDULE)
        now = workflow.now()
        if command.start_at is not None and not now - options.FURTHEST < command.start_at < now + options.FURTHEST:
            raise invalid_time("start_at")

    @workflow.update(name=messages.CHECK_IN)
    async def check_in(self, command: BookingCommand) -> BookingOutcome:
        """The customer is there."""
        return await self._case.execute_command(BookingActivities.check_in, command)

    @check_in.validator
    def _may_check_in(self, command: BookingCommand) -> None:
        self._case.refuse_unless_allowed(BookingStatus.CHECKED_IN)

    @workflow.update(name=messages.COMPLETE)
    async def complete(self, command: BookingCommand) -> BookingOutcome:
        """The visit is over; what is due is captured."""
        return await self._case.execute_command(BookingActivities.complete, command)

    @complete.validator
    def _may_complete(self, command: BookingCommand) -> None:
        self._case.refuse_unless_allowed(BookingStatus.COMPLETED)

    @workflow.update(name=messages.NO_SHOW)
    async def no_show(self, command: BookingCommand) -> BookingOutcome:
        """The customer did not come; the policy says what it costs."""
        return await self._case.execute_command(BookingActivities.no_show, command)

    @no_show.validator
    def _may_be_no_show(self, command: BookingCommand) -> None:
        self._case.refuse_unless_allowed(BookingStatus.NO_SHOW)

    # -- signals: events of machines, queries: support ---------------------------------------------------------------

    @workflow.signal(name=messages.PAYMENT_EVENT)
    async def payment_event(self, event: messages.PaymentEventInput) -> None:
        """The inbox has an event of the payment."""
        await self._case.apply_payment_event(event.webhook_id)

    @workflow.signal(name=messages.STRANDED)
    async def stranded(self, news: messages.StrandedInput) -> None:
        """Cancelled with everything given back; the step itself looks whether it is still without another time."""
        case = self._case
        if BookingStatus.CANCELLED in ALLOWED[case.booking.status]:
            command = case.command(f"stranded:{news.reaccommodation_id}", Cause.STRANDED, waive_penalty=True)
            await case.decide(BookingActivities.cancel, replace(command, stranded=True))

    @workflow.query(name=messages.STATE)
    def state(self) -> messages.BookingRunState:
        """The state of this run."""
        case = self._case
        return messages.BookingRunState(
            stage=case.stage,
            status=case.booking.status.value,
            waiting_until=self._waiting_until,
            paid=case.paid,
            approved=case.booking.needs_approval and not case.pending and case.booking.status not in LOST,
        )

    # -- waiting -------------------------------------------------------------------------------------------------

    async def _until(self, condition: Callable[[], bool], deadline: datetime | None, name: str) -> bool:
        """`until`, shown in the Temporal UI. Raises what ended the task that moves the money."""
        self._waiting_until = deadline.isoformat() if deadline else None
        when = f", until {deadline:%Y-%m-%d %H:%M} UTC" if deadline else ""
        workflow.set_current_details(f"**{self._case.stage}**: {name}{when}")
        met = await until(lambda: condition() or self._payment_task.done() or self._is_long(), deadline, name)
        if self._is_long() and not condition() and not self._payment_task.done():
            await self._continue()
        if self._payment_task.done():
            await self._payment_task  # It never ends by itself, so this raises its error.
        return met

    def _is_long(self) -> bool:
        """The history is long, and nothing is under way that a new run would not know."""
        full = self._case.messages >= self._messages_per_run or workflow.info().is_continue_as_new_suggested()
        return full and self._is_quiet()

    async def _continue(self) -> None:
        """Go on in a new run with the same state; every deadline is a point in time, so each is met there."""
        self._payment_task.cancel()
        case = self._case
        workflow.continue_as_new(messages.BookingInput(case.booking, False, case.carried(), self._messages_per_run))

    def _is_paid_or_moved(self, deadline: datetime | None) -> bool:
        case = self._case
        return case.paid or not case.pending or case.booking.hold_expires_at != deadline

    def _is_proven_or_moved(self, deadline: datetime) -> bool:
        return not self._case.pending or self._case.booking.proof_deadline != deadline

    def _is_answered_or_moved(self, deadline: datetime | None) -> bool:
        return not self._case.pending or self._case.answer_is_due != deadline

    def _is_not_due(self, duty: NextStep) -> bool:
        case = self._case
        return not case.visiting or self._next_duty() != duty

    def _next_duty(self) -> NextStep:
        case = self._case
        until = case.payment.authorized_until if case.payment else None
        return next_step(case.booking, case.armed_at, case.done, until)

    def _is_quiet(self) -> bool:
        return not self._case.money and workflow.all_handlers_finished()

    def _outcome(self) -> BookingOutcome:
        booking = self._case.booking
        workflow.set_current_details(f"**{self._case.stage}**")
        return BookingOutcome(
            booking.booking_id,
            booking.status,
            booking.start_at,
            booking.end_at,
            booking.version,
            booking.hold_expires_at,
            self._case.payment,
        )
