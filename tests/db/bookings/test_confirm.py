"""From a hold to a confirmed booking."""

import pytest

from domain.booking_status import BookingStatus
from domain.errors import NotFound, WrongState
from domain.payments.status import Movement
from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, POLICY, add_booking, add_payment, add_salon, rows
from tests.support.desk import Desk, minutes

PAID = {"status": "pending", "amount_due": 6600, "payment_mode": "prepay"}


async def test_confirming_ends_the_hold_and_writes_everything_in_one_transaction(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **PAID)
    await add_payment(desk.database, desk.salon, booking_id, status="captured")

    outcome = await desk.do("confirm", booking_id)

    assert outcome.status is BookingStatus.CONFIRMED
    assert outcome.payment is not None
    assert outcome.payment.captured == 6600
    assert (await desk.booking(booking_id))["hold_expires_at"] is None
    assert [claim["holds_until"] for claim in await desk.claims(booking_id)] == [None]
    assert await desk.history(booking_id) == [("confirmed", "pending", "confirmed")]
    assert await desk.notices(booking_id) == [("booking_confirmed", "business"), ("booking_confirmed", "customer")]
    query = "SELECT event FROM outbox WHERE aggregate = :aggregate"
    events = await rows(desk.database, query, aggregate=f"booking/{booking_id}")
    assert [event["event"] for event in events] == ["booking.confirmed"]


async def test_same_command_twice_confirms_once(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status="pending")
    command = desk.command(booking_id)
    first = await desk.execute_command("confirm", command)
    assert await desk.execute_command("confirm", command) == first
    await desk.do("cancel", booking_id, ActorKind.STAFF)

    assert (await desk.execute_command("confirm", command)).status is BookingStatus.CANCELLED
    assert (await desk.booking(booking_id))["status"] == "cancelled"
    assert len(await desk.history(booking_id)) == 2


async def test_unpaid_booking_is_not_confirmed(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **PAID)
    await add_payment(desk.database, desk.salon, booking_id, status="processing")
    with pytest.raises(WrongState) as refusal:
        await desk.do("confirm", booking_id)
    assert refusal.value.details == {"status": "pending", "wanted": "confirmed", "missing": "payment"}
    assert await desk.history(booking_id) == []


async def test_confirm_by_the_process_refuses_what_needs_approval(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status="pending", needs_approval=True)
    with pytest.raises(WrongState):
        await desk.do("confirm", booking_id)


async def test_swept_hold_is_reported_and_not_stored_as_the_commands_end(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status="expired")
    command = desk.command(booking_id)
    assert (await desk.execute_command("confirm", command)).status is BookingStatus.EXPIRED
    assert await desk.history(booking_id) == []


async def test_hold_that_is_over_but_not_swept_may_be_confirmed(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status="pending")
    assert (await desk.do("confirm", booking_id, now=NOW + HOUR)).status is BookingStatus.CONFIRMED


async def test_approval_comes_after_the_money(desk: Desk) -> None:
    booking_id = await add_booking(
        desk.database, desk.salon, needs_approval=True, approval_deadline=NOW + 24 * HOUR, **PAID
    )
    with pytest.raises(WrongState):
        await desk.do("approve", booking_id, ActorKind.STAFF)
    with pytest.raises(WrongState):
        await desk.do("await_approval", booking_id)
    await add_payment(desk.database, desk.salon, booking_id, status="captured")

    waiting = await desk.do("await_approval", booking_id)

    assert waiting.status is BookingStatus.PENDING
    assert waiting.hold_expires_at == NOW + 24 * HOUR
    assert [claim["holds_until"] for claim in await desk.claims(booking_id)] == [NOW + 24 * HOUR]
    assert await desk.notices(booking_id) == [("booking_requested", "business"), ("booking_requested", "customer")]
    approved = await desk.do("approve", booking_id, ActorKind.STAFF)
    assert approved.status is BookingStatus.CONFIRMED


async def test_approving_what_asks_for_no_approval_is_refused(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status="pending")
    with pytest.raises(WrongState):
        await desk.do("approve", booking_id, ActorKind.STAFF)


@pytest.mark.parametrize(
    ("payment", "refunding", "movement"),
    [
        ({"status": "captured"}, 6600, None),
        ({"status": "authorized", "capture_method": "manual"}, 0, Movement.VOID),
        ({"status": "requires_payment"}, 0, Movement.VOID),
    ],
)
async def test_declining_gives_everything_back(
    desk: Desk, payment: dict[str, str], refunding: int, movement: Movement | None
) -> None:
    booking_id = await add_booking(desk.database, desk.salon, needs_approval=True, policy=POLICY, **PAID)
    await add_payment(desk.database, desk.salon, booking_id, **payment)

    outcome = await desk.do("decline", booking_id, ActorKind.STAFF)

    assert outcome.status is BookingStatus.DECLINED
    assert outcome.refunding == refunding
    assert (outcome.money.movement if outcome.money else None) is movement
    assert await desk.claims(booking_id) == []
    assert await desk.notices(booking_id) == [("booking_declined", "customer")]


async def test_confirm_by_another_tenant_finds_nothing(desk: Desk) -> None:
    other = Desk(desk.database, await add_salon(desk.database))
    booking_id = await add_booking(desk.database, desk.salon, status="pending")
    for verb in ("confirm", "cancel", "complete", "reinstate_after_late_payment", "begin_expiry"):
        with pytest.raises(NotFound):
            await other.do(verb, booking_id)
    assert not await other.within(lambda work: work.bookings.changes.extend_hold(booking_id, NOW + HOUR))
    assert await other.within(lambda work: work.bookings.changes.sweep([booking_id], NOW + HOUR)) == 0
    assert (await desk.booking(booking_id))["hold_expires_at"] == NOW + minutes(10)
