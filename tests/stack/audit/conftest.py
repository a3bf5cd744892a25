"""The platform that the auditor's tests break: filled once, copied for each test."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest_asyncio

from stack.servers.postgres import create_database
from tests.stack.audit.audited import Audited, Template, make_bookings
from tests.support import servers
from tests.support.data import HOUR, opened


@pytest_asyncio.fixture(scope="package")
async def template(migrated_postgres: servers.PostgresServer) -> AsyncIterator[Template]:
    async with servers.copy_of_template(migrated_postgres) as filled:
        at = datetime.now(UTC) + 2 * HOUR  # everything that is written now has had its time
        async with opened(filled) as pool:
            salon, ids = await make_bookings(pool, at)
        yield Template(filled.name, salon, at, ids)


@pytest_asyncio.fixture
async def audited(migrated_postgres: servers.PostgresServer, template: Template) -> AsyncIterator[Audited]:
    database = servers.Database(f"{template.name}_{uuid4().hex[:8]}", migrated_postgres)
    await create_database(migrated_postgres.superuser_url, database.name, template=template.name)
    try:
        async with opened(database) as pool:
            yield Audited(database, pool, template.salon, template.at, template.ids)
    finally:
        await servers.drop_database(migrated_postgres, database.name)
