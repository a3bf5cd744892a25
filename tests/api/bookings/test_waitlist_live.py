"""The waitlist with relay, workers and Temporal: freed time reaches the next who waits, also when workers were away."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest_asyncio
from temporalio.client import WorkflowExecutionStatus

from db.bookings.waitlist.entries import JoinRequest
from db.engine.session import Database as Pool
from domain.bookings.waitlist import Wanted
from domain.scheduling.hours import MinuteRange
from tests.api.bookings.test_commands import Live, eventually, opened_live
from tests.api.conftest import Clock
from tests.e2e.platform import end_all, running_relay, running_workers
from tests.support import data, servers
from tests.support.desk import Desk
from workflows.support import ids

MINUTE = timedelta(minutes=1)


@pytest_asyncio.fixture
async def live(database: servers.Database, pool: Pool, clock: Clock, temporal_server: str) -> AsyncIterator[Live]:
    """Temporal is there, but neither workers nor relay."""
    async with opened_live(database, pool, clock, temporal_server, payment_mode="at_venue") as opened:
        await end_all(opened.client)
        yield opened
        await end_all(opened.client)


async def offers_last(live: Live, how_long: timedelta) -> None:
    update = "UPDATE business_settings SET waitlist_offer_for = :long WHERE business_id = :id"
    await data.rows(live.pool, update, long=how_long, id=live.salon.ids.business_id)


async def join(live: Live) -> UUID:
    """Somebody waits for the hour from ten."""
    user = await data.add_user(live.pool, email_verified_at=live.app.state.services.now())
    day = live.salon.day.date()
    request = JoinRequest(live.salon.ids.service_id, Wanted(day, day, (MinuteRange(600, 660),)), user_id=user)
    async with live.pool.unit_of_work(live.salon.ids.scope) as work:
        return await work.bookings.waitlist.join(request, live.app.state.services.now())


async def comes_to(live: Live, entry: UUID, status: str) -> None:
    async def is_there() -> bool:
        found = await data.rows(live.pool, "SELECT status FROM waitlist WHERE id = :id", id=entry)
        return bool(found[0]["status"] == status)

    await eventually(is_there, 30)


async def test_waitlist_moves_on_while_workers_come_and_go(live: Live) -> None:
    salon, now = live.salon.ids, live.app.state.services.now
    sold = [await data.add_booking(live.pool, salon, live.salon.at(10), resource=one) for one in (0, 1)]
    first, second, third = [await join(live) for _ in range(3)]
    await offers_last(live, 10 * MINUTE)
    async with running_workers(live.settings, live.client), running_relay(live.settings, live.client):
        await Desk(live.pool, salon).do("cancel", sold[0], now=now())
        await comes_to(live, first, "offered")
        async with live.pool.unit_of_work(salon.scope) as work:
            await work.bookings.waitlist.decline(first, now())
        await comes_to(live, second, "offered")
    # No worker is there when the second offer ends, and when the owner makes offers longer.
    await data.rows(live.pool, "UPDATE waitlist_offers SET expires_at = now() WHERE entry_id = :id", id=second)
    await offers_last(live, 11 * MINUTE)
    async with running_workers(live.settings, live.client), running_relay(live.settings, live.client):
        await comes_to(live, third, "offered")
        assert await silent(live, second)
        async with live.pool.unit_of_work(salon.scope) as work:
            booking = await work.bookings.waitlist.accept(third, None, now())
        assert booking.start_at == live.salon.at(10)
        run = live.client.get_workflow_handle(ids.waitlist(salon.business_id))

        async def is_over() -> bool:
            return (await run.describe()).status is WorkflowExecutionStatus.COMPLETED

        await eventually(is_over, 30)


async def silent(live: Live, entry: UUID) -> bool:
    """Whether the entry waits again after an offer that was not answered."""
    found = await data.rows(live.pool, "SELECT status, unanswered FROM waitlist WHERE id = :id", id=entry)
    return (found[0]["status"], found[0]["unanswered"]) == ("waiting", 1)
