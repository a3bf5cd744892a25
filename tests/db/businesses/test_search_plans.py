"""The search over a large directory, as the application's role: no whole table is read, and few pages are.

Fifty thousand businesses in a whole run; each costs a millisecond to write, so fewer otherwise.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from sqlalchemy import text

from db.businesses.search import Search, _statement
from db.engine.session import Database, Scope
from tests.bench.directory import BUSINESSES, HOT, fill
from tests.support import data, sampling, servers

LISTED = sampling.examples(5_000, whole=BUSINESSES)
#: Pages of 8 KiB that one search may touch. The table has about as many: an order that walks past most of it to find
#: twenty goes far over, because it touches one for every row.
PAGES = LISTED * 18 // 100


@pytest_asyncio.fixture(scope="module")
async def directory(migrated_postgres: servers.PostgresServer) -> AsyncIterator[Database]:
    async with (
        servers.copy_of_template(migrated_postgres) as database,
        data.opened(database, database_pool_size=1, database_pool_overflow=0) as pool,
    ):
        await fill(database, pool, LISTED)
        yield pool


async def plan_of(pool: Database, asked: Search) -> dict[str, Any]:
    """How Postgres answered, as the application's role in a public transaction."""
    statement, values = _statement(asked)
    inner = statement.element
    explained = text(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {inner.text}")
    explained = explained.bindparams(*inner._bindparams.values())
    async with pool.unit_of_work(Scope.public()) as work:
        [found] = await work.session.scalar(explained, values)
    plan: dict[str, Any] = found["Plan"]
    return plan


def scanned(plan: dict[str, Any]) -> set[str]:
    """Tables that the plan reads from end to end."""
    mine = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" and plan.get("Actual Loops", 1) else set()
    return mine.union(*(scanned(part) for part in plan.get("Plans", ())))


async def test_searches_read_no_whole_table(directory: Database) -> None:
    [row] = await data.rows(directory, "SELECT count(*) AS n FROM business_directory")
    assert row["n"] == LISTED
    found: dict[str, Any] = {}
    for name, asked in HOT.items():
        plan = await plan_of(directory, asked)
        pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        found[name] = scanned(plan), pages
    assert {name: what for name, what in found.items() if what[0] or what[1] > PAGES} == {}


async def test_kept_plans_read_no_whole_table_either(directory: Database) -> None:
    """Postgres settles on a plan at the sixth time; by its own counters."""

    async def scans() -> dict[str, int]:
        async with directory.unit_of_work(Scope.platform()) as work:
            await work.session.execute(text("SELECT pg_stat_force_next_flush()"))
        rows = await data.rows(
            directory,
            "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname IN ('businesses', 'business_directory')",
        )
        return {row["relname"]: row["seq_scan"] for row in rows}

    whole = {}
    for name, asked in HOT.items():
        before = await scans()
        for _ in range(7):
            async with directory.unit_of_work(Scope.public()) as work:
                await work.businesses.search(asked)
        after = await scans()
        if after != before:
            whole[name] = after
    assert whole == {}


async def test_counters_and_the_plan_see_a_whole_read(directory: Database) -> None:
    """The control: on the table of businesses itself no index over text is used."""
    async with directory.unit_of_work(Scope.public()) as work:
        [found] = await work.session.scalar(
            text("EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1 FROM businesses WHERE city LIKE '%渋谷%' LIMIT 21")
        )
    assert scanned(found["Plan"]) >= {"businesses"}
