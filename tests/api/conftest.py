"""The API over HTTP semantics, in this process, on a migrated database of the test's own, as the application's role.

``client`` speaks English, so that messages can be read; ``owner`` and ``customer`` are logged in.
"""

import asyncio
import functools
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import bcrypt
import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pydantic import SecretStr
from sqlalchemy import event

from api.access.callers import ApiServices
from api.access.tokens import Login as AccessLogin
from api.access.tokens import new_refresh_token
from api.app import create_app
from db.engine.session import Database as Pool
from db.engine.session import Scope
from db.identity.users import NewUser
from domain.identity.passwords import hash_input
from providers.cache.interface import Cache
from providers.cache.registry import cache_of
from runtime.settings import Settings
from tests.support.documented import check_documented
from tests.support.leaks import plant, planting
from tests.support.servers import PATIENT, Database

PREFIX = "/api/v1"
PASSWORD = "Sakura-2026"
#: Cost of bcrypt: the least.
ROUNDS = 4
_numbers = itertools.count(1)


@dataclass
class Clock:
    """The API's time: real, moved by ``ahead``."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Person:
    """A login and its client."""

    id: UUID
    email: str
    token: str
    http: AsyncClient

    async def get(self, path: str, **more: Any) -> Response:
        return await self.http.get(PREFIX + path, **more)

    async def post(self, path: str, **more: Any) -> Response:
        return await self.http.post(PREFIX + path, **more)

    async def put(self, path: str, **more: Any) -> Response:
        return await self.http.put(PREFIX + path, **more)

    async def delete(self, path: str, **more: Any) -> Response:
        return await self.http.delete(PREFIX + path, **more)


@dataclass
class Statements:
    """What the API sent to Postgres since ``clear``."""

    sent: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, pool: Pool) -> "Statements":
        """Of this pool, from now on; BEGIN and COMMIT are not in it."""
        seen = cls()

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.sent.append(statement)

        event.listen(pool.engine.sync_engine, "before_cursor_execute", note)
        return seen

    def clear(self) -> None:
        self.sent.clear()

    def __len__(self) -> int:
        return len(self.sent)


@dataclass
class RoundTrips:
    """How often the API waited for Postgres since ``clear``: every statement, BEGIN and COMMIT too."""

    sent: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, pool: Pool) -> "RoundTrips":
        """Of this pool, from now on."""
        seen = cls()

        def note(query: Any) -> None:
            seen.sent.append(query.query)

        def watch(connection: Any, *_: Any) -> None:
            connection.driver_connection.add_query_logger(note)

        event.listen(pool.engine.sync_engine, "checkout", watch)
        return seen

    def clear(self) -> None:
        self.sent.clear()

    async def count(self) -> int:
        """asyncpg reports a query in the next turn of the loop."""
        await asyncio.sleep(0)
        return len(self.sent)


Login = Callable[..., Awaitable[Person]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """The API's own connections, as the application's role."""
    async with database.pool(database_pool_size=5, database_pool_overflow=5) as pool:
        yield pool


@pytest_asyncio.fixture(scope="session")
async def redis_cache(redis_url: str) -> AsyncIterator[Cache]:
    """The Redis of all tests of this process, as the API uses it."""
    cache = cache_of(Settings(_env_file=None, redis_url=SecretStr(redis_url), **PATIENT))
    yield cache
    await cache.aclose()


@asynccontextmanager
async def started_app(database: Database, pool: Pool, clock: Clock, cache: Cache) -> AsyncIterator[FastAPI]:
    """The application, started. Temporal and the storage are away."""
    settings = database.settings(
        temporal_address="127.0.0.1:1", temporal_rpc_timeout=timedelta(seconds=1), s3_endpoint_url="http://127.0.0.1:1"
    )
    app = create_app(settings, database=pool, cache=cache, password_rounds=ROUNDS, now=clock.now)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture
async def app(database: Database, pool: Pool, clock: Clock, redis_cache: Cache) -> AsyncIterator[FastAPI]:
    """See ``started_app``; a folder whose tests need Temporal or the storage hands them in."""
    async with started_app(database, pool, clock, redis_cache) as app:
        yield app


def client_of(app: FastAPI, **headers: str) -> AsyncClient:
    """A client without a login, with headers for every request."""
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    return AsyncClient(
        transport=transport,
        base_url="http://api.test",
        headers={"Accept-Language": "en", **headers},
        event_hooks={"response": [planting, check_documented]},
    )


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A caller without a login."""
    async with client_of(app) as client:
        yield client


