"""A search among many customers reads as few pages as among a thousand: counted by Postgres, not by a clock.

A whole run has 100 000; each costs most of a millisecond to write, so fewer otherwise.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest_asyncio
from sqlalchemy import text

from db.customers.customers import _FOUND
from db.engine.session import Database, Scope
from domain.customers.search import read_search
from tests.bench import customers as bench
from tests.support import data, sampling, servers

FEW = 1_050
MANY = sampling.examples(8_000, whole=bench.MANY)


@pytest_asyncio.fixture(scope="module")
async def two(migrated_postgres: servers.PostgresServer) -> AsyncIterator[tuple[Database, UUID, UUID]]:
    async with (
        servers.copy_of_template(migrated_postgres) as database,
        data.opened(database, database_pool_size=1, database_pool_overflow=0) as pool,
    ):
        few, many = await data.add_business(pool), await data.add_business(pool)
        await bench.fill(database, few, FEW)
        await bench.fill(database, many, MANY)
        yield pool, few, many


async def pages(pool: Database, business_id: UUID, name: str) -> int:
    """Pages of 8 KiB that Postgres touched, as the application's role."""
    words, tag = bench.HOT[name]
    wanted = read_search(words) if words else None
    values: dict[str, Any] = {"tag": tag, "after": None, "limit": 21}
    values |= {"needles": list(wanted.needles) if wanted else [], "pieces": list(wanted.pieces) if wanted else []}
    explained = text(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {_FOUND.text}")
    async with pool.unit_of_work(Scope.tenant(business_id)) as work:
        [found] = await work.session.scalar(explained.bindparams(*_FOUND._bindparams.values()), values)
    return int(found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"])


async def test_searches_among_many_read_twice_the_pages_of_few_at_most(two: tuple[Database, UUID, UUID]) -> None:
    pool, few, many = two
    for name in bench.HOT:  # what Postgres itself reads once, its catalogue, is read by now
        await pages(pool, few, name), await pages(pool, many, name)
    read = {name: (await pages(pool, few, name), await pages(pool, many, name)) for name in bench.HOT}
    assert {name: found for name, found in read.items() if found[1] > 2 * found[0] + 200} == {}
    [size] = await data.rows(pool, "SELECT pg_relation_size('customer_search') / 8192 AS pages")
    assert max(found[1] for found in read.values()) < size["pages"] * 4  # the control: a whole scan would show
