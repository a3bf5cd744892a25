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
async def shop(desk: Desk) -> Desk:
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


async def test_check_in_is_undone(shop: Desk) -> None:
    booking_id = await add_booking(shop.database, shop.salon, START)
    checked = await shop.do("check_in", booking_id, STAFF, START)
    assert checked.undo_until == START + TEN
    command = shop.command(booking_id, STAFF)
    undone = await shop.execute_command("undo", command, START + minutes(9))
    assert (undone.status, undone.undo_until) == (BookingStatus.CONFIRMED, None)
    assert await shop.execute_command("undo", command, START + minutes(9)) == undone
    assert await shop.history(booking_id) == [
        ("checked_in", "confirmed", "checked_in"),
        ("undone", "checked_in", "confirmed"),
    ]
    with pytest.raises(WrongState):
        await shop.do("undo", booking_id, STAFF, START + minutes(9))
    assert len(await shop.claims(booking_id)) == 1


async def test_no_show_charges_and_notifies_nobody_before_it_is_final(shop: Desk) -> None:
    booking_id, payment_id = await paid(shop, "confirmed")
    noted = await shop.do("no_show", booking_id, STAFF, START)
    assert (noted.status, noted.penalty, noted.money) == (BookingStatus.NO_SHOW, 6600, None)
    assert await shop.notices(booking_id) == []
    assert await shop.claims(booking_id) == []
    settled = await shop.do("settle_ending", booking_id, now=START + TEN)
    assert settled.money is not None
    assert (settled.money.movement, settled.money.amount) == (Movement.CAPTURE, 6600)
    assert await shop.notices(booking_id) == [("booking_no_show", "customer")]
    again = await shop.do("settle_ending", booking_id, now=START + TEN)
    assert again.money is None
    assert [row[:2] for row in await shop.ledger(payment_id)] == [("capture", "intended")]
    with pytest.raises(WrongState):
        await shop.do("undo", booking_id, STAFF, START + TEN)


async def test_undone_no_show_has_its_time_and_no_penalty(shop: Desk) -> None:
    booking_id, payment_id = await paid(shop, "confirmed")
    before = await shop.claims(booking_id)
    await shop.do("no_show", booking_id, STAFF, START)
    await shop.do("undo", booking_id, STAFF, START + minutes(5))
    booking = await shop.booking(booking_id)
    assert (booking["status"], booking["cancellation_penalty"]) == ("confirmed", None)
    after = await shop.claims(booking_id)
    assert [(c["unit"], c["resource_id"], c["starts_at"]) for c in after] == [
        (c["unit"], c["resource_id"], c["starts_at"]) for c in before
    ]
    assert (await shop.do("settle_ending", booking_id, now=START + TEN)).status is BookingStatus.CONFIRMED
    assert await shop.ledger(payment_id) == []
    assert await shop.notices(booking_id) == []


async def test_undo_is_refused_where_somebody_else_has_the_time(shop: Desk) -> None:
    booking_id, _ = await paid(shop, "confirmed")
    await shop.do("no_show", booking_id, STAFF, START)
    await add_booking(shop.database, shop.salon, START + minutes(30))
    with pytest.raises(RuleBroken) as refused:
        await shop.do("undo", booking_id, STAFF, START + minutes(5))
    assert refused.value.details == {"rule": "undo_time_taken"}
    assert (await shop.booking(booking_id))["status"] == "no_show"


async def test_late_undo_is_refused(shop: Desk) -> None:
    booking_id = await add_booking(shop.database, shop.salon, START)
    await shop.do("check_in", booking_id, STAFF, START)
    with pytest.raises(RuleBroken) as refused:
        await shop.do("undo", booking_id, STAFF, START + TEN)
    assert refused.value.details["rule"] == "undo_over"


async def test_decline_gives_back_when_it_is_final_and_comes_back_pending(shop: Desk) -> None:
    waiting = {"needs_approval": True, "hold_expires_at": NOW + 24 * HOUR, "approval_deadline": NOW + 24 * HOUR}
    booking_id, payment_id = await paid(shop, "pending", **waiting)
    await shop.do("decline", booking_id, STAFF)
    assert await shop.ledger(payment_id) == []
    undone = await shop.do("undo", booking_id, STAFF, NOW + minutes(3))
    assert (undone.status, undone.hold_expires_at) == (BookingStatus.PENDING, NOW + 24 * HOUR)
    assert [claim["holds_until"] for claim in await shop.claims(booking_id)] == [NOW + 24 * HOUR]
    await shop.do("decline", booking_id, STAFF, NOW + minutes(4))
    settled = await shop.do("settle_ending", booking_id, now=NOW + minutes(14))
    assert settled.money is not None
    assert settled.money.movement is Movement.VOID
    assert await shop.notices(booking_id) == [("booking_declined", "customer")]


async def test_steps_of_the_system_are_final_at_once(shop: Desk) -> None:
    booking_id, payment_id = await paid(shop, "confirmed")
    done = await shop.do("complete", booking_id, now=START + 2 * HOUR)
    assert (done.undo_until, done.money is not None) == (None, True)
    assert len(await shop.ledger(payment_id)) == 1


async def test_undo_concerns_the_last_step_alone(shop: Desk) -> None:
    booking_id = await add_booking(shop.database, shop.salon, START)
    await shop.do("check_in", booking_id, STAFF, START)
    await shop.do("complete", booking_id, STAFF, START + minutes(1))
    undone = await shop.do("undo", booking_id, STAFF, START + minutes(2))
    assert undone.status is BookingStatus.CHECKED_IN
    with pytest.raises(WrongState):
        await shop.do("undo", booking_id, STAFF, START + minutes(2))


async def test_undo_of_another_tenant_s_booking_is_not_found(shop: Desk) -> None:
    booking_id = await add_booking(shop.database, shop.salon, START)
    await shop.do("check_in", booking_id, STAFF, START)
    other = Desk(shop.database, await add_salon(shop.database))
    with pytest.raises(NotFound):
        await other.do("undo", booking_id, STAFF, START)
