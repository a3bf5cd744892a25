"""What the tests of the response cache share: two API processes, and every request whose answer is cached."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from fastapi import FastAPI
from httpx import AsyncClient, Response
from pydantic import SecretStr

from api.app import create_app
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from providers.cache.redis import RedisCache
from runtime.settings import Settings
from tests.api.conftest import PREFIX, Clock, Statements, client_of
from tests.api.salon import StaffedSalon
from tests.support import data
from tests.support.servers import PATIENT, Database


def questions(salon: StaffedSalon, slug: str = "") -> dict[str, str]:
    """Every public answer that is kept, by the endpoint's name."""
    business, service = salon.ids.business_id, salon.ids.service_id
    day, resource = salon.day.date(), salon.ids.resources[0]
    at = salon.at(10).isoformat().replace("+", "%2B")
    return {
        "get_business_by_slug": f"/businesses/slug/{slug}",
        "get_business": f"/businesses/{business}",
        "list_business_services": f"/businesses/{business}/services?limit=5",
        "get_hours": f"/businesses/{business}/hours",
        "get_holidays": f"/businesses/{business}/holidays",
        "list_staff": f"/businesses/{business}/staff",
        "get_settings": f"/businesses/{business}/settings",
        "list_services": f"/services?business_id={business}",
        "get_service": f"/services/{service}",
        "list_resources": f"/resources?business_id={business}",
        "get_resource": f"/resources/{resource}",
        "get_availability": f"/availability?service_id={service}&from={day}&to={day}",
        "get_free_resources": f"/availability/resources?service_id={service}&start={at}",
    }


@dataclass
class Process:
    """One process of the API with its own connections, and somebody without a login who asks it."""

    app: FastAPI
    pool: Pool
    cache: Cache
    nobody: AsyncClient
    statements: Statements

    async def ask(self, path: str, **headers: str) -> Response:
        """The answer."""
        return await self.nobody.get(PREFIX + path, headers=headers)

    async def warm(self, path: str, **headers: str) -> Response:
        """The answer after it was asked for often enough to be kept: whose it is, the generations, and itself."""
        for _ in range(3):
            await self.ask(path, **headers)
        return await self.ask(path, **headers)


def cache_at(url: str, **more: object) -> RedisCache:
    """A client of its own; patient, unless ``more`` says otherwise."""
    return RedisCache(Settings(_env_file=None, redis_url=SecretStr(url), **{**PATIENT, **more}))


@asynccontextmanager
async def process(database: Database, clock: Clock, cache: Cache, **settings: object) -> AsyncIterator[Process]:
    """Another process of the API on the same Postgres."""
    away = {"temporal_address": "127.0.0.1:1", "s3_endpoint_url": "http://127.0.0.1:1"}
    quick = {"temporal_rpc_timeout": timedelta(seconds=1)}
    async with data.opened(database, database_pool_size=3) as pool:
        made = database.settings(**{**away, **quick, **settings})
        app = create_app(made, database=pool, cache=cache, password_rounds=4, now=clock.now)
        async with app.router.lifespan_context(app), client_of(app) as nobody:
            yield Process(app, pool, cache, nobody, Statements.of(pool))
