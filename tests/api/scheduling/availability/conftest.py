"""The salon of these tests."""

from collections.abc import AsyncIterator

import pytest_asyncio
from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.conftest import Clock
from tests.api.salon import StaffedSalon, staffed_salon


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    """A salon whose service is prepaid."""
    async with staffed_salon(app, pool, clock) as opened:
        yield opened
