"""The end of an unpaid hold: the provider is asked before the claims are released."""

import itertools
from dataclasses import replace
from datetime import datetime

from temporalio import workflow

from activities.bookings.bookings import BookingActivities
from domain.payments.status import PaymentStatus
from domain.payments.tasks import MoneyTask, PaymentView
from workflows.bookings.booking.state import BookingState
from workflows.bookings.booking.vouchers import goes_on, wait_for_the_clock
from workflows.bookings.booking.waiting import until
from workflows.support import options

#: An intent in one of these cannot be paid any more.
CLOSED = frozenset({PaymentStatus.VOIDED, PaymentStatus.REFUNDED, PaymentStatus.DISPUTED})


async def settle_hold(state: BookingState) -> None:
    """The hold has ended and no payment is known. Returns when one of these is true:

    * the provider closed the intent: the booking is expired;
    * the provider reports the payment: the booking continues;
    * somebody cancelled or declined the booking in the meantime, or a voucher has extended the hold.

    While the payment is processing, the hold is extended by up to `options.KEEP_FOR_PROCESSING`; then an alert is
    raised. While the provider does not answer, or our records refuse its answer, the hold is extended, the provider is
    asked again without a limit, and an alert is raised after `options.ALERT_AFTER` tries.
    """
    deadline, pause = workflow.now(), options.FIRST_PAUSE
    task: MoneyTask | None = None
    unanswered, alerted = 0, False
    for tries in itertools.count(1):
        # The key contains the run id, because a later run must be able to ask again.
        key = f"{workflow.info().run_id}:{tries}"
        task = task or await state.end_hold(BookingActivities.begin_expiry, state.command(f"begin_expiry:{key}"))
        if task is None:
            break
        result = await state.perform(task, options.CLOSE)
        keep_until = state.booking.start_at
        payment = await state.record(task, result) if result is not None else None
        if isinstance(payment, PaymentView):
            closed = payment.status in CLOSED
            task = await state.end_hold(BookingActivities.expire, state.command(f"expire:{key}")) if closed else None
            if state.paid or (closed and task is None):
                break
            if payment.status is PaymentStatus.PROCESSING:
                keep_until = min(keep_until, deadline + options.KEEP_FOR_PROCESSING)
        unanswered += not isinstance(payment, PaymentView)
        again_at, applied = workflow.now() + pause, state.events_applied
        await _extend_hold(state, min(keep_until, again_at + options.KEEP_MARGIN))
        # Every event wakes this loop, so the number of tries alone is no reason for an alert.
        if not alerted and (unanswered >= options.ALERT_AFTER or keep_until <= workflow.now()):
            alerted = True
            await state.raise_alert("hold_unsettled", str(state.booking.booking_id), tries=tries)
        await _wait_for_event(state, applied, again_at)
        if not state.holding or (task is None and state.paid):
            break
        pause = options.next_pause(pause, options.LONGEST_PAUSE)
    if task is not None:
        # The hold was ended by another command before the intent was closed. Void it also if it is authorized by now.
        state.money.append(replace(task, spares_money=False))
    elif goes_on(state):
        return await wait_for_the_clock()
    elif state.pending and not state.paid:
        raise RuntimeError("the hold has ended, but it neither expired nor is there an intent to close")
    state.hold_settled = True
    state.clear_alert()


async def _extend_hold(state: BookingState, until_then: datetime) -> None:
    if state.pending and until_then > workflow.now():
        await state.extend_hold(until_then)


async def _wait_for_event(state: BookingState, applied: int, again_at: datetime) -> None:
    await until(lambda: state.events_applied != applied or not state.holding, again_at, "ask the provider again")
