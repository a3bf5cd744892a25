"""Undoing a step of staff: the time comes back, and nothing was charged or sent."""

from datetime import timedelta
from typing import Any

import pytest

from domain.booking_status import BookingStatus
from domain.errors import NotFound, RuleBroken, WrongState
from domain.payments.status import Movement
from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, add_booking, add_payment, add_salon, rows
from tests.support.desk import Desk, minutes

STAFF = ActorKind.STAFF
TEN = timedelta(minutes=10)
START = NOW + HOUR


@pytest.fixture
async def undo_desk(desk: Desk) -> Desk:
    """A desk whose steps can be undone for ten minutes."""
    await rows(
        desk.database,
        "UPDATE business_settings SET undo_within = interval '10 minutes' WHERE business_id = :id",
        id=desk.salon.business_id,
    )
    return desk


async def paid(desk: Desk, status: str, **values: Any) -> tuple[Any, Any]:
    """A booking with an authorization over all of its price."""
    held = {"status": status, "amount_due": 6600, "payment_mode": "card_hold", **values}
    booking_id = await add_booking(desk.database, desk.salon, START, **held)
    payment = {"status": "authorized", "capture_method": "manual"}
    return booking_id, await add_payment(desk.database, desk.salon, booking_id, **payment)


async def test_check_in_is_undone(undo_desk: Desk) -> None:
    booking_id = await add_booking(undo_desk.database, undo_desk.salon, START)
    checked = await undo_desk.do("check_in", booking_id, STAFF, START)
    assert checked.undo_until == START + TEN
    command = undo_desk.command(booking_id, STAFF)
    undone = await undo_desk.execute_command("undo", command, START + minutes(9))
    assert (undone.status, undone.undo_until) == (BookingStatus.CONFIRMED, None)
    assert await undo_desk.execute_command("undo", command, START + minutes(9)) == undone
    assert await undo_desk.history(booking_id) == [
        ("checked_in", "confirmed", "checked_in"),
        ("undone", "checked_in", "confirmed"),
    ]
    with pytest.raises(WrongState):
        await undo_desk.do("undo", booking_id, STAFF, START + minutes(9))
    assert len(await undo_desk.claims(booking_id)) == 1


async def test_no_show_charges_and_notifies_nobody_before_it_is_final(undo_desk: Desk) -> None:
    booking_id, payment_id = await paid(undo_desk, "confirmed")
    noted = await undo_desk.do("no_show", booking_id, STAFF, START)
    assert (noted.status, noted.penalty, noted.money) == (BookingStatus.NO_SHOW, 6600, None)
    assert await undo_desk.notices(booking_id) == []
    assert await undo_desk.claims(booking_id) == []
    settled = await undo_desk.do("settle_ending", booking_id, now=START + TEN)
    assert settled.money is not None
    assert (settled.money.movement, settled.money.amount) == (Movement.CAPTURE, 6600)
    assert await undo_desk.notices(booking_id) == [("booking_no_show", "customer")]
    again = await undo_desk.do("settle_ending", booking_id, now=START + TEN)
    assert again.money is None
    assert [row[:2] for row in await undo_desk.ledger(payment_id)] == [("capture", "intended")]
    with pytest.raises(WrongState):
        await undo_desk.do("undo", booking_id, STAFF, START + TEN)


async def test_undone_no_show_has_its_time_and_no_penalty(undo_desk: Desk) -> None:
    booking_id, payment_id = await paid(undo_desk, "confirmed")
    before = await undo_desk.claims(booking_id)
    await undo_desk.do("no_show", booking_id, STAFF, START)
    await undo_desk.do("undo", booking_id, STAFF, START + minutes(5))
    booking = await undo_desk.booking(booking_id)
    assert (booking["status"], booking["cancellation_penalty"]) == ("confirmed", None)
    after = await undo_desk.claims(booking_id)
    assert [(c["unit"], c["resource_id"], c["starts_at"]) for c in after] == [
        (c["unit"], c["resource_id"], c["starts_at"]) for c in before
    ]
    assert (await undo_desk.do("settle_ending", booking_id, now=START + TEN)).status is BookingStatus.CONFIRMED
    assert await undo_desk.ledger(payment_id) == []
    assert await undo_desk.notices(booking_id) == []


