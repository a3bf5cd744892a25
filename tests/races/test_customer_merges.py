"""A booking for a record that is being merged, in both orders, with a control; and a merge against its opposite."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db.bookings.commands.hold_request import HoldRequest
from domain.errors import NotFound
from tests.db.customers.test_merging import totals_are_right
from tests.races.overlap import Step, overlap
from tests.support import data, servers
from tests.support.data import HOUR, NOW, single
from tests.support.desk import Desk


def merge(kept: UUID, merged: UUID) -> Step:
    return lambda work: work.customers.merges.merge(kept, merged, NOW)


def unmerge(kept: UUID, merged: UUID) -> Step:
    return lambda work: work.customers.merges.unmerge(kept, merged, NOW)


def hold(desk: Desk, customer_id: UUID) -> Step:
    request = HoldRequest(single(desk.salon.service_id), NOW + 72 * HOUR, customer_id=customer_id)
    return lambda work: work.bookings.holds.hold(request, NOW)


async def owners(desk: Desk) -> set[UUID]:
    found = await data.rows(
        desk.database, "SELECT customer_id FROM bookings WHERE business_id = :id", id=desk.salon.business_id
    )
    return {row["customer_id"] for row in found}


@pytest.mark.parametrize("booked_first", [True, False])
async def test_hold_and_merge_at_once_leave_the_booking_with_the_kept_record(desk: Desk, booked_first: bool) -> None:
    other = await data.add_customer(desk.database, desk.salon.business_id)
    steps = (hold(desk, other), merge(desk.salon.customer_id, other))
    await overlap(desk.database, desk.salon.scope, *(steps if booked_first else steps[::-1]))
    assert await owners(desk) == {desk.salon.customer_id}
    assert await totals_are_right(desk.database, desk.salon.business_id)


@pytest_asyncio.fixture
async def unled_desk(database: servers.Database) -> AsyncIterator[Desk]:
    """The desk of a salon whose database leads no booking on to the kept record."""
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        await connection.execute(text("DROP TRIGGER follow_merge ON bookings"))
    await owner.dispose()
    async with data.opened(database) as pool:
        yield Desk(pool, await data.add_salon(pool))


async def test_hold_during_a_merge_is_left_behind_without_the_trigger(unled_desk: Desk) -> None:
    """The control: the merged record is read before the merge commits, and the booking stays with it."""
    desk = unled_desk
    other = await data.add_customer(desk.database, desk.salon.business_id)
    await overlap(desk.database, desk.salon.scope, merge(desk.salon.customer_id, other), hold(desk, other))
    assert await owners(desk) == {other}


async def test_merges_in_both_directions_at_once_leave_one_record(desk: Desk) -> None:
    other = await data.add_customer(desk.database, desk.salon.business_id)
    one, two = merge(desk.salon.customer_id, other), merge(other, desk.salon.customer_id)
    _, refusal = await overlap(desk.database, desk.salon.scope, one, two)
    assert isinstance(refusal, NotFound)
    live = "SELECT id FROM customers WHERE deleted_at IS NULL AND business_id = :id"
    [left] = await data.rows(desk.database, live, id=desk.salon.business_id)
    assert left["id"] == desk.salon.customer_id


async def test_unmerge_twice_at_once_is_done_once(desk: Desk) -> None:
    other = await data.add_customer(desk.database, desk.salon.business_id)
    await data.add_booking(desk.database, desk.salon, status="completed", customer_id=other, user_id=None)
    await desk.within(merge(desk.salon.customer_id, other))
    step = unmerge(desk.salon.customer_id, other)
    _, refusal = await overlap(desk.database, desk.salon.scope, step, step)
    assert isinstance(refusal, NotFound)
    assert await owners(desk) == {other}
    assert await totals_are_right(desk.database, desk.salon.business_id)
