"""One database for the tests of a process; every test makes businesses of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from db.engine.session import Database
from tests.support import servers
from tests.support.data import opened
from tests.support.servers import PostgresServer, copy_of_template


@pytest_asyncio.fixture(scope="session")
async def analysed(migrated_postgres: PostgresServer) -> AsyncIterator[servers.Database]:
    """The database."""
    async with copy_of_template(migrated_postgres) as database:
        yield database


@pytest_asyncio.fixture(scope="session")
async def pool(analysed: servers.Database) -> AsyncIterator[Database]:
    """Connections as the application's role."""
    async with opened(analysed) as shared:
        yield shared
