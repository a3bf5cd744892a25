"""Two API processes with one Redis, and two salons."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio
from httpx import Response

from providers.cache.interface import Cache, CacheUnavailable
from tests.api.conftest import Clock
from tests.api.http.cached import Process, cache_at, process, questions
from tests.api.salon import StaffedSalon, staffed_salon
from tests.support import data
from tests.support.servers import Database


class Deaf:
    """A cache that answers questions, and takes nothing while ``away``."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.away = False

    async def put(self, key: str, value: bytes, keep: timedelta) -> None:
        if self.away:
            raise CacheUnavailable
        await self._cache.put(key, value, keep)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)


@pytest_asyncio.fixture
async def cache(redis_url: str) -> AsyncIterator[Cache]:
    cache = cache_at(redis_url)
    yield cache
    await cache.aclose()


@pytest_asyncio.fixture
async def here(database: Database, clock: Clock, cache: Cache) -> AsyncIterator[Process]:
    """The process in which things are changed."""
    async with process(database, clock, cache) as here:
        yield here


@pytest_asyncio.fixture
async def there(database: Database, clock: Clock, redis_url: str) -> AsyncIterator[Process]:
    """Another one, with a Redis client of its own."""
    cache = cache_at(redis_url)
    async with process(database, clock, cache) as there:
        yield there
    await cache.aclose()


@pytest_asyncio.fixture
async def salon(here: Process, clock: Clock) -> AsyncIterator[StaffedSalon]:
    """Two salons."""
    async with staffed_salon(here.app, here.pool, clock, payment_mode="at_venue") as opened:
        yield opened


async def asked(process: Process, salon: StaffedSalon) -> dict[str, str]:
    """Every question about the salon."""
    [row] = await data.rows(process.pool, "SELECT slug FROM businesses WHERE id = :id", id=salon.ids.business_id)
    return questions(salon, row["slug"])


def essence(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """The answer without what belongs to the request, and without its compression."""
    own = ("x-request-id", "x-ratelimit-", "date", "vary", "content-encoding", "content-length")
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if not k.startswith(own)}
