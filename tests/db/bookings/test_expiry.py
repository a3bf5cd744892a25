"""How a hold ends: by its workflow, with the provider's word, or swept when another booking needs the time."""

import pytest

from domain.booking_status import BookingStatus
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import Movement, PaymentStatus, Phase
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows
from tests.support.desk import Desk, minutes

UNPAID = {"status": "pending", "amount_due": 6600, "payment_mode": "prepay"}
LATER = NOW + minutes(10)


async def test_hold_without_an_intent_ends_at_once(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    outcome = await desk.do("begin_expiry", booking_id, now=LATER)
    assert (outcome.status, outcome.money) == (BookingStatus.EXPIRED, None)
    assert await desk.claims(booking_id) == []
    assert await desk.notices(booking_id) == [("booking_expired", "customer")]


@pytest.mark.parametrize("status", ["requires_payment", "processing", "failed"])
async def test_open_intent_is_closed_before_the_time_is_given_up(desk: Desk, status: str) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status=status)
    command = desk.command(booking_id)

    outcome = await desk.execute_command("begin_expiry", command, LATER)

    assert outcome.status is BookingStatus.PENDING
    assert outcome.money is not None
    assert outcome.money.movement is Movement.VOID
    assert len(await desk.claims(booking_id)) == 1
    assert await desk.execute_command("begin_expiry", command, LATER) == outcome
    assert await desk.ledger(payment_id) == [("void", "intended", 0)]

    closed = await desk.record(outcome.money, status=PaymentStatus.VOIDED)
    assert closed.status is PaymentStatus.VOIDED
    assert (await desk.do("expire", booking_id, now=LATER)).status is BookingStatus.EXPIRED
    assert await desk.ledger(payment_id) == [("void", "intended", 0), ("void", "succeeded", 0)]
    assert (await desk.payment(payment_id))["closed_at"] is not None


async def test_void_that_meets_a_paid_intent_keeps_the_booking(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="processing")
    outcome = await desk.do("begin_expiry", booking_id, now=LATER)
    assert outcome.money is not None

    view = await desk.record(
        outcome.money, phase=Phase.FAILED, status=PaymentStatus.CAPTURED, captured=6600, reason="already_paid"
    )

    assert view.status is PaymentStatus.CAPTURED
    assert (await desk.do("expire", booking_id, now=LATER)).status is BookingStatus.PENDING
    assert (await desk.do("confirm", booking_id, now=LATER)).status is BookingStatus.CONFIRMED
    assert await desk.ledger(payment_id) == [
        ("void", "intended", 0),
        ("capture", "succeeded", 6600),
        ("void", "failed", 0),
    ]
    assert await desk.attention() == []


async def test_expire_asks_again_while_the_intent_is_open(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    await add_payment(desk.database, desk.salon, booking_id)
    outcome = await desk.do("expire", booking_id, now=LATER)
    assert outcome.status is BookingStatus.PENDING
    assert outcome.money is not None


async def test_swept_hold_still_has_its_intent_closed(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    await add_payment(desk.database, desk.salon, booking_id)
    await desk.within(lambda work: work.bookings.changes.sweep([booking_id], LATER))
    outcome = await desk.do("begin_expiry", booking_id, now=LATER)
    assert outcome.status is BookingStatus.EXPIRED
    assert outcome.money is not None
    assert outcome.money.movement is Movement.VOID


async def test_extending_moves_hold_and_claims_and_never_back(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    assert await desk.within(lambda work: work.bookings.changes.extend_hold(booking_id, LATER + HOUR))
    assert await desk.within(lambda work: work.bookings.changes.extend_hold(booking_id, LATER))
    assert (await desk.booking(booking_id))["hold_expires_at"] == LATER + HOUR
    assert [claim["holds_until"] for claim in await desk.claims(booking_id)] == [LATER + HOUR]


@pytest.mark.parametrize("status", ["confirmed", "expired", "cancelled"])
async def test_extend_takes_pending_holds_alone(desk: Desk, status: str) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status=status)
    assert not await desk.within(lambda work: work.bookings.changes.extend_hold(booking_id, LATER + HOUR))


async def test_sweeping_takes_only_what_is_over_and_unpaid(desk: Desk) -> None:
    lapsed = await add_booking(desk.database, desk.salon, **UNPAID)
    in_time = await add_booking(
        desk.database, desk.salon, NOW + 74 * HOUR, **{**UNPAID, "hold_expires_at": LATER + minutes(1)}
    )
    paid = await add_booking(desk.database, desk.salon, NOW + 76 * HOUR, **UNPAID)
    await add_payment(desk.database, desk.salon, paid, status="captured")
    confirmed = await add_booking(desk.database, desk.salon, NOW + 78 * HOUR)
    gone = await add_booking(desk.database, desk.salon, NOW + 80 * HOUR, status="expired")

    wanted = [lapsed, in_time, paid, confirmed, gone]
    assert await desk.within(lambda work: work.bookings.changes.sweep(wanted, LATER)) == 2

    statuses = [(await desk.booking(one))["status"] for one in wanted]
    assert statuses == ["expired", "pending", "pending", "confirmed", "expired"]
    (history,) = await rows(
        desk.database, "SELECT actor_kind, reason, command_id FROM booking_history WHERE booking_id = :id", id=lapsed
    )
    assert history == {"actor_kind": "system", "reason": "swept", "command_id": None}


@pytest.mark.parametrize(("status", "kept"), [("captured", True), ("authorized", True), ("failed", False)])
async def test_money_in_the_inbox_keeps_the_time_until_a_worker_is_there(desk: Desk, status: str, kept: bool) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id)
    name = (await desk.payment(payment_id))["provider_intent_id"]
    captured = 6600 if status == "captured" else 0
    said = ProviderEvent(intent=IntentEvent(name, PaymentStatus(status), 6600, "JPY", captured))
    webhook_id = await desk.receive(f"evt_{booking_id}", name, said)
    assert webhook_id is not None

    assert await desk.within(lambda work: work.bookings.changes.sweep([booking_id], LATER)) == (0 if kept else 1)

    assert (await desk.booking(booking_id))["status"] == ("pending" if kept else "expired")
    other = await add_booking(desk.database, desk.salon, NOW + 74 * HOUR, **UNPAID)
    assert await desk.within(lambda work: work.bookings.changes.sweep([other], LATER)) == 1, "another booking's money"
    if kept:
        await desk.apply(webhook_id, LATER)
        assert (await desk.do("confirm", booking_id, now=LATER)).status is BookingStatus.CONFIRMED


async def test_sweeping_leaves_alone_what_somebody_is_changing(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    async with desk.database.unit_of_work(desk.salon.scope) as work:
        await work.bookings.changes.extend_hold(booking_id, LATER)
        assert await desk.within(lambda other: other.bookings.changes.sweep([booking_id], LATER + HOUR)) == 0
