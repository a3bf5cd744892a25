"""Two bookings that want the last free time: by moving there, by coming back with late money, by being new."""

from datetime import datetime
from typing import Any
from uuid import UUID

from db.bookings.commands.hold_request import HoldRequest
from domain.booking_status import BookingStatus
from domain.bookings.view import BookingView
from domain.platform.actor import ActorKind
from domain.scheduling.errors import SlotTaken
from tests.races.overlap import Step, overlap
from tests.support.data import HOUR, NOW, add_booking, add_payment, single
from tests.support.desk import Desk

#: The time that both want; one of the two staff is free then.
WANTED = NOW + 96 * HOUR


async def almost_full(desk: Desk) -> None:
    """The second of the staff is busy at the time that both want."""
    await add_booking(desk.database, desk.salon, WANTED, resource=1)


async def movers(desk: Desk) -> tuple[list[UUID], list[Step]]:
    """Two bookings of two hours, and the steps that move both to ``WANTED``."""
    await almost_full(desk)
    ids = [await add_booking(desk.database, desk.salon, NOW + (72 + 2 * number) * HOUR) for number in range(2)]

    def move(booking_id: UUID) -> Step:
        command = desk.command(booking_id, ActorKind.CUSTOMER, start_at=WANTED)

        async def step(work: Any) -> Any:
            return await work.bookings.changes.reschedule(command, NOW)

        return step

    return ids, [move(booking_id) for booking_id in ids]


async def claimed_at(desk: Desk, start_at: datetime, *booking_ids: UUID) -> list[UUID]:
    """Which of the bookings hold this time."""
    held = [(booking_id, await desk.claims(booking_id)) for booking_id in booking_ids]
    return [booking_id for booking_id, claims in held if [claim["starts_at"] for claim in claims] == [start_at]]


async def test_reschedule_and_reschedule(desk: Desk) -> None:
    (first, second), moves = await movers(desk)
    moved, refused = await overlap(desk.database, desk.salon.scope, *moves)
    assert moved.start_at == WANTED
    assert isinstance(refused, SlotTaken)
    assert refused.details["alternatives"]
    assert await claimed_at(desk, WANTED, first, second) == [first]
    assert await claimed_at(desk, NOW + 74 * HOUR, second) == [second], "the loser keeps its own time"
    assert await desk.history(second) == []


async def test_bookings_both_move_without_the_constraint(unguarded_desk: Desk) -> None:
    """The control."""
    ids, moves = await movers(unguarded_desk)
    await overlap(unguarded_desk.database, unguarded_desk.salon.scope, *moves)
    assert await claimed_at(unguarded_desk, WANTED, *ids) == ids


async def late_and_new(desk: Desk) -> tuple[UUID, UUID, Step, Step]:
    """An expired booking whose money came, and somebody new: booking, payment, the step that takes its time again, and
    the step that books it."""
    await almost_full(desk)
    booking_id = await add_booking(
        desk.database,
        desk.salon,
        WANTED,
        status="expired",
        amount_due=6600,
        payment_mode="prepay",
        hold_expires_at=NOW,
    )
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
    again = desk.command(booking_id)

    async def reinstate(work: Any) -> Any:
        return await work.bookings.changes.reinstate_after_late_payment(again, NOW)

    async def book(work: Any) -> Any:
        return await work.bookings.holds.hold(
            HoldRequest(single(desk.salon.service_id), WANTED, user_id=desk.salon.user_id), NOW
        )

    return booking_id, payment_id, reinstate, book


async def test_late_money_that_is_first_has_the_time(desk: Desk) -> None:
    booking_id, payment_id, reinstate, book = await late_and_new(desk)
    reinstated, refused = await overlap(desk.database, desk.salon.scope, reinstate, book)
    assert reinstated.status is BookingStatus.CONFIRMED
    assert isinstance(refused, SlotTaken)
    assert await claimed_at(desk, WANTED, booking_id) == [booking_id]
    assert await desk.refunds(payment_id) == []


async def test_late_money_that_is_second_goes_back(desk: Desk) -> None:
    booking_id, payment_id, reinstate, book = await late_and_new(desk)
    booked, returned = await overlap(desk.database, desk.salon.scope, book, reinstate)
    assert isinstance(booked, BookingView)
    assert (returned.status, returned.refunding) == (BookingStatus.EXPIRED, 6600)
    assert await claimed_at(desk, WANTED, booking_id, booked.id) == [booked.id]
    assert await desk.refunds(payment_id) == [("requested", 6600, "late")]


async def test_bookings_both_have_the_time_without_the_constraint(unguarded_desk: Desk) -> None:
    """The control."""
    desk = unguarded_desk
    booking_id, _, reinstate, book = await late_and_new(desk)
    reinstated, booked = await overlap(desk.database, desk.salon.scope, reinstate, book)
    assert reinstated.status is BookingStatus.CONFIRMED
    assert isinstance(booked, BookingView)
    assert await claimed_at(desk, WANTED, booking_id, booked.id) == [booking_id, booked.id]