async def test_undo_is_refused_where_somebody_else_has_the_time(undo_desk: Desk) -> None:
    booking_id, _ = await paid(undo_desk, "confirmed")
    await undo_desk.do("no_show", booking_id, STAFF, START)
    await add_booking(undo_desk.database, undo_desk.salon, START + minutes(30))
    with pytest.raises(RuleBroken) as refused:
        await undo_desk.do("undo", booking_id, STAFF, START + minutes(5))
    assert refused.value.details == {"rule": "undo_time_taken"}
    assert (await undo_desk.booking(booking_id))["status"] == "no_show"


async def test_late_undo_is_refused(undo_desk: Desk) -> None:
    booking_id = await add_booking(undo_desk.database, undo_desk.salon, START)
    await undo_desk.do("check_in", booking_id, STAFF, START)
    with pytest.raises(RuleBroken) as refused:
        await undo_desk.do("undo", booking_id, STAFF, START + TEN)
    assert refused.value.details["rule"] == "undo_over"


async def test_decline_gives_back_when_it_is_final_and_comes_back_pending(undo_desk: Desk) -> None:
    waiting = {"needs_approval": True, "hold_expires_at": NOW + 24 * HOUR, "approval_deadline": NOW + 24 * HOUR}
    booking_id, payment_id = await paid(undo_desk, "pending", **waiting)
    await undo_desk.do("decline", booking_id, STAFF)
    assert await undo_desk.ledger(payment_id) == []
    undone = await undo_desk.do("undo", booking_id, STAFF, NOW + minutes(3))
    assert (undone.status, undone.hold_expires_at) == (BookingStatus.PENDING, NOW + 24 * HOUR)
    assert [claim["holds_until"] for claim in await undo_desk.claims(booking_id)] == [NOW + 24 * HOUR]
    await undo_desk.do("decline", booking_id, STAFF, NOW + minutes(4))
    settled = await undo_desk.do("settle_ending", booking_id, now=NOW + minutes(14))
    assert settled.money is not None
    assert settled.money.movement is Movement.VOID
    assert await undo_desk.notices(booking_id) == [("booking_declined", "customer")]


async def test_steps_of_the_system_are_final_at_once(undo_desk: Desk) -> None:
    booking_id, payment_id = await paid(undo_desk, "confirmed")
    done = await undo_desk.do("complete", booking_id, now=START + 2 * HOUR)
    assert (done.undo_until, done.money is not None) == (None, True)
    assert len(await undo_desk.ledger(payment_id)) == 1


async def test_undo_concerns_the_last_step_alone(undo_desk: Desk) -> None:
    booking_id = await add_booking(undo_desk.database, undo_desk.salon, START)
    await undo_desk.do("check_in", booking_id, STAFF, START)
    await undo_desk.do("complete", booking_id, STAFF, START + minutes(1))
    undone = await undo_desk.do("undo", booking_id, STAFF, START + minutes(2))
    assert undone.status is BookingStatus.CHECKED_IN
    with pytest.raises(WrongState):
        await undo_desk.do("undo", booking_id, STAFF, START + minutes(2))


async def test_undo_of_another_tenant_s_booking_is_not_found(undo_desk: Desk) -> None:
    booking_id = await add_booking(undo_desk.database, undo_desk.salon, START)
    await undo_desk.do("check_in", booking_id, STAFF, START)
    other = Desk(undo_desk.database, await add_salon(undo_desk.database))
    with pytest.raises(NotFound):
        await other.do("undo", booking_id, STAFF, START)
