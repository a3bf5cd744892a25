"""Who may ask how often: classes, headers, Redis and Postgres, and never open."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr

from api.app import create_app
from api.http.rate_limits import RateClass, rate_of, route_facts
from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.identity.network import network_of
from domain.platform.rate_limits import LimitResult, RateLimit, Window
from providers.cache.interface import Cache, CacheUnavailable
from providers.cache.redis import RedisCache
from runtime.settings import Environment, Settings
from tests.api.conftest import PASSWORD, PREFIX, Clock, Person, client_of, error_of
from tests.support import data
from tests.support.data import rows
from tests.support.servers import Database

LOGIN, REGISTER = f"{PREFIX}/auth/login", f"{PREFIX}/auth/register"
NOBODY = {"email": "nobody@example.jp", "password": "Wrong-2026"}
AWAY = SecretStr("redis://127.0.0.1:1/0")


def client_at(app: FastAPI, address: str, **headers: str) -> AsyncClient:
    """A client that calls from this address."""
    transport = ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1234))
    return AsyncClient(transport=transport, base_url="http://api.test", headers={"Accept-Language": "en", **headers})


def address() -> str:
    """One that no other test calls from: documentation space (RFC 3849), a /64 of its own."""
    digits = uuid4().hex
    return f"2001:db8:{digits[:4]}:{digits[4:8]}::1"


class Counting:
    """A cache that counts how often it was asked."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cache, name)

    async def count(self, windows: Sequence[Window]) -> list[LimitResult]:
        self.asked += 1
        return await self.cache.count(windows)


