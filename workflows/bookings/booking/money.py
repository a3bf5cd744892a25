"""Executes the movements of money that a decision asked for. Each is repeated until the provider gives a result."""

from dataclasses import replace

from temporalio import workflow

from domain.payments.movements import of_surplus
from domain.payments.settlement import TAKEN
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from workflows.bookings.booking.cards import set_deadline
from workflows.bookings.booking.state import BookingState
from workflows.support import options


async def move_money(state: BookingState) -> None:
    """Execute the movements in their order, until the run ends."""
    while True:
        await workflow.wait_condition(lambda: bool(state.money))
        await _make(state, state.money[0])
        # Remove it only now: a movement on the list keeps the run open.
        state.money.pop(0)


async def _make(state: BookingState, task: MoneyTask) -> None:
    result = await _result_of(state, task)
    payment = await _recorded(state, task, result)
    if payment is None:
        return
    if task.movement is Movement.AUTHORIZE and result.phase is Phase.SUCCEEDED:
        _replace_intent(state, task, result, payment)
    if result.phase is Phase.FAILED and not _found_paid(task, result):
        # The key is the one that `record` uses, so that one problem has one attention item.
        if task.movement is Movement.AUTHORIZE:
            set_deadline(state, payment.card_due)
        await state.raise_alert(f"{task.movement}_failed", task.movement_id, amount=task.amount, reason=result.reason)
    else:
        state.clear_alert()


def _replace_intent(state: BookingState, task: MoneyTask, result: MoneyResult, payment: PaymentView) -> None:
    """A new authorization replaces the old intent: later movements use the new intent, the other one is voided."""
    is_current = payment.status is PaymentStatus.AUTHORIZED
    surplus = task.intent_id if is_current else result.intent_id
    if is_current:
        state.money[1:] = [
            replace(other, intent_id=result.intent_id) if other.intent_id == task.intent_id else other
            for other in state.money[1:]
        ]
    state.money.append(
        replace(task, movement=Movement.VOID, movement_id=of_surplus(task.movement_id), intent_id=surplus)
    )


async def _result_of(state: BookingState, task: MoneyTask) -> MoneyResult:
    """Ask the provider until it gives a result."""
    pause = options.FIRST_PAUSE
    tries = 0
    while True:
        tries += 1
        result = await state.perform(task, options.MOVE)
        if result is not None and not _is_open(task, result):
            return result
        if tries == options.ALERT_AFTER:
            await state.raise_alert("movement_unsettled", task.movement_id, movement=task.movement, amount=task.amount)
        await workflow.sleep(pause, summary=f"{task.movement}: ask the provider again")
        pause = options.next_pause(pause, options.LONGEST_PAUSE)


async def _recorded(state: BookingState, task: MoneyTask, result: MoneyResult) -> PaymentView | None:
    """Record the outcome. Where our records refuse it, it is tried again: an event of the provider may bring what was
    missing. None: it is refused still. Then a person compares both sides; the movement stays intended in the ledger,
    and the booking goes on."""
    pause, code = options.FIRST_PAUSE, ""
    for tries in range(1, options.RECORD_TRIES + 1):
        recorded = await state.record(task, result)
        if not isinstance(recorded, str):
            return recorded
        code = recorded
        if tries < options.RECORD_TRIES:
            await workflow.sleep(pause, summary=f"{task.movement}: record the outcome again")
            pause = options.next_pause(pause, options.LONGEST_PAUSE)
    details: dict[str, str | int | None] = {"movement": task.movement, "amount": task.amount}
    details |= {"captured": result.captured, "phase": result.phase}
    await state.raise_alert("outcome_refused", task.movement_id, code=code, **details)
    return None


def _is_open(task: MoneyTask, result: MoneyResult) -> bool:
    """The result is unknown, or the payment is processing and cannot be voided now."""
    processing = task.movement is Movement.VOID and result.status is PaymentStatus.PROCESSING
    return processing or result.phase is Phase.UNKNOWN


def _found_paid(task: MoneyTask, result: MoneyResult) -> bool:
    """The void came too late. The money is refunded as late money, or was refunded already."""
    return task.movement is Movement.VOID and result.status in TAKEN
