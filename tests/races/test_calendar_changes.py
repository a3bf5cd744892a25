"""A change of the calendar against somebody who takes time at that moment: nobody ends up outside the hours unseen."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from db.bookings import blocks
from db.bookings.blocks import BlockRequest
from db.bookings.commands.hold_request import HoldRequest
from db.engine.session import UnitOfWork
from db.scheduling.business_hours import OneOffDay
from db.scheduling.calendars import change
from domain.booking_status import BookingStatus
from domain.bookings.view import BookingView
from domain.platform.actor import ActorKind
from domain.scheduling.blocks import OccurrenceScope
from domain.scheduling.errors import NotBookable, OutsideOpeningHours, SlotTaken, WouldBreakBookings
from domain.scheduling.hours import WeeklyHours
from tests.races.overlap import Step, overlap
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows, single
from tests.support.desk import Desk

WANTED = NOW + 24 * HOUR
CLOSED = WeeklyHours(((),) * 7)


def close_week(desk: Desk) -> Step:
    return lambda work: work.scheduling.hours.set_week(desk.salon.business_id, CLOSED, NOW, confirm=False)


def close_day(desk: Desk) -> Step:
    day = OneOffDay(WANTED.astimezone(ZoneInfo("Asia/Tokyo")).date(), (), None)
    return lambda work: work.scheduling.hours.set_days(desk.salon.business_id, [day], NOW, confirm=False)


def send_home(desk: Desk) -> Step:
    async def step(work: UnitOfWork) -> None:
        for resource_id in desk.salon.resources:
            await work.catalogue.change_resource(resource_id, {"is_active": False}, None, NOW, confirm=False)

    return step


CHANGES = [close_week, close_day, send_home]


def book(desk: Desk) -> Step:
    return lambda work: work.bookings.holds.hold(
        HoldRequest(single(desk.salon.service_id), WANTED, user_id=desk.salon.user_id), NOW
    )


async def claimed(desk: Desk) -> int:
    """Live claims of the salon's bookings."""
    live = (
        "SELECT count(*) AS n FROM resource_claims"
        " WHERE business_id = :id AND booking_id IS NOT NULL AND released_at IS NULL"
    )
    return int((await rows(desk.database, live, id=desk.salon.business_id))[0]["n"])


@pytest.mark.parametrize("change_of", CHANGES)
async def test_booking_that_read_the_hours_before_the_change_is_decided_again(desk: Desk, change_of: Any) -> None:
    _, refused = await overlap(desk.database, desk.salon.scope, change_of(desk), book(desk))
    assert isinstance(refused, SlotTaken | OutsideOpeningHours | NotBookable)
    assert await claimed(desk) == 0


