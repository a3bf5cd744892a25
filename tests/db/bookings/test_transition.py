"""A command that is delivered again: a person hears the same answer, the process hears how it stands."""

from domain.booking_status import BookingStatus
from domain.payments.status import Movement
from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, add_booking, add_payment
from tests.support.desk import Desk, minutes

START = NOW + 72 * HOUR
PENDING = {"status": "pending", "hold_expires_at": NOW + HOUR}
PAID = {"amount_due": 6600, "payment_mode": "prepay", "hold_expires_at": NOW + HOUR}


async def test_step_of_the_process_hears_how_the_booking_stands_now(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, START, **{**PAID, "status": "expired"})
    await add_payment(desk.database, desk.salon, booking_id, status="captured")
    command = desk.command(booking_id)
    assert (await desk.execute_command("reinstate_after_late_payment", command)).status is BookingStatus.CONFIRMED
    moved = await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=START + HOUR)
    await desk.do("cancel", booking_id, ActorKind.STAFF, waive_penalty=True)
    history = await desk.history(booking_id)

    again = await desk.execute_command("reinstate_after_late_payment", command)

    assert (again.status, again.start_at, again.version) == (BookingStatus.CANCELLED, START + HOUR, moved.version)
    assert again.refunding == 0, "the cancellation's refund is not this step's"
    assert await desk.history(booking_id) == history


async def test_step_of_the_process_hears_again_which_money_it_moves(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, START, **{**PAID, "status": "pending"})
    held = {"status": "authorized", "capture_method": "manual"}
    payment_id = await add_payment(desk.database, desk.salon, booking_id, **held)
    decline = desk.command(booking_id)
    first = await desk.execute_command("decline", decline)
    assert first.money is not None
    assert first.money.movement is Movement.VOID

    again = await desk.execute_command("decline", decline)

    assert again == first
    assert len(await desk.ledger(payment_id)) == 1


async def test_person_hears_the_same_answer(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, START, needs_approval=True, **PENDING)
    approve = desk.command(booking_id, ActorKind.STAFF)
    first = await desk.execute_command("approve", approve)
    await desk.do("cancel", booking_id, ActorKind.STAFF, waive_penalty=True)
    assert await desk.execute_command("approve", approve) == first
    assert first.status is BookingStatus.CONFIRMED


async def test_answer_says_when_the_hold_and_the_approval_end(desk: Desk) -> None:
    ends = {"hold_expires_at": NOW + 24 * HOUR, "approval_deadline": NOW + 24 * HOUR}
    booking_id = await add_booking(desk.database, desk.salon, START, needs_approval=True, **{**PENDING, **ends})
    earlier = NOW + 3 * HOUR
    outcome = await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=earlier)
    assert (outcome.hold_expires_at, outcome.approval_deadline) == (earlier, earlier)
    outcome = await desk.do("approve", booking_id, ActorKind.STAFF, now=NOW + minutes(1))
    assert (outcome.hold_expires_at, outcome.approval_deadline) == (None, None)
