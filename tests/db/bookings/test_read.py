"""Reading bookings: what is written comes back whole, in order, and only to those who may see it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import event

from db.bookings.commands.hold_request import HoldRequest
from db.bookings.queries import BookingFilter
from db.engine.session import Database, Scope
from domain.booking_status import BookingStatus
from domain.errors import NotFound
from tests.support import data, servers
from tests.support.data import HOUR, NOW, Salon, single


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def salon(pool: Database) -> Salon:
    return await data.add_salon(pool, payment_mode="prepay")


async def test_read_gives_what_was_held(pool: Database, salon: Salon) -> None:
    request = HoldRequest(single(salon.service_id), NOW + 24 * HOUR, user_id=salon.user_id, special_requests="窓側で")
    async with pool.unit_of_work(salon.scope) as work:
        held = await work.bookings.holds.hold(request, NOW)
    async with pool.unit_of_work(salon.scope) as work:
        read = await work.bookings.get(held.id)
        snapshot = await work.bookings.snapshot(held.id)
        history = await work.bookings.history(held.id)
    assert read.customer == {"family_name": "佐藤", "given_name": "愛"}
    assert replace(read, customer=None) == held
    assert (snapshot.start_at, snapshot.amount_due, snapshot.status) == (held.start_at, 6600, BookingStatus.PENDING)
    assert snapshot.reminder_offsets == (24 * HOUR,)
    assert [entry.to_status for entry in history] == ["pending"]


async def test_ended_booking_still_says_who_it_was_with(pool: Database, salon: Salon) -> None:
    booking_id = await data.add_booking(pool, salon, status="cancelled")
    async with pool.unit_of_work(salon.scope) as work:
        booking = await work.bookings.get(booking_id)
    assert booking.items[0].resource_ids == salon.resources[:1]


async def test_pages_follow_each_other_without_gap_or_double(pool: Database, salon: Salon) -> None:
    made = [await data.add_booking(pool, salon, NOW + (30 + n // 2) * HOUR, resource=n % 2) for n in range(7)]
    seen, after = [], None
    statements: list[str] = []
    event.listen(
        pool.engine.sync_engine, "before_cursor_execute", lambda _c, _k, statement, *_rest: statements.append(statement)
    )
    async with pool.unit_of_work(salon.scope) as work:
        while page := await work.bookings.list_(BookingFilter(business_id=salon.business_id, after=after), limit=3):
            seen += [booking.id for booking in page]
            after = (page[-1].start_at, page[-1].id)
    assert sorted(seen) == sorted(made)
    assert len(seen) == len(set(seen))
    # One statement a page, items and resources included, and one to say who asks.
    assert len(statements) == 1 + 4


async def test_filters(pool: Database, salon: Salon) -> None:
    first = await data.add_booking(pool, salon, NOW + 30 * HOUR)
    second = await data.add_booking(pool, salon, NOW + 40 * HOUR, resource=1, status="cancelled")
    async with pool.unit_of_work(salon.scope) as work:

        async def ids(**wanted: object) -> list[object]:
            found = await work.bookings.list_(BookingFilter(**wanted), limit=10)  # type: ignore[arg-type]
            return [booking.id for booking in found]

        assert await ids(status=BookingStatus.CANCELLED) == [second]
        assert await ids(resource_id=salon.resources[0]) == [first]
        assert await ids(since=NOW + 40 * HOUR) == [second]
        assert await ids(until=NOW + 40 * HOUR) == [first]
        assert await ids(customer_id=uuid4()) == []


async def test_read_does_not_find_another_tenants_booking(pool: Database, salon: Salon) -> None:
    other = await data.add_salon(pool)
    booking_id = await data.add_booking(pool, salon)
    for scope in (other.scope, Scope.public(), Scope.self_(other.user_id)):
        async with pool.unit_of_work(scope) as work:
            with pytest.raises(NotFound):
                await work.bookings.get(booking_id)
            assert await work.bookings.list_(BookingFilter(), limit=10) == []
            with pytest.raises(NotFound):
                await work.bookings.snapshot(booking_id)
            assert await work.bookings.history(booking_id) == []
    async with pool.unit_of_work(Scope.self_(salon.user_id)) as work:
        assert (await work.bookings.get(booking_id)).id == booking_id
