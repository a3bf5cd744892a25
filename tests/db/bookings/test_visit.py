"""Reminders, check-in, completion and not coming."""

from datetime import timedelta

import pytest

from domain.booking_status import BookingStatus
from domain.errors import RuleBroken, WrongState
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows
from tests.support.desk import Desk, minutes

STAFF = ActorKind.STAFF
CARD_HOLD = {"amount_due": 6600, "payment_mode": "card_hold"}


async def test_reminder_is_promised_once_for_each_time_of_the_visit(desk: Desk) -> None:
    start_at = NOW + 72 * HOUR
    booking_id = await add_booking(desk.database, desk.salon, start_at)
    day = timedelta(days=1)
    assert await desk.within(lambda work: work.bookings.changes.remind(booking_id, start_at, day))
    assert not await desk.within(lambda work: work.bookings.changes.remind(booking_id, start_at, day))
    assert await desk.within(lambda work: work.bookings.changes.remind(booking_id, start_at, HOUR))
    assert not await desk.within(lambda work: work.bookings.changes.remind(booking_id, start_at + HOUR, day))
    assert await desk.notices(booking_id) == [("booking_reminder", "customer")] * 2


@pytest.mark.parametrize("status", ["pending", "cancelled", "checked_in", "completed"])
async def test_reminder_is_for_confirmed_visits_alone(desk: Desk, status: str) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + HOUR, status=status)
    assert not await desk.within(lambda work: work.bookings.changes.remind(booking_id, NOW + HOUR, HOUR))
    assert await rows(desk.database, "SELECT 1 FROM booking_reminders WHERE booking_id = :id", id=booking_id) == []


async def test_check_in_from_two_hours_before(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + 3 * HOUR)
    with pytest.raises(RuleBroken) as refusal:
        await desk.do("check_in", booking_id, STAFF, now=NOW + minutes(59))
    assert refusal.value.details["rule"] == "too_early"
    assert (await desk.do("check_in", booking_id, STAFF, now=NOW + HOUR)).status is BookingStatus.CHECKED_IN


async def test_completing_captures_the_whole_authorization(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW, status="checked_in", **CARD_HOLD)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="authorized", capture_method="manual")
    command = desk.command(booking_id, STAFF)

    outcome = await desk.execute_command("complete", command, NOW + HOUR)

    assert outcome.status is BookingStatus.COMPLETED
    assert outcome.money is not None
    assert (outcome.money.movement, outcome.money.amount) == (Movement.CAPTURE, 6600)
    assert await desk.execute_command("complete", command, NOW + HOUR) == outcome
    captured = {"status": PaymentStatus.CAPTURED, "captured": 6600, "authorized": 6600}
    assert (await desk.record(outcome.money, **captured)).status is PaymentStatus.CAPTURED
    await desk.record(outcome.money, **captured)
    assert await desk.ledger(payment_id) == [("capture", "intended", 6600), ("capture", "succeeded", 6600)]
    assert await desk.notices(booking_id) == [("booking_completed", "customer")]


async def test_completing_what_was_paid_moves_nothing(desk: Desk) -> None:
    booking_id = await add_booking(
        desk.database, desk.salon, NOW, status="checked_in", amount_due=6600, payment_mode="prepay"
    )
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
    outcome = await desk.do("complete", booking_id, STAFF)
    assert (outcome.money, outcome.refunding) == (None, 0)
    assert await desk.ledger(payment_id) == []


async def test_system_completes_a_visit_nobody_checked_in(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW)
    command = desk.command(booking_id)
    outcome = await desk.execute_command("complete", command, NOW + 2 * HOUR)
    assert outcome.status is BookingStatus.COMPLETED
    assert await desk.history(booking_id) == [
        ("checked_in", "confirmed", "checked_in"),
        ("completed", "checked_in", "completed"),
    ]
    assert await desk.execute_command("complete", command, NOW + 2 * HOUR) == outcome


async def test_staff_check_in_before_they_complete(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW)
    with pytest.raises(WrongState):
        await desk.do("complete", booking_id, STAFF)


@pytest.mark.parametrize("status", ["confirmed", "checked_in"])
async def test_no_show_costs_what_the_policy_says(desk: Desk, status: str) -> None:
    booking_id = await add_booking(
        desk.database,
        desk.salon,
        NOW,
        status=status,
        amount_due=6600,
        payment_mode="prepay",
        policy={"tiers": [], "no_show_percent": 80},
    )
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
    outcome = await desk.do("no_show", booking_id, STAFF, now=NOW + minutes(20))
    assert (outcome.status, outcome.penalty, outcome.refunding) == (BookingStatus.NO_SHOW, 5280, 1320)
    assert await desk.refunds(payment_id) == [("requested", 1320, "no_show")]
    assert await desk.notices(booking_id) == [("booking_no_show", "customer")]


async def test_no_show_captures_the_penalty_and_releases_the_rest(desk: Desk) -> None:
    booking_id = await add_booking(
        desk.database, desk.salon, NOW, policy={"tiers": [], "no_show_percent": 50}, **CARD_HOLD
    )
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="authorized", capture_method="manual")
    outcome = await desk.do("no_show", booking_id, STAFF)
    assert outcome.money is not None
    assert (outcome.money.movement, outcome.money.amount, outcome.penalty) == (Movement.CAPTURE, 3300, 3300)
    view = await desk.record(outcome.money, status=PaymentStatus.CAPTURED, captured=3300, authorized=6600)
    assert (view.status, view.captured, view.authorized) == (PaymentStatus.CAPTURED, 3300, 6600)
    assert ("capture", "succeeded", 3300) in await desk.ledger(payment_id)


async def test_waived_no_show_costs_nothing(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW, **CARD_HOLD)
    await add_payment(desk.database, desk.salon, booking_id, status="authorized", capture_method="manual")
    outcome = await desk.do("no_show", booking_id, STAFF, waive_penalty=True)
    assert outcome.money is not None
    assert outcome.money.movement is Movement.VOID


async def test_no_show_before_the_start_is_refused(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + HOUR)
    with pytest.raises(RuleBroken) as refusal:
        await desk.do("no_show", booking_id, STAFF)
    assert refusal.value.details["rule"] == "not_started"


async def test_capture_that_failed_is_filed_for_a_person(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW, status="checked_in", **CARD_HOLD)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="authorized", capture_method="manual")
    outcome = await desk.do("complete", booking_id, STAFF)
    assert outcome.money is not None
    await desk.record(outcome.money, phase=Phase.FAILED, status=PaymentStatus.AUTHORIZED, reason="expired")
    assert await desk.attention() == ["capture_failed"]
    assert (await desk.payment(payment_id))["captured"] == 0