@pytest_asyncio.fixture
async def log_in(app: FastAPI) -> AsyncIterator[Login]:
    """A new login with an open session, written through the stores: two requests cost ten times as much. Tests of
    registration and login do both over HTTP, see ``log_in_over_http``."""
    services: ApiServices = app.state.services
    async with AsyncExitStack() as stack:

        async def log_in(email: str | None = None) -> Person:
            email, now, refresh_token = email or _next_email(), services.now(), new_refresh_token()
            new = NewUser(email, _password_hash(), "山田", "花子", "en")
            until = now + services.settings.refresh_token_lifetime
            async with services.database.unit_of_work(Scope.platform()) as work:
                user = await work.identity.users.create(new)
                opened = work.identity.sessions.open
                session_id = await opened(user.id, user.password_hash, refresh_token, now, until, two_factor=False)
            token = services.tokens.issue(AccessLogin(user.id, False, session_id), now)
            plant(token, refresh_token)
            return Person(user.id, email, token, await stack.enter_async_context(_client_with(app, token)))

        yield log_in


@pytest_asyncio.fixture
async def log_in_over_http(app: FastAPI, client: AsyncClient) -> AsyncIterator[Login]:
    """Registers a person and logs in, as people do."""
    async with AsyncExitStack() as stack:

        async def log_in(email: str | None = None) -> Person:
            email = email or _next_email()
            body = {"email": email, "password": PASSWORD, "family_name": "山田", "given_name": "花子"}
            registered = await client.post(f"{PREFIX}/auth/register", json=body)
            assert registered.status_code == 201, registered.text
            answer = await client.post(f"{PREFIX}/auth/login", json={"email": email, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            token = answer.json()["data"]["access_token"]
            http = await stack.enter_async_context(_client_with(app, token))
            return Person(UUID(registered.json()["data"]["id"]), email, token, http)

        yield log_in


def _next_email() -> str:
    return f"person{next(_numbers)}@example.jp"


@functools.cache
def _password_hash() -> str:
    """Of ``PASSWORD``, with the cost that the API of these tests asks for."""
    return bcrypt.hashpw(hash_input(PASSWORD), bcrypt.gensalt(ROUNDS)).decode()


def _client_with(app: FastAPI, token: str) -> AsyncClient:
    return client_of(app, Authorization=f"Bearer {token}")


@pytest_asyncio.fixture
async def owner(log_in: Login) -> Person:
    return await log_in()


@pytest_asyncio.fixture
async def other_owner(log_in: Login) -> Person:
    return await log_in()


@pytest_asyncio.fixture
async def customer(log_in: Login) -> Person:
    return await log_in()


@pytest.fixture
def statements(pool: Pool) -> Statements:
    """Counts what is sent to Postgres."""
    return Statements.of(pool)


def error_of(response: Response) -> tuple[int, str]:
    """Status and code of a refusal, whose envelope must be whole."""
    body = response.json()
    assert set(body) == {"status", "message", "error", "timestamp", "requestId"}, body
    assert body["status"] == "error"
    assert set(body["error"]) == {"code", "message", "details"}
    assert body["requestId"] == response.headers["x-request-id"]
    assert not list(_utc_times(body["error"]["details"])), "times in details carry the venue's offset"
    return response.status_code, body["error"]["code"]


_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")


def _utc_times(details: Any) -> Iterator[str]:
    """Times in UTC in the details of a refusal. The venues of these tests are in Tokyo, unless they say otherwise."""
    if isinstance(details, str) and _UTC.fullmatch(details):
        yield details
    inner = details.values() if isinstance(details, dict) else details if isinstance(details, list) else ()
    for value in inner:
        yield from _utc_times(value)


def rules_of(response: Response) -> set[tuple[str, str]]:
    """The fields and rules of an ``invalid_input``."""
    assert error_of(response) == (422, "invalid_input"), response.text
    return {(item["field"], item["rule"]) for item in response.json()["error"]["details"]["fields"]}


def outcome(response: Response) -> object:
    """Fields and rules of an ``invalid_input``, else status and code: what tables of bad input compare."""
    found = error_of(response)
    return sorted(rules_of(response)) if found == (422, "invalid_input") else found