@asynccontextmanager
async def opened(database: Database, pool: Pool, clock: Clock, cache: Cache, **more: object) -> AsyncIterator[FastAPI]:
    settings = database.settings(temporal_address="127.0.0.1:1", temporal_rpc_timeout=timedelta(seconds=1), **more)
    app = create_app(settings, database=pool, cache=cache, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture(params=["redis", "postgres"])
async def strict_app(
    request: pytest.FixtureRequest, database: Database, pool: Pool, clock: Clock, redis_url: str
) -> AsyncIterator[FastAPI]:
    """Limits as in production; with Redis, and without."""
    url = SecretStr(redis_url) if request.param == "redis" else AWAY
    cache = RedisCache(Settings(_env_file=None, redis_url=url, redis_timeout=timedelta(seconds=5)))
    production = {f"rate_limit_{name}": rate_of(Settings(_env_file=None), name) for name in RateClass if name != "none"}
    try:
        async with opened(database, pool, clock, cache, **production) as app:
            yield app
    finally:
        await cache.aclose()


def test_defaults_are_those_of_the_specification() -> None:
    settings = Settings(_env_file=None)
    assert {name: rate_of(settings, name) for name in RateClass if name is not RateClass.NONE} == {
        "standard": RateLimit(1000, timedelta(hours=1)),
        "user": RateLimit(1000, timedelta(hours=1)),
        "auth": RateLimit(5, timedelta(minutes=15)),
        "login": RateLimit(100, timedelta(minutes=15)),
        "payment": RateLimit(10, timedelta(minutes=1)),
        "strict": RateLimit(100, timedelta(minutes=15)),
        "booking": RateLimit(20, timedelta(minutes=10)),
    }


def test_rate_classes_are_all_in_the_table_of_the_manual() -> None:
    manual = (Path(__file__).parents[3] / "docs/operations.md").read_text(encoding="utf-8")
    table = manual.partition("**Rate limits.**")[2].partition("**Proxies.**")[0]
    assert set(re.findall(r"(?m)^[|] `?([a-z]+)`? [|]", table)) - {"class"} == set(RateClass)


@pytest.mark.parametrize("written", ["", "5", "0/1h", "5/0m", "-1/1h", "5/1d", "5/1h ", "1e3/1h"])
def test_rate_that_is_none_stops_the_start(written: str) -> None:
    with pytest.raises(ValueError, match="a rate is written"):
        Settings(_env_file=None, rate_limit_auth=written)


def test_routes_have_a_limit_class() -> None:
    app = create_app(Settings(_env_file=None, environment=Environment.TEST))
    classes = {
        f"{method} {facts.template}": facts.rate_class
        for facts in route_facts(app.routes).values()
        for method in facts.methods
    }
    assert {route for route, found in classes.items() if found is RateClass.NONE} == {
        "GET /health",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        f"POST {PREFIX}/payments/webhook/{{provider}}",
        f"POST {PREFIX}/payments/webhook/{{provider}}/{{account_id}}",
        f"POST {PREFIX}/notifications/webhook/sendgrid",
        f"POST {PREFIX}/notifications/webhook/twilio",
        f"POST {PREFIX}/notifications/webhook/line",
    }
    for route, found in classes.items():
        method, path = route.split()
        if path.startswith(f"{PREFIX}/payments") and method == "POST" and "webhook" not in path:
            assert found is RateClass.PAYMENT, f"{route}: declare @limited(RateClass.PAYMENT)"
        if route == f"POST {PREFIX}/auth/refresh":
            continue  # nothing can be guessed there, and an open page asks every few minutes
        if route in {f"POST {PREFIX}/auth/login", f"POST {PREFIX}/auth/2fa/verify"}:
            assert found is RateClass.LOGIN, f"{route}: guesses are counted by account there"
            continue
        if path.startswith(f"{PREFIX}/auth") and method == "POST" and found is not RateClass.USER:
            assert found is RateClass.AUTH, f"{route}: what needs no login there is @limited(RateClass.AUTH)"
    # The owner of a business, approved or not, sends messages to unknown people there.
    for route in ("/staff/assignments", "/staff/invitations/{invitation_id}/resend"):
        assert classes[f"POST {PREFIX}{route}"] is RateClass.STRICT
    assert classes[f"GET {PREFIX}/businesses"] is RateClass.STANDARD
    assert classes[f"GET {PREFIX}/auth/me"] is RateClass.USER


async def test_sixth_registration_from_one_address_waits(strict_app: FastAPI) -> None:
    async with client_at(strict_app, address()) as http, client_at(strict_app, address()) as other:
        for left in (4, 3, 2, 1, 0):
            answer = await http.post(REGISTER, json={})
            assert error_of(answer) == (422, "invalid_input")
            assert answer.headers["x-ratelimit-limit"] == "5"
            assert answer.headers["x-ratelimit-remaining"] == str(left)
        refused = await http.post(REGISTER, json={})
        assert error_of(refused) == (429, "rate_limited")
        assert refused.headers["x-ratelimit-remaining"] == "0"
        seconds = int(refused.headers["retry-after"])
        assert 14 * 60 < seconds <= 15 * 60 + 15
        assert refused.json()["error"]["details"] == {"retry_after": seconds}
        # The class is one window: asking for a new password is no way around it. Reading and logging in are others.
        assert (await http.post(f"{PREFIX}/auth/forgot-password", json={})).status_code == 429
        assert (await http.get(f"{PREFIX}/businesses")).status_code == 200
        assert error_of(await http.post(LOGIN, json=NOBODY)) == (401, "invalid_credentials")
        assert error_of(await other.post(REGISTER, json={})) == (422, "invalid_input")


async def test_post_login_lets_a_whole_office_in_from_one_address(strict_app: FastAPI, pool: Pool) -> None:
    """Wrong passwords are counted by address and account together: one who forgot theirs keeps nobody else out."""
    password_hash = await strict_app.state.services.passwords.hash(PASSWORD)
    emails = [f"office{number}-{uuid4().hex[:8]}@example.jp" for number in range(20)]
    for email in emails:
        await data.add_user(pool, email=email, password_hash=password_hash)
    async with client_at(strict_app, address()) as office:
        for _ in range(6):
            forgetful = await office.post(LOGIN, json={"email": emails[0], "password": "Wrong-2026"})
        assert error_of(forgetful) == (429, "account_locked")
        for email in emails[1:]:
            assert (await office.post(LOGIN, json={"email": email, "password": PASSWORD})).status_code == 200


async def test_exactly_five_of_forty_at_once(strict_app: FastAPI) -> None:
    async with client_at(strict_app, address()) as http:
        answers = await asyncio.gather(*(http.post(REGISTER, json={}) for _ in range(40)))
    assert sorted(answer.status_code for answer in answers) == [422] * 5 + [429] * 35


async def test_answers_say_what_is_left(app: FastAPI, client: AsyncClient, owner: Person) -> None:
    json = {"Content-Type": "application/json"}
    answers = {
        200: await client.get(f"{PREFIX}/businesses"),
        404: await client.get("/nowhere"),
        405: await client.delete(LOGIN),
        400: await client.post(LOGIN, content=b"{", headers=json),
        413: await client.post(LOGIN, content=b" " * 2_000_000, headers=json),
        415: await client.post(LOGIN, content=b"x", headers={"Content-Type": "text/plain"}),
        422: await client.post(LOGIN, json={}),
        401: await client.get(f"{PREFIX}/auth/me"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        for name in ("limit", "remaining", "reset"):
            assert answer.headers[f"x-ratelimit-{name}"].isdigit(), status
        assert len(answer.headers.get_list("x-ratelimit-limit")) == 1


async def test_unknown_address_is_counted_too(database: Database, pool: Pool, clock: Clock, redis_cache: Cache) -> None:
    async with (
        opened(database, pool, clock, redis_cache, rate_limit_standard="2/1h") as app,
        client_at(app, address()) as http,
    ):
        assert [(await http.get("/nowhere")).status_code for _ in range(4)] == [404, 404, 429, 429]
        refused = await http.get("/nowhere")
        assert error_of(refused) == (429, "rate_limited")
        assert int(refused.headers["retry-after"]) > 3000


async def test_users_are_counted_as_such(
    database: Database, pool: Pool, clock: Clock, redis_cache: Cache, owner: Person, customer: Person
) -> None:
    async with opened(database, pool, clock, redis_cache, rate_limit_standard="2/1h") as app:
        where = address()
        async with (
            client_at(app, where, Authorization=f"Bearer {owner.token}") as one,
            client_at(app, where, Authorization=f"bearer {customer.token}") as two,
            client_at(app, address(), Authorization=f"Bearer {owner.token}") as elsewhere,
            client_at(app, where) as nobody,
            client_at(app, where, Authorization=f"Bearer {owner.token}x") as forged,
        ):
            path = f"{PREFIX}/businesses"
            assert [(await one.get(path)).status_code for _ in range(3)] == [200, 200, 429]
            assert (await elsewhere.get(path)).status_code == 429
            assert (await two.get(path)).status_code == 200
            assert (await nobody.get(path)).status_code == 200
            # A token that is not good is nobody's: it takes from the address.
            assert (await forged.get(path)).status_code == 401
            assert (await nobody.get(path)).status_code == 429


async def test_rate_limit_costs_one_call_to_redis_and_none_to_postgres(
    database: Database, pool: Pool, clock: Clock, redis_cache: Cache, statements: Any
) -> None:
    counting = Counting(redis_cache)
    async with opened(database, pool, clock, counting) as app, client_of(app) as http:
        for path, asked in (("/", 1), ("/no/where", 1), ("/health/live", 0), (f"{PREFIX}/auth/me", 1)):
            counting.asked = 0
            statements.clear()
            await http.get(path)
            assert counting.asked == asked, path
            assert not statements.sent


async def test_requests_are_refused_when_nothing_can_count_them(database: Database, clock: Clock) -> None:
    settings = database.settings().model_copy(
        update={"database_url": SecretStr("postgresql+asyncpg://nobody@127.0.0.1:1/x"), "redis_url": AWAY}
    )
    app = create_app(settings, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app), client_of(app) as http:
        for path in ("/", "/nowhere", "/docs", f"{PREFIX}/businesses"):
            answer = await http.get(path)
            assert error_of(answer) == (503, "unavailable"), path
            assert int(answer.headers["retry-after"]) >= 1
        assert (await http.get("/health/live")).status_code == 200


async def test_requests_are_refused_when_counting_fails(
    database: Database, pool: Pool, clock: Clock, redis_cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Counting):
        async def count(self, windows: Sequence[Window]) -> list[LimitResult]:
            raise CacheUnavailable

    async with opened(database, pool, clock, Broken(redis_cache)) as app, client_of(app) as http:
        monkeypatch.setattr("db.platform.rate_limits.RateLimitStore.count", None)
        answer = await http.get("/")
        assert error_of(answer) == (503, "unavailable")


async def test_postgres_counts_as_redis_does(pool: Pool) -> None:
    async def count(*windows: Window) -> list[LimitResult]:
        async with pool.unit_of_work(Scope.public()) as work:
            return await work.platform.rate_limits.count(windows)

    window = Window(f"user:{uuid4()}", 37, timedelta(minutes=10))
    counted = [one for [one] in await asyncio.gather(*(count(window) for _ in range(100)))]
    assert sum(one.allowed for one in counted) == 37
    assert sorted(one.left for one in counted if one.allowed) == list(range(37))
    for one in counted:
        assert timedelta(minutes=9, seconds=50) < one.resets_in <= timedelta(minutes=10, seconds=10)

    narrow = Window(f"narrow:{uuid4()}", 1, timedelta(minutes=1))
    wide = Window(f"wide:{uuid4()}", 10, timedelta(minutes=1))
    assert [one.left for one in await count(narrow, wide)] == [0, 9]
    assert [(one.allowed, one.left) for one in await count(wide, narrow)] == [(True, 9), (False, 0)]
    assert [one.left for one in await count(wide)] == [8]


async def test_room_comes_back_in_postgres(pool: Pool) -> None:
    window = Window(f"user:{uuid4()}", 2, timedelta(seconds=1.2))

    async def count() -> LimitResult:
        async with pool.unit_of_work(Scope.public()) as work:
            return (await work.platform.rate_limits.count([window]))[0]

    started = asyncio.get_running_loop().time()
    assert [(await count()).left for _ in range(2)] == [1, 0]
    assert not (await count()).allowed
    async with asyncio.timeout(20):
        while not (await count()).allowed:  # noqa: ASYNC110 - Postgres does not notify
            await asyncio.sleep(0.02)
    assert asyncio.get_running_loop().time() - started >= 1.1


async def test_forgotten_callers_leave_the_table(pool: Pool) -> None:
    async with pool.unit_of_work(Scope.public()) as work:
        await work.platform.rate_limits.count([Window(f"user:{n}", 5, timedelta(minutes=1)) for n in range(6)])
    await rows(pool, "UPDATE rate_limits SET expires_at = now() - interval '1 hour' RETURNING subject")
    for left in (5, 3, 1, 1):
        async with pool.unit_of_work(Scope.public()) as work:
            await work.platform.rate_limits.count([Window("user:new", 5, timedelta(minutes=1))])
        assert len(await rows(pool, "SELECT subject FROM rate_limits")) == left


@pytest.mark.parametrize(
    ("client", "counted_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        (None, "unknown"),
    ],
)
def test_connection_counts_as_one_client(client: str | None, counted_as: str) -> None:
    assert network_of(client) == counted_as
