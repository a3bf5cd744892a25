"""The salon of these tests, and somebody who visits its pages without a login."""

from collections.abc import AsyncIterator

import pytest_asyncio
from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.conftest import Clock, client_of
from tests.api.pages.console import entered
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, staffed_salon
from tests.support import data


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    """A salon whose service is paid at the venue, and where a guest's address needs no proof."""
    async with staffed_salon(app, pool, clock, payment_mode="at_venue") as opened:
        yield opened


@pytest_asyncio.fixture
async def slug(salon: StaffedSalon, pool: Pool) -> str:
    """The address of the salon."""
    [row] = await data.rows(pool, "SELECT slug FROM businesses WHERE id = :id", id=salon.ids.business_id)
    return str(row["slug"])


@pytest_asyncio.fixture
async def visitor(app: FastAPI) -> AsyncIterator[Visitor]:
    """Speaks English, so that the tests can be read."""
    async with client_of(app) as http:
        yield Visitor(http)


@pytest_asyncio.fixture
async def owner(app: FastAPI, pool: Pool, clock: Clock, salon: StaffedSalon) -> Visitor:
    """The owner's browser."""
    return await entered(app, pool, clock, salon.ids.owner_id)
