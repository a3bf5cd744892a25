"""The end of an unpaid hold: the provider is asked before the time is given up."""

import itertools
from dataclasses import replace
from datetime import datetime

from temporalio import workflow

from activities.bookings.bookings import BookingActivities
from domain.payments.status import PaymentStatus
from domain.payments.tasks import MoneyTask
from workflows.bookings.booking.state import BookingState, until
from workflows.support import options

#: An intent in one of these cannot be paid any more.
CLOSED = frozenset({PaymentStatus.VOIDED, PaymentStatus.REFUNDED, PaymentStatus.DISPUTED})


async def settle_hold(case: BookingState) -> None:
    """The time of the hold is over and no payment is known. Returns when the provider has answered:

    * closed: the booking is expired;
    * paid: the booking goes on;
    * processing: the time is kept for `options.KEEP_FOR_PROCESSING`, then an alert is raised; events are waited for;
    * no answer: the time is kept, an alert is raised after `options.HELP_AFTER` tries, and the provider is asked again,
      without end.

    Also returns when somebody cancelled or declined in the meantime.
    """
    deadline = workflow.now()
    pause = options.FIRST_PAUSE
    task: MoneyTask | None = None
    unanswered, was_told = 0, False
    for tries in itertools.count(1):
        # With the run's id, because a later run must be able to ask again.
        key = f"{workflow.info().run_id}:{tries}"
        task = task or await case.end_hold(BookingActivities.begin_expiry, case.command(f"begin_expiry:{key}"))
        if task is None:
            break
        result = await case.perform(task, options.CLOSE)
        keep_until = case.booking.start_at
        if result is not None:
            payment = await case.record(task, result)
            closed = payment.status in CLOSED
            task = await case.end_hold(BookingActivities.expire, case.command(f"expire:{key}")) if closed else None
            if case.paid or (closed and task is None):
                break
            if payment.status is PaymentStatus.PROCESSING:
                keep_until = min(keep_until, deadline + options.KEEP_FOR_PROCESSING)
        unanswered += result is None
        again_at = workflow.now() + pause
        heard = case.news_heard
        await _keep_time(case, min(keep_until, again_at + options.KEEP_MARGIN))
        # The number of tries alone means little: every event wakes this loop.
        if not was_told and (unanswered >= options.HELP_AFTER or keep_until <= workflow.now()):
            was_told = True
            await case.raise_alert("hold_unsettled", str(case.booking.booking_id), tries=tries)
        await _wait_for_word(case, heard, again_at)
        if not case.holding or (task is None and case.paid):
            break
        pause = options.longer(pause, options.LONGEST_PAUSE)
    if task is not None:
        # Somebody else ended the hold; the question is still open. What was authorised for it is given up as well.
        case.money.append(replace(task, spares_money=False))
    elif case.pending and not case.paid:
        raise RuntimeError("the hold is over, but it neither expired nor is there an intent to close")
    case.hold_settled = True
    case.clear_alert()


async def _keep_time(case: BookingState, until_then: datetime) -> None:
    if case.pending and until_then > workflow.now():
        await case.keep_time(until_then)


async def _wait_for_word(case: BookingState, heard: int, again_at: datetime) -> None:
    await until(lambda: case.news_heard != heard or not case.holding, again_at, "ask the provider again")
