"""Following a business and a booking as things happen, over a real socket."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from pydantic import SecretStr

from api.access.guest_links import HEADER
from api.app import create_app
from api.v1.bookings.live import hub as hub_module
from api.v1.bookings.live import stream as stream_module
from api.v1.bookings.live.hub import QUEUE, Follower, LiveHub
from api.v1.bookings.live.stream import Opening, stream
from db.engine.session import Database as Pool
from db.platform.events import BookingEvent
from domain.ids import first_uuid_of
from tests.api.bookings.test_guest_links import booked
from tests.api.conftest import PREFIX, Clock, Person, error_of
from tests.api.salon import StaffedSalon, keyed
from tests.e2e.serving import serving
from tests.support import data, servers
from tests.support.desk import Desk

Event = dict[str, Any]
LASTS = timedelta(minutes=2)
LONG: dict[str, Any] = {"events_connection": LASTS}


class Line:
    """One open connection; ``next`` gives its events, heartbeats left out."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.heartbeats = 0
        self._blocks = self._read()

    async def _read(self) -> AsyncIterator[str]:
        text = ""
        async for part in self.response.aiter_text():
            text += part
            while "\n\n" in text:
                block, _, text = text.partition("\n\n")
                yield block

    async def block(self) -> str:
        """The next block of lines. Raises StopAsyncIteration at the end."""
        async with asyncio.timeout(20):
            return await anext(self._blocks)

    async def next(self) -> Event:
        while True:
            block = await self.block()
            self.heartbeats += block.startswith(": heartbeat")
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in fields:
                return {**orjson.loads(fields["data"]), "id": fields.get("id"), "event": fields["event"]}

    async def is_over(self) -> bool:
        try:
            while True:
                await self.block()
        except StopAsyncIteration:
            return True


@asynccontextmanager
async def following(address: str, person: Person | None, path: str, **headers: str) -> AsyncIterator[Line]:
    token = {"Authorization": f"Bearer {person.token}"} if person else {}
    async with (
        AsyncClient(base_url=address, timeout=30) as http,
        http.stream("GET", f"{PREFIX}{path}", headers={**token, **headers}) as response,
    ):
        assert response.status_code == 200, (await response.aread()).decode()
        line = Line(response)
        assert (await line.block()).startswith("retry:")
        yield line


@pytest.fixture
def live_app(database: servers.Database, pool: Pool, clock: Clock) -> FastAPI:
    """An application of its own, as another process has it."""
    return create_app(database.settings(**LONG), database=pool, password_rounds=4, now=clock.now)


async def book(salon: StaffedSalon, hour: int) -> UUID:
    answer = await salon.customer.post("/bookings", json=salon.booking_body(salon.at(hour)), headers=keyed())
    return UUID(answer.json()["data"]["id"])


async def test_business_is_followed_by_those_who_work_there(
    salon: StaffedSalon, live_app: FastAPI, pool: Pool, clock: Clock
) -> None:
    path = f"/businesses/{salon.ids.business_id}/events"
    for person in (salon.customer, salon.other_owner):
        assert (await person.get(path)).status_code == 404
    async with serving(live_app) as address, following(address, salon.assistant, path) as line:
        theirs = await data.add_booking(pool, salon.other)
        booking = await book(salon, 10)
        held = await line.next()
        assert (held["event"], held["booking_id"]) == ("booking.held", str(booking))
        await Desk(pool, salon.other).do("cancel", theirs, now=clock.now())
        await Desk(pool, salon.ids).do("cancel", booking, now=clock.now())
        cancelled = await line.next()
        assert (cancelled["event"], cancelled["status"]) == ("booking.cancelled", "cancelled")
        assert held["id"] < cancelled["id"]
        assert set(held) == {"id", "event", "booking_id", "status", "at"}


async def test_booking_is_followed_by_its_customer_alone(
    salon: StaffedSalon, live_app: FastAPI, pool: Pool, clock: Clock
) -> None:
    booking, other = await book(salon, 10), await book(salon, 12)
    path = f"/bookings/{booking}/events"
    assert (await salon.other_owner.get(path)).status_code == 404
    assert (await salon.nobody.get(f"{PREFIX}{path}")).status_code == 401
    async with serving(live_app) as address, following(address, salon.customer, path) as line:
        await Desk(pool, salon.ids).do("cancel", other, now=clock.now())
        await Desk(pool, salon.ids).do("cancel", booking, now=clock.now())
        first = await line.next()
        assert (first["event"], first["booking_id"]) == ("booking.cancelled", str(booking))


