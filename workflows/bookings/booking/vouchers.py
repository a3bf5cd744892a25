"""A booking that waits for the payment of a voucher at a convenience store."""

from temporalio import workflow

from activities.payments.payments import PaymentActivities, WarnInput
from domain.payments.vouchers import warn_at
from workflows.bookings.booking.next_step import NextStep, StepKind
from workflows.bookings.booking.state import BookingState
from workflows.support import options
from workflows.support.refusals import fail_workflow_task


def goes_on(state: BookingState) -> bool:
    """The database says that the hold has not ended, because its voucher can still be paid."""
    voucher = state.payment is not None and state.payment.voucher_until is not None
    return state.pending and not state.paid and voucher


async def wait_for_the_clock() -> None:
    """By the clock of the database a hold has not ended yet; that of its run may be ahead of it."""
    await workflow.sleep(options.CLOCKS_DIFFER)


def warning_of(state: BookingState) -> NextStep | None:
    """When the customer is warned that the voucher ends; None without a voucher, and after the warning."""
    payment = state.payment
    if payment is None or payment.voucher_until is None or payment.voucher_made_at is None:
        return None
    at = warn_at(payment.voucher_made_at, payment.voucher_until)
    step = None if at is None else NextStep(StepKind.WARN, at)
    return None if step in state.done else step


async def warn(state: BookingState, step: NextStep) -> None:
    """Queue the warning. The activity checks that the voucher is still unpaid."""
    state.done.add(step)
    payment = state.payment
    if payment is None or payment.voucher_until is None:
        return
    about = WarnInput(payment.payment_id, state.booking.business_id, payment.voucher_until)
    with fail_workflow_task("warn_of_voucher"):
        await workflow.execute_local_activity_method(PaymentActivities.warn_of_voucher, about, **options.STEP)
