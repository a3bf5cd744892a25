"""Movements that a decision left to be made: each is made, however long the provider is away."""

from dataclasses import replace

from temporalio import workflow

from domain.payments.movements import of_surplus
from domain.payments.settlement import TAKEN
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from workflows.bookings.booking.state import BookingState
from workflows.support import options


async def move_money(case: BookingState) -> None:
    """Make the movements of the case in their order, for as long as its run lasts."""
    while True:
        await workflow.wait_condition(lambda: bool(case.money))
        await _make(case, case.money[0])
        # Only now: what is on the list keeps the run open.
        case.money.pop(0)


async def _make(case: BookingState, task: MoneyTask) -> None:
    result = await _result_of(case, task)
    payment = await case.record(task, result)
    if task.movement is Movement.AUTHORIZE and result.phase is Phase.SUCCEEDED:
        _take_the_place(case, task, result, payment)
    if result.phase is Phase.FAILED and not _found_paid(task, result):
        # The same key as the record uses, so that one problem has one entry.
        await case.raise_alert(f"{task.movement}_failed", task.movement_id, amount=task.amount, reason=result.reason)
    else:
        case.clear_alert()


def _take_the_place(case: BookingState, task: MoneyTask, result: MoneyResult, payment: PaymentView) -> None:
    """What was decided in the meantime is done to the new intent; the one that is not needed is given up."""
    is_current = payment.status is PaymentStatus.AUTHORIZED
    surplus = task.intent_id if is_current else result.intent_id
    if is_current:
        case.money[1:] = [
            replace(other, intent_id=result.intent_id) if other.intent_id == task.intent_id else other
            for other in case.money[1:]
        ]
    case.money.append(
        replace(task, movement=Movement.VOID, movement_id=of_surplus(task.movement_id), intent_id=surplus)
    )


async def _result_of(case: BookingState, task: MoneyTask) -> MoneyResult:
    """Ask the provider until it gives a result."""
    pause = options.FIRST_PAUSE
    tries = 0
    while True:
        tries += 1
        result = await case.perform(task, options.MOVE)
        if result is not None and not _is_open(task, result):
            return result
        if tries == options.HELP_AFTER:
            await case.raise_alert("movement_unsettled", task.movement_id, movement=task.movement, amount=task.amount)
        await workflow.sleep(pause, summary=f"{task.movement}: ask the provider again")
        pause = options.longer(pause, options.LONGEST_PAUSE)


def _is_open(task: MoneyTask, result: MoneyResult) -> bool:
    """Nobody knows, or the payment is on its way and can no longer be stopped."""
    processing = task.movement is Movement.VOID and result.status is PaymentStatus.PROCESSING
    return processing or result.phase is Phase.UNKNOWN


def _found_paid(task: MoneyTask, result: MoneyResult) -> bool:
    """A void that came too late. The money is refunded as late money, or was refunded already."""
    return task.movement is Movement.VOID and result.status in TAKEN