async def test_guest_follows_the_booking_of_the_link_alone(
    salon: StaffedSalon, live_app: FastAPI, pool: Pool, clock: Clock
) -> None:
    booking, other = await booked(salon, 10), await booked(salon, 12)
    link = {HEADER: booking["guest_token"]}
    answer = await salon.nobody.get(f"{PREFIX}/bookings/{other['id']}/events", headers=link)
    assert error_of(answer) == (404, "not_found")
    of_business = await salon.nobody.get(f"{PREFIX}/businesses/{salon.ids.business_id}/events", headers=link)
    assert of_business.status_code == 401
    async with (
        serving(live_app) as address,
        following(address, None, f"/bookings/{booking['id']}/events", **link) as line,
    ):
        for ended in (other, booking):
            await Desk(pool, salon.ids).do("cancel", UUID(ended["id"]), now=clock.now())
        first = await line.next()
        assert (first["event"], first["booking_id"]) == ("booking.cancelled", booking["id"])


async def test_follower_resumes_behind_its_last_event_at_another_process(
    salon: StaffedSalon, live_app: FastAPI, pool: Pool, clock: Clock, database: servers.Database
) -> None:
    path = f"/businesses/{salon.ids.business_id}/events"
    async with serving(live_app) as address, following(address, salon.staff, path) as line:
        await book(salon, 10)
        last = await line.next()
    missed = [await book(salon, 12), await book(salon, 14)]
    other = create_app(database.settings(**LONG), database=pool, password_rounds=4, now=clock.now)
    async with (
        serving(other) as address,
        following(address, salon.staff, path, **{"Last-Event-ID": last["id"]}) as line,
    ):
        seen = [await line.next() for _ in missed]
        assert [event["booking_id"] for event in seen] == [str(one) for one in missed]
        fresh = await book(salon, 16)
        while (event := await line.next())["booking_id"] != str(fresh):
            assert event["id"] > last["id"]


async def test_follower_that_was_away_too_long_receives_reset(salon: StaffedSalon, live_app: FastAPI) -> None:
    path = f"/businesses/{salon.ids.business_id}/events"
    old = first_uuid_of(datetime.now(UTC) - timedelta(days=2))
    async with serving(live_app) as address:
        for last in (old, uuid4()):
            async with following(address, salon.staff, path, **{"Last-Event-ID": str(last)}) as line:
                assert (await line.next())["event"] == "reset"


