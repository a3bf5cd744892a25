"""Logins belong to no tenant, so nothing keeps those of two tests apart but an empty table."""

from collections.abc import AsyncIterator

import pytest_asyncio

from db.engine.session import Database
from tests.support import data


@pytest_asyncio.fixture
async def pool(pool: Database) -> AsyncIterator[Database]:
    """Connections as the application's role, to tables of identity that are empty but for logins."""
    for table in ("user_sessions", "login_failures", "user_two_factors", "recovery_codes", "known_devices"):
        await data.rows(pool, f"DELETE FROM {table}")
    yield pool
