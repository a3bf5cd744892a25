"""A request needs one connection of the pool at a time. If requests held one while they wait for another, they would
wait for each other as soon as the pool is used up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import event

from db.engine.session import Database as Pool
from db.engine.session import Scope, connect
from providers.cache.interface import Cache
from providers.cache.redis import RedisCache
from runtime.settings import Settings
from tests.api.conftest import PREFIX, Clock
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.api.tenancy.asking import operations
from tests.api.tenancy.world import Tenants, opened_world
from tests.api.test_faults import broken
from tests.support import sampling, servers
from tests.support.data import rows

CONNECTIONS, CALLERS = 2, 8


@pytest_asyncio.fixture
async def redis_cache() -> AsyncIterator[Cache]:
    """No Redis: everything that it does is done by Postgres."""
    cache = RedisCache(Settings(_env_file=None, redis_url=SecretStr("redis://127.0.0.1:1/0")))
    yield cache
    await cache.aclose()


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Pool]:
    """Few connections, and a short wait for one."""
    few = {"database_pool_size": CONNECTIONS, "database_pool_overflow": 0}
    pool = connect(database.settings(**few, database_pool_timeout=timedelta(seconds=3)))
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def world(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[Tenants]:
    async with opened_world(app, pool, clock) as opened:
        yield opened


@dataclass
class Held:
    """How many connections of a pool are in use ``now``, and how many were at once at ``most``."""

    now: int = 0
    most: int = 0

    def taken(self, *_: Any) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def given_back(self, *_: Any) -> None:
        self.now -= 1


@contextmanager
def held(pool: Pool) -> Iterator[Held]:
    """Counts from here on."""
    count, inner = Held(), pool.engine.sync_engine.pool
    event.listen(inner, "checkout", count.taken)
    event.listen(inner, "checkin", count.given_back)
    try:
        yield count
    finally:
        event.remove(inner, "checkout", count.taken)
        event.remove(inner, "checkin", count.given_back)


async def test_operations_hold_one_connection_at_a_time(world: Tenants, pool: Pool) -> None:
    """Each breaks at its commit, so that none changes the world of the next."""
    several = {}
    for operation in sampling.sample(operations(), one_in=3, purpose="connections"):
        for caller in ("owner", "customer"):
            asked = world.ready(operation.ask(world.mine.rows, None, None))
            with held(pool) as count, broken(pool, "bug", 0):
                await world.people[caller].request(**asked)
            if count.most > 1:
                several[operation.name] = count.most
    assert several == {}


async def test_held_sees_a_transaction_inside_another(pool: Pool) -> None:
    with held(pool) as count:
        async with pool.unit_of_work(Scope.public()):
            pass
        assert count.most == 1
        async with pool.unit_of_work(Scope.public()), pool.unit_of_work(Scope.public()):
            pass
    assert (count.most, count.now) == (2, 0)


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    async with staffed_salon(app, pool, clock) as opened:
        yield opened


async def test_post_bookings_counts_the_try_in_another_pool_than_its_transaction(
    salon: StaffedSalon, pool: Pool
) -> None:
    """Without Redis the try is counted in Postgres, while the transaction of the booking is open."""
    guest = {"family_name": "佐藤", "email": "guest@example.jp"}
    body = salon.booking_body(salon.at(10), guest=guest)
    with held(pool) as count:
        answer = await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers=keyed())
    assert answer.status_code == 201, answer.text
    assert (count.most, count.now) == (1, 0)
    assert await rows(pool, "SELECT 1 FROM rate_limits WHERE subject LIKE '%booking:%'"), "the try was not counted"


async def test_post_bookings_at_once_are_all_answered_without_redis(salon: StaffedSalon) -> None:
    """Many more requests than connections, for the same time."""

    async def book(number: int) -> int:
        guest = {"family_name": "佐藤", "email": f"guest{number}@example.jp"}
        body = salon.booking_body(salon.at(10), guest=guest)
        return (await salon.nobody.post(f"{PREFIX}/bookings", json=body, headers=keyed())).status_code

    statuses = Counter(await asyncio.gather(*map(book, range(CALLERS))))
    assert set(statuses) <= {201, 409, 429}
    assert statuses[201] >= 1
