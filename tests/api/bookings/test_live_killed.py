"""The live view over a kill of the API: events before it, while it dies, while nobody serves, and after."""

import asyncio
from pathlib import Path
from uuid import UUID

import httpx

from db.engine.session import Database as Pool
from tests.api.bookings.test_live import Event, Line, book, following
from tests.api.conftest import Clock
from tests.api.salon import StaffedSalon
from tests.api.test_main import served
from tests.support import data, servers
from tests.support.desk import Desk


async def rest_of(line: Line) -> list[Event]:
    """What still comes before the connection breaks."""
    found = []
    try:
        while True:
            found.append(await line.next())
    except (httpx.HTTPError, StopAsyncIteration):
        return found


def ids_of(events: list[Event]) -> set[str]:
    return {str(event["id"]) for event in events}


async def happened(pool: Pool, business_id: UUID) -> list[str]:
    """Ids of the events of the business's bookings, in order."""
    sql = "SELECT id::text AS id FROM outbox WHERE business_id = :id AND event LIKE 'booking.%' ORDER BY id"
    return [row["id"] for row in await data.rows(pool, sql, id=business_id)]


async def test_follower_misses_no_event_when_the_api_is_killed(
    salon: StaffedSalon, database: servers.Database, pool: Pool, clock: Clock, tmp_path: Path
) -> None:
    path = f"/businesses/{salon.ids.business_id}/events"
    business_id, desk = salon.ids.business_id, Desk(pool, salon.ids)
    seen: list[Event] = []
    async with (
        served(database, tmp_path / "first.log") as (process, address, _),
        following(address, salon.staff, path) as line,
    ):
        bookings = [await book(salon, 10)]
        seen.append(await line.next())
        made = asyncio.gather(*(book(salon, hour) for hour in range(11, 15)))
        seen.append(await line.next())
        process.kill()
        seen += await rest_of(line)
        bookings += await made
    for booking_id in bookings[:2]:
        await desk.do("cancel", booking_id, now=clock.now())
    missed = set(await happened(pool, business_id)) - ids_of(seen)
    assert missed, "without a missed event the test shows nothing"
    async with (
        served(database, tmp_path / "second.log") as (_, address, _),
        following(address, salon.staff, path, **{"Last-Event-ID": str(seen[-1]["id"])}) as line,
    ):
        resumed: list[Event] = []
        while not missed <= ids_of(resumed):
            resumed.append(await line.next())
        bookings.append(await book(salon, 16))
        while resumed[-1]["booking_id"] != str(bookings[-1]):
            resumed.append(await line.next())
    assert len(ids_of(resumed)) == len(resumed), "one connection gives each event once"
    # What came twice has the same id, by which a client leaves it out.
    assert len({(event["id"], event["event"], event["booking_id"]) for event in [*seen, *resumed]}) == len(
        ids_of([*seen, *resumed])
    )
    assert ids_of([*seen, *resumed]) == set(await happened(pool, business_id))
