"""Who serves where the customer names nobody: the booking has the right person, and its item says why."""

from datetime import timedelta

import pytest

from db.bookings.commands.hold_request import HoldRequest
from domain.bookings.view import BookingView
from domain.platform.actor import ActorKind
from domain.scheduling.reasons import ChosenBy
from tests.support.data import HOUR, NOW, add_booking, rows, single
from tests.support.desk import Desk

START = NOW + 72 * HOUR


async def hold(desk: Desk, resource_ids: tuple = (), start_at=START) -> BookingView:
    request = HoldRequest(single(desk.salon.service_id, resource_ids), start_at, user_id=desk.salon.user_id)
    view: BookingView = await desk.within(lambda work: work.bookings.holds.hold(request, NOW))
    return view


async def stored(desk: Desk, view: BookingView) -> list[str | None]:
    statement = "SELECT chosen_by FROM booking_items WHERE booking_id = :id ORDER BY position"
    found = [row["chosen_by"] for row in await rows(desk.database, statement, id=view.id)]
    read: BookingView = await desk.within(lambda work: work.bookings.get(view.id))
    assert [item.chosen_by for item in read.items] == found
    return found


async def test_hold_takes_who_has_the_fewest_bookings_then_the_only_one_left(desk: Desk) -> None:
    for hours in (-2, -1):
        await add_booking(desk.database, desk.salon, START + hours * HOUR, resource=0)
    await add_booking(desk.database, desk.salon, START + HOUR, resource=1)
    first, second = await hold(desk), await hold(desk)
    assert [view.items[0].resource_ids for view in (first, second)] == [
        (desk.salon.resources[1],),
        (desk.salon.resources[0],),
    ]
    assert await stored(desk, first) == [first.items[0].chosen_by] == [ChosenBy.FEWEST_BOOKINGS]
    assert await stored(desk, second) == [ChosenBy.ONLY_ONE]


async def test_hold_takes_the_longest_free_of_equally_few(desk: Desk) -> None:
    await add_booking(desk.database, desk.salon, START + HOUR, resource=0)
    await add_booking(desk.database, desk.salon, START + 2 * HOUR, resource=1)
    view = await hold(desk)
    assert view.items[0].resource_ids == (desk.salon.resources[1],)
    assert await stored(desk, view) == [ChosenBy.LONGEST_FREE]


async def test_hold_takes_who_was_booked_longest_ago_of_all_equal(desk: Desk) -> None:
    for resource in (1, 0):
        await add_booking(desk.database, desk.salon, START + 2 * HOUR, resource=resource)
    view = await hold(desk)
    assert view.items[0].resource_ids == (desk.salon.resources[1],)
    assert await stored(desk, view) == [ChosenBy.TURN]


@pytest.mark.parametrize("which", [0, 1])
async def test_hold_says_that_who_was_named_is_preferred(desk: Desk, which: int) -> None:
    await add_booking(desk.database, desk.salon, START + HOUR, resource=which)
    view = await hold(desk, (desk.salon.resources[which],))
    assert await stored(desk, view) == [ChosenBy.PREFERRED]


async def test_reschedule_chooses_again_and_reassign_leaves_no_reason(desk: Desk) -> None:
    view = await hold(desk, (desk.salon.resources[0],))
    await add_booking(desk.database, desk.salon, START + timedelta(hours=26), resource=0)
    await desk.do("reschedule", view.id, ActorKind.STAFF, start_at=START + timedelta(hours=24))
    assert await stored(desk, view) == [ChosenBy.FEWEST_BOOKINGS]
    await desk.do("reassign", view.id, ActorKind.STAFF, resource_ids=(desk.salon.resources[0],))
    assert await stored(desk, view) == [None]
