"""The API with a real storage, and somebody who looks at what comes in."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from fastapi import FastAPI

from activities.media.media import MediaActivities, MediaInspectionInput
from api.app import create_app
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from providers.storage.interface import Storage
from providers.storage.registry import storage_provider
from runtime.settings import Settings
from tests.api.business_setup import OpenSalon, open_salon
from tests.api.conftest import Clock, Person
from tests.support import pictures
from tests.support.servers import Database, StorageServer

# A browser's own log of the links it opens is no log of ours.
logging.getLogger("httpx").setLevel(logging.WARNING)

Look = Callable[[dict[str, Any]], Awaitable[str]]


@pytest.fixture
def settings(database: Database, storage: StorageServer) -> Settings:
    """Of the API; Temporal is away."""
    return database.settings(temporal_address="127.0.0.1:1", **storage.settings())


@pytest_asyncio.fixture
async def objects(settings: Settings) -> AsyncIterator[Storage]:
    """The storage itself."""
    provider = storage_provider(settings)
    yield provider
    await provider.aclose()


@pytest_asyncio.fixture
async def app(
    settings: Settings, pool: Pool, objects: Storage, clock: Clock, redis_cache: Cache
) -> AsyncIterator[FastAPI]:
    """The application, started."""
    app = create_app(settings, database=pool, storage=objects, cache=redis_cache, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture
async def salon(pool: Pool, owner: Person) -> OpenSalon:
    """An approved business."""
    return await open_salon(pool, owner)


@pytest.fixture
def keeper(pool: Pool, objects: Storage, settings: Settings, clock: Clock) -> MediaActivities:
    """What a worker does with files."""
    return MediaActivities(pool, objects, settings.max_media_bytes, clock.now)


@pytest.fixture
def look(keeper: MediaActivities) -> Look:
    """Has one file looked at, as the workflow does; gives its status."""

    async def look(media: dict[str, Any]) -> str:
        return await keeper.inspect(MediaInspectionInput(UUID(media["id"]), UUID(media["business_id"])))

    return look


async def upload(person: Person, business_id: UUID, content: bytes | None = None, **said: str) -> dict[str, Any]:
    """Through the API."""
    file = (said.get("name", "salon.jpg"), pictures.picture() if content is None else content)
    answer = await person.post(f"/media?business_id={business_id}", files={"file": file})
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data
