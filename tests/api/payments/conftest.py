"""The salon of these tests, and an API whose payment provider is the sandbox."""

from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from db.account_secrets import secrets_reader
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from providers.payments.interface import PaymentProvider
from providers.payments.registry import payment_providers
from runtime.keyring import KeyRing
from tests.api.conftest import Clock
from tests.api.salon import StaffedSalon, staffed_salon
from tests.support import data, servers
from tests.support.sandbox import Sandbox


@pytest_asyncio.fixture
async def providers(sandbox: Sandbox, pool: Pool) -> AsyncIterator[Mapping[str, PaymentProvider]]:
    """Every adapter against the sandbox, and those of businesses' accounts."""
    settings = sandbox.settings()
    adapters = payment_providers(settings, secrets_reader(pool, KeyRing.of(settings)))
    yield adapters
    await adapters.aclose()


@pytest.fixture
def provider(providers: Mapping[str, PaymentProvider]) -> PaymentProvider:
    """Stripe's adapter, which most tests pay with."""
    return providers["stripe"]


@pytest_asyncio.fixture
async def app(
    database: servers.Database, pool: Pool, clock: Clock, providers: Mapping[str, PaymentProvider], redis_cache: Cache
) -> AsyncIterator[FastAPI]:
    """Temporal is away: nothing here needs it."""
    settings = database.settings(
        temporal_address="127.0.0.1:1", public_url="https://book.example", cors_origins=("https://app.example",)
    )
    app = create_app(settings, database=pool, cache=redis_cache, payments=providers, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    """A salon whose service is prepaid."""
    async with staffed_salon(app, pool, clock) as opened:
        yield opened


@pytest_asyncio.fixture(params=["payjp_v1", "payjp_v2"])
async def payjp(request: pytest.FixtureRequest, salon: StaffedSalon, pool: Pool) -> StaffedSalon:
    """The salon with its account at PAY.JP."""
    sql = "UPDATE businesses SET payment_provider = :provider WHERE id::text = :id"
    await data.rows(pool, sql, provider=request.param, id=str(salon.ids.business_id))
    return salon
