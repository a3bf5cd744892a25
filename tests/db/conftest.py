"""A salon of the test's own, in a database that the tests of one process share: row-level security keeps them apart,
and a copy of the database costs more than most tests here."""

from collections.abc import AsyncIterator

import pytest_asyncio

from db.engine.session import Database
from tests.support import servers
from tests.support.data import add_salon, opened
from tests.support.desk import Desk


@pytest_asyncio.fixture(scope="session")
async def pool(shared_database: servers.Database) -> AsyncIterator[Database]:
    """Connections as the application's role."""
    async with opened(shared_database) as shared:
        yield shared


@pytest_asyncio.fixture
async def desk(pool: Database) -> Desk:
    """The desk of a new salon; enough connections for two commands at once."""
    return Desk(pool, await add_salon(pool))
