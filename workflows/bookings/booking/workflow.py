"""A booking from its hold to its last payment: which step is next. The steps are in `state`, `money` and `expiry`."""

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
    from domain.booking_status import ALLOWED, FINAL, BookingStatus
    from domain.bookings.commands import BookingCommand, BookingOutcome, Cause
    from domain.bookings.late_payment import LOST
    from workflows.bookings.booking import messages
    from workflows.bookings.booking.expiry import settle_hold
    from workflows.bookings.booking.money import move_money
    from workflows.bookings.booking.next_step import NextStep, StepKind, next_step
    from workflows.bookings.booking.state import BookingState
    from workflows.bookings.booking.vouchers import warn, warning_of
    from workflows.bookings.booking.waiting import until
    from workflows.support import options
    from workflows.support.refusals import invalid_time, wrong_state


@workflow.defn(name=messages.WORKFLOW)
class BookingWorkflow:
    """One run per booking. It ends when the booking has ended and no movement of money is open. A later event starts a
    new run (``resumed``), which continues from the snapshot: every step reads the state, so it works in both kinds of
    run.

    If an operator cancels the run, a booking that has not ended is cancelled by the system with a full refund, and the
    run ends when the provider has confirmed it. Terminating the run does none of that.
    """

    @workflow.init
    def __init__(self, start: messages.BookingInput) -> None:
        self._state = BookingState(start)
        self._messages_per_run = start.messages_per_run
        self._waiting_until: str | None = None

    @workflow.run
    async def run(self, start: messages.BookingInput) -> BookingOutcome:
        """Returns how the booking ended."""
        self._payment_task = asyncio.create_task(move_money(self._state))
        try:
            while True:
                await self._wait_for_money()
                await self._wait_for_proof()
                await self._wait_for_approval()
                await self._confirm()
                await self._attend_visit()
                await self._wait_for_undo()
                if not self._state.pending and await self._settle():
                    return self._outcome()
        except (asyncio.CancelledError, FailureError) as error:
            if not is_cancelled_exception(error):
                raise
            await self._cancel_and_refund()
            raise

    # -- the process ---------------------------------------------------------------------------------------------

    async def _wait_for_money(self) -> None:
        """Until it is paid, or the hold has ended and the intent is closed. A reschedule or a voucher may change the
        deadline. Before a voucher ends, the customer is warned."""
        state = self._state
        while state.holding and state.booking.amount_due and not state.paid:
            deadline, warning = state.booking.hold_expires_at, warning_of(state)
            if warning is not None and state.pending and (deadline is None or warning.at < deadline):
                waiting = partial(self._is_paid_or_moved, deadline, warning)
                if not await self._until(waiting, warning.at, warning.kind):
                    await warn(state, warning)
                continue
            if state.pending and await self._until(
                partial(self._is_paid_or_moved, deadline, warning), deadline, "the hold ends"
            ):
                continue
            await settle_hold(state)

    async def _wait_for_proof(self) -> None:
        """Until the guest has proven the address. At the deadline the hold expires. A reschedule may change the
        deadline."""
        state = self._state
        while state.pending and state.booking.proof_deadline is not None:
            deadline = state.booking.proof_deadline
            if not await self._until(partial(self._is_proven_or_moved, deadline), deadline, "address to be proven"):
                await state.decide(BookingActivities.expire_unproven, state.command("expire_unproven"))

    async def _wait_for_approval(self) -> None:
        """Until the business approves or declines. No answer counts as declined. A reschedule may change the
        deadline."""
        state = self._state
        if not (state.pending and state.booking.needs_approval):
            return
        if state.booking.amount_due:
            await state.decide(BookingActivities.await_approval, state.command("await_approval"))
        if state.booking.amount_due or state.booking.version:
            state.show()
        while state.pending:
            deadline = state.answer_is_due
            if not await self._until(partial(self._is_answered_or_moved, deadline), deadline, "approval deadline"):
                await state.decide(BookingActivities.decline, state.command("decline", Cause.NO_ANSWER))

    async def _confirm(self) -> None:
        """Nothing more is needed. If the hold was lost in the meantime, the booking is expired and its money is
        late."""
        if self._state.pending:
            await self._state.decide(BookingActivities.confirm, self._state.command("confirm"))

    async def _attend_visit(self) -> None:
        """Reminders in their order, then the end of the visit. Staff may end it earlier. A reschedule by the customer
        may need approval again: then the booking is pending."""
        state = self._state
        while state.visiting:
            state.show()
            step = self._next_step()
            if not await self._until(partial(self._is_not_due, step), step.at, step.kind):
                await self._do(step)

    async def _wait_for_undo(self) -> None:
        """Until the step that ended the booking can no longer be undone; then its money moves. After an undo the
        booking is live again."""
        state = self._state
        while state.booking.status in FINAL and (deadline := state.booking.undo_until) is not None:
            if not await self._until(partial(self._is_undone, deadline), deadline, "the step becomes final"):
                await self._settle_ending(deadline)

    async def _settle_ending(self, deadline: datetime) -> None:
        command = self._state.command(f"settle_ending:{deadline.isoformat()}")
        await self._state.decide(BookingActivities.settle_ending, command)

    async def _settle(self) -> bool:
        """Wait until no money is moving. False: late money reinstated the booking."""
        state = self._state
        deadline = None
        while True:
            await self._until(self._is_quiet, None, "money under way")
            if state.visiting:
                return False
            if state.has_late_money:
                await self._settle_late_money()
            elif state.expects_events:
                deadline = deadline or workflow.now() + options.WAIT_FOR_EVENTS
                if not await self._until(lambda: not self._is_quiet(), deadline, "events of the payment"):
                    state.expects_events = False
            else:
                return True

    async def _settle_late_money(self) -> None:
        """Reinstate the booking for late money if the same time is free and in the future, else refund it in full."""
        state = self._state
        key = state.payment.payment_id if state.payment else workflow.info().run_id
        await state.decide(BookingActivities.reinstate_after_late_payment, state.command(f"reinstate:{key}"))
        state.mark_late_money_settled()

    async def _do(self, step: NextStep) -> None:
        state = self._state
        if step.kind is StepKind.REMIND:
            await state.remind(step)
            state.done.add(step)
            return
        if step.kind is StepKind.RENEW:
            state.done.add(step)
            await state.decide(BookingActivities.begin_renewal, state.command(f"renew:{step.at.isoformat()}"))
            return
        if step.kind is StepKind.CARD_DUE:
            state.done.add(step)
            command = state.command(f"end_card_request:{step.at.isoformat()}")
            await state.decide(BookingActivities.end_card_request, command)
            return
        if step.kind is StepKind.CLOSE_UNATTENDED:
            await state.raise_alert("visit_unattended", str(state.booking.booking_id))
        await state.decide(BookingActivities.complete, state.command("complete", Cause(step.kind.value)))

    async def _cancel_and_refund(self) -> None:
        state = self._state
        for number in itertools.count(1):
            if BookingStatus.CANCELLED in ALLOWED[state.booking.status]:
                command = state.command(f"cancel_by_operator:{number}", Cause.OPERATOR, waive_penalty=True)
                await state.decide(BookingActivities.cancel, command)
            elif state.booking.undo_until is not None:
                await self._settle_ending(state.booking.undo_until)
            if await self._settle():
                return

    # -- updates: commands of people -----------------------------------------------------------------------------

    @workflow.update(name=messages.CONFIRM)
    async def confirm(self, command: BookingCommand) -> BookingOutcome:
        """The business approves the booking."""
        return await self._state.execute_command(BookingActivities.approve, command)

    @confirm.validator
    def _may_confirm(self, command: BookingCommand) -> None:
        if not self._state.pending:
            raise wrong_state(self._state.booking.status, BookingStatus.CONFIRMED)

    @workflow.update(name=messages.PROVE_CONTACT)
    async def prove_contact(self, command: BookingCommand) -> BookingOutcome:
        """The guest has opened the link that was sent to the typed address."""
        return await self._state.execute_command(BookingActivities.prove_contact, command)

    @prove_contact.validator
    def _may_prove_contact(self, command: BookingCommand) -> None:
        if not self._state.pending and not self._state.visiting:
            raise wrong_state(self._state.booking.status, BookingStatus.CONFIRMED)

    @workflow.update(name=messages.DECLINE)
    async def decline(self, command: BookingCommand) -> BookingOutcome:
        """The business declines; the money is refunded."""
        return await self._state.execute_command(BookingActivities.decline, command)

    @decline.validator
    def _may_decline(self, command: BookingCommand) -> None:
        self._state.refuse_unless_allowed(BookingStatus.DECLINED)

    @workflow.update(name=messages.CANCEL)
    async def cancel(self, command: BookingCommand) -> BookingOutcome:
        """By the customer or the business. The penalty follows the booking's own policy."""
        return await self._state.execute_command(BookingActivities.cancel, command)

    @cancel.validator
    def _may_cancel(self, command: BookingCommand) -> None:
        self._state.refuse_unless_allowed(BookingStatus.CANCELLED)

    @workflow.update(name=messages.RESCHEDULE)
    async def reschedule(self, command: BookingCommand) -> BookingOutcome:
        """Move the booking to another time; all timers are set again."""
        return await self._state.execute_command(BookingActivities.reschedule, command)

    @reschedule.validator
    def _may_reschedule(self, command: BookingCommand) -> None:
        if self._state.booking.status not in (BookingStatus.PENDING, BookingStatus.CONFIRMED):
            raise wrong_state(self._state.booking.status, messages.RESCHEDULE)
        now = workflow.now()
        if command.start_at is not None and not now - options.FURTHEST < command.start_at < now + options.FURTHEST:
            raise invalid_time("start_at")

    @workflow.update(name=messages.CHECK_IN)
    async def check_in(self, command: BookingCommand) -> BookingOutcome:
        """The customer has arrived."""
        return await self._state.execute_command(BookingActivities.check_in, command)

    @check_in.validator
    def _may_check_in(self, command: BookingCommand) -> None:
        self._state.refuse_unless_allowed(BookingStatus.CHECKED_IN)

    @workflow.update(name=messages.COMPLETE)
    async def complete(self, command: BookingCommand) -> BookingOutcome:
        """The visit has ended; the amount due is captured."""
        return await self._state.execute_command(BookingActivities.complete, command)

    @complete.validator
    def _may_complete(self, command: BookingCommand) -> None:
        self._state.refuse_unless_allowed(BookingStatus.COMPLETED)

    @workflow.update(name=messages.NO_SHOW)
    async def no_show(self, command: BookingCommand) -> BookingOutcome:
        """The customer did not come. The policy says how much is charged."""
        return await self._state.execute_command(BookingActivities.no_show, command)

    @no_show.validator
    def _may_be_no_show(self, command: BookingCommand) -> None:
        self._state.refuse_unless_allowed(BookingStatus.NO_SHOW)

    @workflow.update(name=messages.UNDO)
    async def undo(self, command: BookingCommand) -> BookingOutcome:
        """The last step of staff was a mistake."""
        return await self._state.execute_command(BookingActivities.undo, command)

    @undo.validator
    def _may_undo(self, command: BookingCommand) -> None:
        if self._state.booking.undo_until is None:
            raise wrong_state(self._state.booking.status, messages.UNDO)

    # -- signals: events of programs; queries: support ---------------------------------------------------------------

    @workflow.signal(name=messages.PAYMENT_EVENT)
    async def payment_event(self, event: messages.PaymentEventInput) -> None:
        """A stored webhook event concerns this booking's payment."""
        await self._state.apply_payment_event(event.webhook_id)

    @workflow.signal(name=messages.MOVE_MONEY)
    async def move_money(self, order: messages.MoveMoneyInput) -> None:
        """A manager has ordered a capture or void."""
        await self._state.add_ordered(order.movement_id)

    @workflow.signal(name=messages.STRANDED)
    async def stranded(self, about: messages.StrandedInput) -> None:
        """Cancel with a full refund. The activity checks that the customer has still chosen no other time."""
        state = self._state
        if BookingStatus.CANCELLED in ALLOWED[state.booking.status]:
            command = state.command(f"stranded:{about.reaccommodation_id}", Cause.STRANDED, waive_penalty=True)
            await state.decide(BookingActivities.cancel, replace(command, stranded=True))

    @workflow.query(name=messages.STATE)
    def state(self) -> messages.BookingRunState:
        """The state of this run."""
        state = self._state
        return messages.BookingRunState(
            stage=state.stage,
            status=state.booking.status.value,
            waiting_until=self._waiting_until,
            paid=state.paid,
            approved=state.booking.needs_approval and not state.pending and state.booking.status not in LOST,
        )

    # -- waiting -------------------------------------------------------------------------------------------------

    async def _until(self, condition: Callable[[], bool], deadline: datetime | None, name: str) -> bool:
        """`state.until`, shown in the Temporal UI. Raises the error of the payment task if that has ended."""
        self._waiting_until = deadline.isoformat() if deadline else None
        when = f", until {deadline:%Y-%m-%d %H:%M} UTC" if deadline else ""
        workflow.set_current_details(f"**{self._state.stage}**: {name}{when}")
        met = await until(lambda: condition() or self._payment_task.done() or self._is_long(), deadline, name)
        if self._is_long() and not condition() and not self._payment_task.done():
            await self._continue()
        if self._payment_task.done():
            await self._payment_task  # It ends only by an error, which this raises.
        return met

    def _is_long(self) -> bool:
        """The history is long, and no work is in progress that a new run would lose."""
        full = self._state.messages >= self._messages_per_run or workflow.info().is_continue_as_new_suggested()
        return full and self._is_quiet()

    async def _continue(self) -> None:
        """Continue as a new run with the same state. Deadlines are absolute times, so they stay the same."""
        self._payment_task.cancel()
        state = self._state
        workflow.continue_as_new(messages.BookingInput(state.booking, False, state.carried(), self._messages_per_run))

    def _is_paid_or_moved(self, deadline: datetime | None, warning: NextStep | None) -> bool:
        state = self._state
        is_same = state.booking.hold_expires_at == deadline and warning_of(state) == warning
        return state.paid or not state.pending or not is_same

    def _is_proven_or_moved(self, deadline: datetime) -> bool:
        return not self._state.pending or self._state.booking.proof_deadline != deadline

    def _is_answered_or_moved(self, deadline: datetime | None) -> bool:
        return not self._state.pending or self._state.answer_is_due != deadline

    def _is_undone(self, deadline: datetime) -> bool:
        return self._state.booking.undo_until != deadline

    def _is_not_due(self, step: NextStep) -> bool:
        state = self._state
        return not state.visiting or self._next_step() != step

    def _next_step(self) -> NextStep:
        state = self._state
        until = state.payment.authorized_until if state.payment else None
        return next_step(state.booking, state.armed_at, state.done, until, state.undone_at, state.card_due)

    def _is_quiet(self) -> bool:
        return not self._state.money and workflow.all_handlers_finished()

    def _outcome(self) -> BookingOutcome:
        booking = self._state.booking
        workflow.set_current_details(f"**{self._state.stage}**")
        return BookingOutcome(
            booking.booking_id,
            booking.status,
            booking.start_at,
            booking.end_at,
            booking.version,
            booking.hold_expires_at,
            self._state.payment,
        )
