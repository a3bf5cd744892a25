"""The salon of these tests, and an API whose payment provider is the sandbox."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from providers.payments.stripe import StripePayments
from tests.api.conftest import Clock
from tests.api.shop import Shop, opened_shop
from tests.support import servers
from tests.support.sandbox import Sandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One process for all tests of this worker; it sends no webhooks unless a test says where to."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), "--webhook-pause", "0.05") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """Empty, without troubles."""
    sandbox_process.reset()
    return sandbox_process


@pytest_asyncio.fixture
async def provider(sandbox: Sandbox) -> AsyncIterator[StripePayments]:
    """Stripe's adapter against the sandbox."""
    adapter = StripePayments(sandbox.settings())
    yield adapter
    await adapter.aclose()


@pytest_asyncio.fixture
async def app(
    database: servers.Database, pool: Pool, clock: Clock, provider: StripePayments, redis_cache: Cache
) -> AsyncIterator[FastAPI]:
    """Temporal is away: nothing here needs it."""
    settings = database.settings(temporal_address="127.0.0.1:1")
    app = create_app(
        settings, database=pool, cache=redis_cache, payments={provider.name: provider}, password_rounds=4, now=clock.now
    )
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture
async def shop(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[Shop]:
    """A salon whose service is prepaid."""
    async with opened_shop(app, pool, clock) as opened:
        yield opened
