"""Freed time is offered in the transaction that frees it: between the two, nobody can take it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from db.bookings.blocks import BlockRequest
from db.bookings.waitlist import offers
from db.catalogue.tables import ServiceResource
from db.scheduling.business_hours import OneOffDay
from domain.scheduling.blocks import OccurrenceScope
from domain.scheduling.errors import SlotTaken
from domain.scheduling.hours import MinuteRange
from tests.db.bookings.waiting import DAY, FULL, OFFER, Waiting
from tests.support.data import HOUR, NOW, add, add_booking, add_resource, rows
from tests.support.desk import Desk

MINUTE = timedelta(minutes=1)
Free = Callable[[], Awaitable[object]]


@pytest_asyncio.fixture
async def waiting(desk: Desk) -> Waiting:
    return await Waiting.of(desk)


async def test_cancellation_offers_the_freed_time_before_it_commits(waiting: Waiting) -> None:
    entry = await waiting.join()
    await waiting.free()
    [offer] = await waiting.offers(entry)
    assert (offer["status"], offer["start_at"], offer["expires_at"]) == ("open", FULL, NOW + OFFER)
    with pytest.raises(SlotTaken):
        await waiting.take_as_another()
    assert await waiting.messages_to(entry) == ["waitlist_offered"]
    assert await waiting.woken() > 0  # the run waits for the deadline


async def test_decline_moves_on_in_its_own_transaction(waiting: Waiting) -> None:
    entries = [await waiting.join(NOW + number * MINUTE) for number in range(4)]
    await waiting.free()
    for entry, following in pairwise(entries):
        await waiting.decline(entry)
        assert [one["status"] for one in await waiting.offers(following)] == ["open"]


async def test_silence_moves_on_in_the_turn_that_ends_the_offer(waiting: Waiting) -> None:
    first, second = await waiting.join(), await waiting.join(NOW + MINUTE)
    await waiting.free()
    business_id = waiting.desk.salon.business_id
    turn = await waiting.desk.within(lambda work: work.bookings.waitlist.take_turn(business_id, NOW + OFFER))
    assert (turn.entry_id, turn.next_at) == (second, NOW + 2 * OFFER)
    assert [one["status"] for one in await waiting.offers(first)] == ["lapsed"]


async def test_change_offers_every_time_that_it_frees_in_order(waiting: Waiting) -> None:
    desk = waiting.desk
    await waiting.free(0)
    await waiting.free(1)
    request = BlockRequest(None, FULL, FULL + HOUR)
    block = await desk.within(lambda work: work.bookings.blocks.add_block(desk.salon.business_id, request, NOW, False))
    entries = [await waiting.join(NOW + number * MINUTE) for number in range(3)]
    await desk.within(lambda work: work.bookings.blocks.remove_block(block.id, OccurrenceScope.ALL, None, NOW))
    assert [len(await waiting.offers(entry)) for entry in entries] == [1, 1, 0]


@pytest.mark.parametrize("cause", ["leave", "expire", "move", "reassign", "hours"])
async def test_change_that_frees_time_offers_it_before_it_commits(waiting: Waiting, cause: str) -> None:
    prepared: dict[str, Callable[[Waiting], Awaitable[Free]]] = {
        "leave": _leave,
        "expire": _expire,
        "move": _move,
        "reassign": _reassign,
        "hours": _hours,
    }
    free = await prepared[cause](waiting)
    entry = await waiting.join(NOW + MINUTE, resource_ids=(waiting.desk.salon.resources[0],))
    assert await waiting.offers(entry) == []
    await free()
    assert [(one["status"], one["start_at"]) for one in await waiting.offers(entry)] == [("open", FULL)]


async def _leave(waiting: Waiting) -> Free:
    first = await waiting.join()
    await waiting.free()
    return lambda: waiting.desk.within(lambda work: work.bookings.waitlist.take_off(first, False, NOW))


async def _expire(waiting: Waiting) -> Free:
    await waiting.free()
    hold = await add_booking(waiting.desk.database, waiting.desk.salon, FULL, status="pending")
    return lambda: waiting.desk.do("expire", hold)


async def _move(waiting: Waiting) -> Free:
    return lambda: waiting.desk.do("reschedule", waiting.sold[0], start_at=FULL + 24 * HOUR)


async def _reassign(waiting: Waiting) -> Free:
    salon, database = waiting.desk.salon, waiting.desk.database
    other = await add_resource(database, salon.business_id)
    needs = {"service_id": salon.service_id, "requirement_group": 0, "resource_id": other}
    await add(database, ServiceResource, **needs, business_id=salon.business_id)
    return lambda: waiting.desk.do("reassign", waiting.sold[0], resource_ids=(other,))


async def _hours(waiting: Waiting) -> Free:
    desk = waiting.desk

    def hours(*ranges: MinuteRange) -> Free:
        day = OneOffDay(DAY, ranges, None)
        return lambda: desk.within(
            lambda work: work.scheduling.hours.set_days(desk.salon.business_id, [day], NOW, confirm=True)
        )

    await hours()()
    await waiting.free()
    return hours(MinuteRange(0, 1440))


async def test_change_that_frees_time_is_not_undone_by_an_offer_that_fails(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await waiting.join()
    monkeypatch.setattr(offers, "_ENTRIES", text("SELECT 1 / 0"))
    await waiting.free()
    assert (await waiting.desk.booking(waiting.sold[0]))["status"] == "cancelled"
    assert await waiting.offers(entry) == []
    monkeypatch.undo()
    assert await waiting.turns() == [entry]


# -- expired holds that a caller meets -------------------------------------------------------------------------------


async def _expired_hold(waiting: Waiting, **wanted: Any) -> tuple[UUID, UUID]:
    """Somebody has not paid in time, no worker has ended it yet, and another person waits: the hold and the entry."""
    await waiting.free()
    hold = await add_booking(waiting.desk.database, waiting.desk.salon, FULL, status="pending")
    entry = await waiting.join(**wanted)
    past = """WITH booking AS (UPDATE bookings SET hold_expires_at = :at WHERE id = :id)
              UPDATE resource_claims SET holds_until = :at WHERE booking_id = :id"""
    await rows(waiting.desk.database, past, id=hold, at=NOW - MINUTE)
    return hold, entry


async def test_fresh_customer_who_meets_an_expired_hold_comes_after_those_who_wait(waiting: Waiting) -> None:
    hold, entry = await _expired_hold(waiting)
    with pytest.raises(SlotTaken):
        await waiting.take_as_another()
    assert [(one["status"], one["start_at"]) for one in await waiting.offers(entry)] == [("open", FULL)]
    assert (await waiting.desk.booking(hold))["status"] == "expired"
    assert await waiting.messages_to(entry) == ["waitlist_offered"]
    with pytest.raises(SlotTaken):
        await waiting.take_as_another()
    assert len(await waiting.offers(entry)) == 1


async def test_fresh_customer_takes_an_expired_hold_that_nobody_waits_for(waiting: Waiting) -> None:
    hold, entry = await _expired_hold(waiting, resource_ids=(waiting.desk.salon.resources[1],))
    booking = await waiting.take_as_another()
    assert booking.start_at == FULL
    assert (await waiting.desk.booking(hold))["status"] == "expired"
    assert await waiting.offers(entry) == []


async def test_fresh_customer_who_meets_an_offer_that_is_over_comes_after_the_next_who_waits(waiting: Waiting) -> None:
    first, second = await waiting.join(), await waiting.join(NOW + MINUTE)
    await waiting.free()
    later = NOW + OFFER + MINUTE
    with pytest.raises(SlotTaken):
        await waiting.take_as_another(now=later)
    assert [one["status"] for one in await waiting.offers(first)] == ["lapsed"]
    assert [one["status"] for one in await waiting.offers(second)] == ["open"]


async def test_move_that_meets_an_expired_hold_comes_after_those_who_wait(waiting: Waiting) -> None:
    _, entry = await _expired_hold(waiting)
    other = await add_booking(waiting.desk.database, waiting.desk.salon, FULL + 24 * HOUR)
    with pytest.raises(SlotTaken):
        await waiting.desk.do("reschedule", other, start_at=FULL)
    assert [one["status"] for one in await waiting.offers(entry)] == ["open"]
    assert (await waiting.desk.booking(other))["start_at"] == FULL + 24 * HOUR
