"""Cached answers when requests overlap, when Redis is away and when a process dies."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import update

from api.http import response_cache as kept
from db.bookings.commands.hold_request import HoldRequest
from db.businesses.tables import Business
from domain.errors import NotFound
from domain.platform.invalidation import CACHE_FOR, CacheChange, CacheKind
from providers.cache import generations
from providers.cache.generations import Generations, names_of
from providers.cache.interface import Cache
from tests.api.conftest import Clock, error_of
from tests.api.http.cached import Process, cache_at, process
from tests.api.http.response_cache.changes import hold, profile, suspension
from tests.api.http.response_cache.conftest import Deaf, asked
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.support import data
from tests.support.data import single
from tests.support.servers import Database


@pytest.fixture
def without_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: every answer is of the same generation for ever."""
    monkeypatch.setattr(generations, "stamp", lambda found: b"always")


async def late(there: Process, here: Process, salon: StaffedSalon, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What is read after an answer from before a hold was kept after it."""
    paths = await asked(here, salon)
    path = paths["get_availability"]
    await there.warm(paths["get_free_resources"])  # whose the service is, and the generations of the same kind
    waiting, go_on = asyncio.Event(), asyncio.Event()
    put = kept.Answers._keep

    async def wait(*arguments: Any) -> None:
        waiting.set()
        await go_on.wait()
        await put(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(kept.Answers, "_keep", wait)
        reading = asyncio.create_task(there.ask(path))
        await asyncio.wait_for(waiting.wait(), 30)
        await hold(salon, here.pool)
        go_on.set()
        stale = await reading
    fresh = await there.ask(path)
    return b"stale" if fresh.content == stale.content else fresh.content


async def test_stale_answer_stored_after_a_change_is_not_read(
    here: Process, there: Process, salon: StaffedSalon, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await late(there, here, salon, monkeypatch) != b"stale"


@pytest.mark.usefixtures("without_generations")
async def test_stale_answer_is_read_without_generations(
    here: Process, there: Process, salon: StaffedSalon, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await late(there, here, salon, monkeypatch) == b"stale"


async def test_wrong_cached_availability_books_nothing(
    here: Process, there: Process, salon: StaffedSalon, redis_url: str
) -> None:
    """A time is taken without invalidation: the cached answer offers it, the booking is refused."""
    path = (await asked(here, salon))["get_availability"]
    before = await there.warm(path)
    listener, here.pool.listener = here.pool.listener, None
    for resource in (0, 1):
        await data.add_booking(here.pool, salon.ids, salon.at(10), resource=resource)
    here.pool.listener = listener
    offered = await there.ask(path)
    assert offered.content == before.content
    assert salon.at(10).isoformat() in {row["start_at"] for row in offered.json()["data"]["starts"]}
    refused = await salon.customer.post("/bookings", json=salon.booking_body(), headers=keyed())
    assert error_of(refused) == (409, "slot_taken")


# -- Redis and the processes fail --------------------------------------------------------------------------------------


async def ask_redis(url: str, business_id: Any, do: Callable[[Redis, list[str]], Awaitable[Any]]) -> Any:
    """Something with the generations of one business."""
    redis = Redis.from_url(url)
    try:
        return await do(redis, names_of(business_id, CacheKind.AVAILABILITY)[1:])
    finally:
        await redis.aclose()


async def test_lost_generations_come_back_as_others(
    here: Process, there: Process, salon: StaffedSalon, redis_url: str
) -> None:
    path = (await asked(here, salon))["get_availability"]
    before = (await there.warm(path)).content
    old = await ask_redis(redis_url, salon.ids.business_id, lambda redis, names: redis.mget(names))
    await ask_redis(redis_url, salon.ids.business_id, lambda redis, names: redis.delete(*names))
    listener, here.pool.listener = here.pool.listener, None  # this change invalidates nothing
    await data.add_booking(here.pool, salon.ids, salon.at(10))
    here.pool.listener = listener
    assert (await there.ask(path)).content != before
    await there.warm(path)
    new = await ask_redis(redis_url, salon.ids.business_id, lambda redis, names: redis.mget(names))
    assert all(new)
    assert not set(old) & set(new)


async def test_cached_answers_expire_by_themselves(
    there: Process, here: Process, salon: StaffedSalon, redis_url: str
) -> None:
    redis = Redis.from_url(redis_url)
    for name, path in (await asked(here, salon)).items():
        had = {key async for key in redis.scan_iter(f"answer:{name}:*")}
        await there.warm(path)
        [key] = {key async for key in redis.scan_iter(f"answer:{name}:*")} - had
        kind = {"get_availability": CacheKind.AVAILABILITY, "get_free_resources": CacheKind.AVAILABILITY}.get(name)
        catalogue = {"list_business_services", "list_staff", "list_services", "get_service"}
        catalogue |= {"list_resources", "get_resource"}
        kind = kind or (CacheKind.CATALOGUE if name in catalogue else CacheKind.BUSINESS)
        left = timedelta(milliseconds=await redis.pttl(key))
        assert CACHE_FOR[kind] - timedelta(seconds=30) < left <= CACHE_FOR[kind], name
    await redis.aclose()
    assert [CACHE_FOR[kind] for kind in CacheKind] == [timedelta(minutes=minutes) for minutes in (5, 10, 1)]


async def test_answers_come_from_postgres_without_redis(database: Database, clock: Clock) -> None:
    nowhere = cache_at("redis://127.0.0.1:1/0")
    async with process(database, clock, nowhere) as alone, staffed_salon(alone.app, alone.pool, clock) as salon:
        for name, path in (await asked(alone, salon)).items():
            assert (await alone.warm(path)).status_code == 200, name
        path = (await asked(alone, salon))["get_business"]
        before = (await alone.ask(path)).content
        await profile(salon, alone.pool)
        assert (await alone.ask(path)).content != before
    await nowhere.aclose()


async def test_generations_that_redis_missed_are_sent_later(
    database: Database, clock: Clock, cache: Cache, there: Process
) -> None:
    deaf = Deaf(cache)
    async with data.opened(database) as pool, staffed_salon(there.app, there.pool, clock) as salon:
        sender = Generations(deaf, timedelta(milliseconds=20))  # type: ignore[arg-type]
        pool.listener = sender
        path = (await asked(there, salon))["get_availability"]
        before = (await there.warm(path)).content
        deaf.away = True
        request = HoldRequest(single(salon.ids.service_id), salon.at(10), user_id=salon.ids.user_id)
        async with pool.unit_of_work(salon.ids.scope) as work:
            await work.bookings.holds.hold(request, clock.now())
        assert sender.behind(names_of(salon.ids.business_id, CacheKind.AVAILABILITY))
        assert (await there.ask(path)).content == before, "the other process cannot know"
        deaf.away = False
        async with asyncio.timeout(30):
            while sender.behind(names_of(salon.ids.business_id, CacheKind.AVAILABILITY)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await there.ask(path)).content != before
        await sender.aclose()


async def test_process_that_could_not_reach_redis_does_not_trust_it(
    database: Database, clock: Clock, cache: Cache
) -> None:
    """Redis takes no writes and still answers: the process that made the change sees it."""
    deaf = Deaf(cache)
    async with process(database, clock, deaf) as one, staffed_salon(one.app, one.pool, clock) as salon:  # type: ignore[arg-type]
        path = (await asked(one, salon))["get_availability"]
        before = (await one.warm(path)).content
        deaf.away = True
        await hold(salon, one.pool)
        assert (await one.ask(path)).content != before
        deaf.away = False


class Dies(Generations):
    """A process that is killed between the commit and the invalidation."""

    async def done(self, changes: Collection[CacheChange]) -> None:
        return


async def test_suspended_business_is_gone_even_if_the_process_dies(
    there: Process, here: Process, salon: StaffedSalon, cache: Cache
) -> None:
    here.pool.listener = Dies(cache)
    every = await asked(here, salon)
    for path in every.values():
        assert (await there.warm(path)).status_code == 200
    await suspension(salon, here.pool)
    for name, path in every.items():
        for _ in range(4):
            assert (await there.ask(path)).status_code in {404, 409, 422}, name


async def test_rollback_ends_no_cached_answer(here: Process, there: Process, salon: StaffedSalon) -> None:
    path = (await asked(here, salon))["get_business"]
    await there.warm(path)
    with contextlib.suppress(NotFound):
        async with here.pool.unit_of_work(salon.ids.scope) as work:
            await work.session.execute(update(Business).values(vertical="spa"))
            raise NotFound
    there.statements.clear()
    await there.ask(path)
    assert there.statements.sent == []
