"""Statements over the driver: what they give, and what becomes of their connection."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from db.engine.direct import fetch_row
from db.engine.session import Database
from tests.support import data, servers

_OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = current_setting('application_name')"


@pytest_asyncio.fixture
async def narrow(shared_database: servers.Database) -> AsyncIterator[Database]:
    """A pool that keeps one connection and may open three more."""
    more = {"database_pool_size": 1, "database_pool_overflow": 3, "build_id": "narrow"}
    async with data.opened(shared_database, **more) as opened:
        yield opened


async def test_fetch_row_closes_connections_above_the_size_of_the_pool(
    narrow: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """They stayed open until they were collected as garbage, with an error in the log for each."""
    asked = (fetch_row(narrow.engine, "SELECT pg_sleep(0.05), $1::int AS number", one) for one in range(4))
    found = await asyncio.gather(*asked)
    assert sorted(row["number"] for row in found if row is not None) == [0, 1, 2, 3]
    assert narrow.connections() == (0, 1)
    left = await fetch_row(narrow.engine, _OPEN)
    assert left is not None
    assert left["count"] == 1
    assert [record.message for record in caplog.records if record.name.startswith("sqlalchemy.pool")] == []


async def test_fetch_row_that_is_cancelled_gives_its_place_back(narrow: Database) -> None:
    asking = [asyncio.create_task(fetch_row(narrow.engine, "SELECT pg_sleep(5)")) for _ in range(4)]
    await asyncio.sleep(0.05)
    for one in asking:
        one.cancel()
    assert all(isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*asking, return_exceptions=True))
    assert narrow.connections()[0] == 0
    assert await fetch_row(narrow.engine, "SELECT 1 AS number") is not None