@pytest.mark.parametrize("change_of", CHANGES)
async def test_booking_takes_a_closed_time_without_the_calendar_version(
    desk: Desk, change_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(change, "_BUMP", text("SELECT CAST(:business_id AS uuid)"))
    _, booked = await overlap(desk.database, desk.salon.scope, change_of(desk), book(desk))
    assert isinstance(booked, BookingView)
    assert await claimed(desk) == 1


@pytest.mark.parametrize("change_of", CHANGES)
async def test_change_waits_for_a_booking_and_sees_it(desk: Desk, change_of: Any) -> None:
    booked, refused = await overlap(desk.database, desk.salon.scope, book(desk), change_of(desk))
    assert isinstance(booked, BookingView)
    assert isinstance(refused, WouldBreakBookings)
    assert [one["id"] for one in refused.details["bookings"]] == [str(booked.id)]


async def test_change_does_not_see_a_booking_without_the_lock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(change, "_LOCK", text(change._LOCK.text.replace("FOR UPDATE", "")))
    booked, done = await overlap(desk.database, desk.salon.scope, book(desk), close_week(desk))
    assert isinstance(booked, BookingView)
    assert not isinstance(done, WouldBreakBookings)
    assert await claimed(desk) == 1


def forbid_joins(desk: Desk) -> Step:
    return lambda work: work.businesses.change_settings(desk.salon.business_id, {"table_joins": []})


@pytest.mark.parametrize("is_guarded", [True, False])
async def test_party_takes_tables_that_may_no_longer_be_joined_only_without_the_calendar_version(
    desk: Desk, is_guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it, it is the control."""
    if not is_guarded:
        monkeypatch.setattr(change, "_BUMP", text("SELECT CAST(:business_id AS uuid)"))
    salon = desk.salon
    joins = [{"resource_ids": [str(one) for one in salon.resources], "seats": 4}]
    await rows(desk.database, "UPDATE resources SET seats = 2 WHERE business_id = :id", id=salon.business_id)
    await rows(desk.database, "UPDATE services SET party_max = 4 WHERE id = :id", id=salon.service_id)
    await desk.within(lambda work: work.businesses.change_settings(salon.business_id, {"table_joins": joins}))
    four = replace(HoldRequest(single(salon.service_id), WANTED, user_id=salon.user_id), party_size=4)
    _, answer = await overlap(
        desk.database, salon.scope, forbid_joins(desk), lambda work: work.bookings.holds.hold(four, NOW)
    )
    assert isinstance(answer, BookingView) is not is_guarded
    assert await claimed(desk) == (0 if is_guarded else 2)


def move(desk: Desk, booking_id: Any) -> Step:
    command = desk.command(booking_id, ActorKind.CUSTOMER, start_at=WANTED)
    return lambda work: work.bookings.changes.reschedule(command, NOW)


async def test_move_into_hours_that_close_is_refused(desk: Desk) -> None:
    before = NOW + 48 * HOUR
    booking_id = await add_booking(desk.database, desk.salon, before)
    _, refused = await overlap(desk.database, desk.salon.scope, close_day(desk), move(desk, booking_id))
    assert isinstance(refused, OutsideOpeningHours)
    assert (await desk.booking(booking_id))["start_at"] == before
    assert [claim["starts_at"] for claim in await desk.claims(booking_id)] == [before]


async def test_move_takes_a_closed_time_without_the_calendar_version(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(change, "_BUMP", text("SELECT CAST(:business_id AS uuid)"))
    booking_id = await add_booking(desk.database, desk.salon, NOW + 48 * HOUR)
    _, moved = await overlap(desk.database, desk.salon.scope, close_day(desk), move(desk, booking_id))
    assert moved.start_at == WANTED


async def test_late_money_does_not_take_a_time_again_that_closes(desk: Desk) -> None:
    booking_id = await add_booking(
        desk.database, desk.salon, WANTED, status="expired", amount_due=6600, hold_expires_at=NOW - HOUR
    )
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
    command = desk.command(booking_id)
    _, returned = await overlap(
        desk.database,
        desk.salon.scope,
        close_day(desk),
        lambda work: work.bookings.changes.reinstate_after_late_payment(command, NOW),
    )
    assert (returned.status, returned.refunding) == (BookingStatus.EXPIRED, 6600)
    assert await desk.refunds(payment_id) == [("requested", 6600, "late")]
    assert await desk.claims(booking_id) == []


async def test_change_that_concerns_nobody_lets_the_booking_through(desk: Desk) -> None:
    far = OneOffDay((WANTED + timedelta(days=20)).date(), (), None)
    _, booked = await overlap(
        desk.database,
        desk.salon.scope,
        lambda work: work.scheduling.hours.set_days(desk.salon.business_id, [far], NOW, confirm=False),
        book(desk),
    )
    assert isinstance(booked, BookingView)


async def test_change_starts_from_the_change_before_it(desk: Desk) -> None:
    """Both close half of the staff: the second one sees a booking that the first one left with the other half."""
    await add_booking(desk.database, desk.salon, WANTED, resource=1)
    first, second = desk.salon.resources
    _, refused = await overlap(
        desk.database,
        desk.salon.scope,
        lambda work: work.catalogue.change_resource(first, {"is_active": False}, None, NOW, confirm=False),
        lambda work: work.catalogue.change_resource(second, {"is_active": False}, None, NOW, confirm=False),
    )
    assert isinstance(refused, WouldBreakBookings)


def block(desk: Desk) -> Step:
    request = BlockRequest(None, WANTED - HOUR, WANTED + HOUR)
    return lambda work: work.bookings.blocks.add_block(desk.salon.business_id, request, NOW, confirm=False)


async def test_booking_that_comes_while_the_time_is_blocked_is_refused(desk: Desk) -> None:
    _, refused = await overlap(desk.database, desk.salon.scope, block(desk), book(desk))
    assert isinstance(refused, SlotTaken)
    assert await claimed(desk) == 0


async def test_claims_of_a_block_refuse_it_also_without_the_count(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The constraint alone is enough; only a block without claims would be booked into (the control)."""
    monkeypatch.setattr(change, "_BUMP", text("SELECT CAST(:business_id AS uuid)"))
    _, refused = await overlap(desk.database, desk.salon.scope, block(desk), book(desk))
    assert isinstance(refused, SlotTaken)
    monkeypatch.setattr(blocks, "_FILL", text("SELECT CAST(:block_id AS uuid)"))
    async with desk.database.unit_of_work(desk.salon.scope) as work:
        for row in await work.bookings.blocks.list_blocks(desk.salon.business_id, None, 10):
            await work.bookings.blocks.remove_block(row.id, OccurrenceScope.ALL, None, NOW)
    _, booked = await overlap(desk.database, desk.salon.scope, block(desk), book(desk))
    assert isinstance(booked, BookingView)


async def test_block_waits_for_a_booking_and_sees_it(desk: Desk) -> None:
    booked, refused = await overlap(desk.database, desk.salon.scope, book(desk), block(desk))
    assert isinstance(booked, BookingView)
    assert isinstance(refused, WouldBreakBookings)
    assert [one["id"] for one in refused.details["bookings"]] == [str(booked.id)]
