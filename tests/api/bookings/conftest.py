"""The salon of these tests."""

from collections.abc import AsyncIterator

import pytest_asyncio
from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.conftest import Clock
from tests.api.shop import Shop, opened_shop


@pytest_asyncio.fixture
async def shop(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[Shop]:
    """A salon whose service is prepaid."""
    async with opened_shop(app, pool, clock) as opened:
        yield opened