async def test_events_of_other_bookings_count_for_a_reset(
    salon: StaffedSalon, live_app: FastAPI, pool: Pool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was missed is looked for among so many events of the business: the rest would be lost without a word."""
    booking = await book(salon, 10)
    path = f"/bookings/{booking}/events"
    last = {"Last-Event-ID": str(first_uuid_of(datetime.now(UTC)))}
    await book(salon, 12)
    await Desk(pool, salon.ids).do("cancel", booking, now=clock.now())
    monkeypatch.setattr(stream_module, "RESUMES", 2)
    async with serving(live_app) as address, following(address, salon.customer, path, **last) as line:
        assert (await line.next())["event"] == "reset"


async def test_tab_has_one_connection(salon: StaffedSalon, live_app: FastAPI) -> None:
    path = f"/businesses/{salon.ids.business_id}/events?client="
    async with serving(live_app) as address:
        async with following(address, salon.staff, f"{path}a") as first:
            async with following(address, salon.staff, f"{path}b"), following(address, salon.owner, f"{path}a"):
                assert len(live_app.state.live.followers) == 3
            async with following(address, salon.staff, f"{path}a"):
                assert await first.is_over()
        await eventually(lambda: not live_app.state.live.followers)


async def test_login_has_so_many_connections_and_no_more(
    salon: StaffedSalon, live_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "MOST_OF_ONE", 1)
    path = f"/businesses/{salon.ids.business_id}/events?client="
    async with serving(live_app) as address, following(address, salon.staff, f"{path}a"):
        async with AsyncClient(base_url=address, timeout=30) as http:
            token = {"Authorization": f"Bearer {salon.staff.token}"}
            refused = await http.get(f"{PREFIX}{path}b", headers=token)
        assert error_of(refused) == (429, "rate_limited")
        async with following(address, salon.owner, f"{path}b"):
            pass  # another login is not in the way


async def eventually(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  (another task changes it)
            await asyncio.sleep(0.02)


async def test_stream_outlives_the_time_limit_of_requests(
    salon: StaffedSalon, pool: Pool, clock: Clock, database: servers.Database
) -> None:
    settings = database.settings(request_timeout=timedelta(seconds=0.5), **LONG)
    short = create_app(settings, database=pool, password_rounds=4, now=clock.now)
    async with serving(short) as address:
        short.state.live.heartbeat = 0.3
        async with following(address, salon.staff, f"/businesses/{salon.ids.business_id}/events") as line:
            for _ in range(4):
                assert (await line.block()) == ": heartbeat"


async def test_server_that_stops_ends_its_streams(salon: StaffedSalon, live_app: FastAPI) -> None:
    path = f"/businesses/{salon.ids.business_id}/events"
    async with serving(live_app) as address, following(address, salon.staff, path) as line:
        live_app.state.live.end_all()
        assert await line.is_over()


def event(business_id: UUID, number: int = 0) -> BookingEvent:
    return BookingEvent(UUID(int=number), business_id, uuid4(), "booking.held", "pending", datetime.now(UTC))


async def test_follower_that_reads_too_slowly_is_disconnected() -> None:
    business = uuid4()
    slow = Follower(business, None)
    for number in range(QUEUE + 1):
        slow.offer(event(business, number))
    assert slow.is_ended
    assert await slow.next(0.01) is None


class Silence:
    """A cache whose channel never says anything."""

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[AsyncIterator[bytes]]:
        async def never() -> AsyncIterator[bytes]:
            await asyncio.Event().wait()
            yield b""

        yield never()


async def test_followers_receive_each_event_once_in_flat_memory(salon: StaffedSalon, pool: Pool) -> None:
    """And without a word from Redis: Postgres alone is enough."""
    hub = LiveHub(pool, Silence(), lambda: datetime.now(UTC), LASTS)  # type: ignore[arg-type]
    business = salon.ids.business_id
    seen: list[list[bytes]] = [[] for _ in range(200)]

    async def follow(number: int) -> None:
        opening = Opening(str(number), business, None, None, True)
        async for part in stream(hub, opening):
            if part.startswith(b"id:"):
                seen[number].append(part)
            if len(seen[number]) == 3:
                return

    tracemalloc.start()
    tasks = [asyncio.create_task(follow(number)) for number in range(200)]
    await eventually(lambda: len(hub.followers) == 200)
    before = tracemalloc.get_traced_memory()[0]
    for hour in (10, 12, 14):
        await book(salon, hour)
    async with asyncio.timeout(30):
        await asyncio.gather(*tasks)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert all(parts == seen[0] for parts in seen)
    assert len(set(seen[0])) == 3
    assert hub.followers == {}
    assert grown < 2_000_000, grown


@pytest.mark.parametrize("works_here", [True, False])
async def test_stream_hides_work_inside_the_business_from_customers(
    salon: StaffedSalon, pool: Pool, clock: Clock, works_here: bool
) -> None:
    booking = await data.add_booking(pool, salon.ids, clock.now() + timedelta(days=2))
    hub = LiveHub(pool, Silence(), lambda: datetime.now(UTC), LASTS)  # type: ignore[arg-type]
    parts = stream(hub, Opening("a", salon.ids.business_id, booking, None, works_here))
    await anext(parts)
    desk = Desk(pool, salon.ids)
    other = salon.ids.resources[1]
    await desk.do("reassign", booking, now=clock.now(), resource_ids=(other,))
    await desk.do("cancel", booking, now=clock.now())
    first = b""
    async with asyncio.timeout(20):
        while not first.startswith(b"id:"):
            first = await anext(parts)
    await parts.aclose()
    assert (b"booking.reassigned" in first) is works_here


async def test_commit_wakes_followers_through_redis(
    salon: StaffedSalon,
    pool: Pool,
    clock: Clock,
    database: servers.Database,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the message, the next reading would come after the test has given up."""
    monkeypatch.setattr(hub_module, "POLL", 300.0)
    settings = database.settings(redis_url=SecretStr(redis_url), **LONG)
    woken = create_app(settings, database=pool, password_rounds=4, now=clock.now)
    path = f"/businesses/{salon.ids.business_id}/events"
    async with serving(woken) as address, following(address, salon.staff, path) as line:
        await eventually(lambda: woken.state.live.listens)
        booking = await book(salon, 10)
        assert (await line.next())["booking_id"] == str(booking)
