"""The outermost layer: request ids, limits on bodies, headers, and what nobody expected."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from api.app import create_app
from api.http.metrics import Metrics
from api.http.request_context import RequestContextMiddleware
from providers.cache.interface import Cache
from runtime.settings import Environment, Settings
from tests.api.conftest import PREFIX, Person, Statements, client_of, error_of
from tests.support.servers import Database

REGISTER = f"{PREFIX}/auth/register"


async def test_request_ids_are_taken_or_made(client: AsyncClient) -> None:
    taken = await client.get("/health/live", headers={"X-Request-ID": "abc-123"})
    assert taken.headers["x-request-id"] == "abc-123"
    for bad in (b"", b"a b", b"x" * 65, b"line\tbreak", "日本".encode(), b"-a"):
        made = await client.get("/health/live", headers={"X-Request-ID": bad})
        assert made.headers["x-request-id"].startswith("req_")
        assert len(made.headers["x-request-id"]) == 36
    one, two = [(await client.get("/health/live")).headers["x-request-id"] for _ in range(2)]
    assert one != two


async def test_errors_name_the_request(client: AsyncClient) -> None:
    answer = await client.get(f"{PREFIX}/nothing", headers={"X-Request-ID": "abc-123"})
    assert answer.json()["requestId"] == "abc-123"


async def test_answers_carry_security_headers(client: AsyncClient) -> None:
    for path in ("/health/live", f"{PREFIX}/nothing", f"{PREFIX}/businesses"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers
        assert "server" not in headers


async def test_documentation_is_served_without_another_host(client: AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "http" not in policy
    assert "script-src" not in policy  # default-src 'self': no inline script, no other host
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(named) == 4
    for path in named:
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert len(answer.content) > 100, path
    assert "<script>" not in page.text
    assert error_of(await client.get("/docs/core.py")) == (404, "not_found")


async def test_openapi_document_is_served(client: AsyncClient) -> None:
    assert (await client.get("/openapi.json")).json()["openapi"].startswith("3.1")


async def test_unknown_addresses_and_methods(client: AsyncClient) -> None:
    assert error_of(await client.get(f"{PREFIX}/nothing")) == (404, "not_found")
    wrong = await client.delete(f"{PREFIX}/auth/login")
    assert error_of(wrong) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


async def test_broken_json(client: AsyncClient) -> None:
    json = {"Content-Type": "application/json"}
    for body in (b"{", b'{"a":', b"\xff\xfe", b"[" * 100_000):
        answer = await client.post(REGISTER, content=body, headers=json)
        assert error_of(answer) == (400, "malformed"), body[:20]
    for body in (b"[]", b"null", b'"text"', b""):
        answer = await client.post(REGISTER, content=body, headers=json)
        assert error_of(answer) == (422, "invalid_input"), body


async def test_content_types_other_than_json_are_refused(client: AsyncClient) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        answer = await client.post(REGISTER, content=b"{}", headers={"Content-Type": content_type})
        assert error_of(answer) == (415, "unsupported_media_type"), content_type
    for content_type in ("application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"):
        answer = await client.post(REGISTER, content=b"{}", headers={"Content-Type": content_type})
        assert error_of(answer) == (422, "invalid_input"), content_type


async def chunks(total: int) -> AsyncIterator[bytes]:
    sent = 0
    while sent < total:
        yield b" " * 1000
        sent += 1000


async def test_large_bodies(client: AsyncClient) -> None:
    limit = Settings(environment=Environment.TEST).max_body_bytes
    json = {"Content-Type": "application/json"}
    announced = await client.post(REGISTER, content=b" " * (limit + 1), headers=json)
    assert error_of(announced) == (413, "too_large")
    assert announced.json()["error"]["details"] == {"limit": limit}
    chunked = await client.post(REGISTER, content=chunks(limit + 1000), headers=json)
    assert error_of(chunked) == (413, "too_large")
    at_the_limit = await client.post(REGISTER, content=b" " * limit, headers=json)
    assert error_of(at_the_limit) == (400, "malformed")


async def test_unexpected_error_says_nothing(
    app: FastAPI, client: AsyncClient, owner: Person, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/test/explode")
    async def explode() -> None:
        raise RuntimeError("SELECT secret FROM users")

    with caplog.at_level(logging.ERROR):
        answer = await client.get("/test/explode", headers={"X-Request-ID": "boom-1"})
    assert error_of(answer) == (500, "internal_error")
    assert "SELECT" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["requestId"] == "boom-1"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_postgres_away_is_503(app: FastAPI, client: AsyncClient, database: Database) -> None:
    settings = database.settings().model_copy(
        update={"database_url": type(database.settings().database_url)("postgresql+asyncpg://nobody@127.0.0.1:1/x")}
    )
    away = create_app(settings, password_rounds=4)
    async with away.router.lifespan_context(away), client_of(away) as http:
        answer = await http.get(f"{PREFIX}/businesses")
        assert error_of(answer) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert error_of(await http.get("/health/ready")) == (503, "unavailable")
        assert error_of(await http.get("/health")) == (503, "unavailable")
        assert (await http.get("/health/live")).status_code == 200


async def test_readiness_asks_postgres_once_for_many_callers(
    client: AsyncClient, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.http.health._PATIENCE", 30)  # on a busy machine, too
    statements.clear()
    answers = await asyncio.gather(*(client.get("/health/ready") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(statements) <= 3, statements.sent


async def test_reads_go_on_without_temporal_and_storage(client: AsyncClient) -> None:
    assert (await client.get("/health/ready")).status_code == 200
    health = (await client.get("/health")).json()["data"]
    assert health["state"] == "degraded"
    available = {one["name"]: one["available"] for one in health["dependencies"]}
    assert available == {"postgres": True, "temporal": False, "storage": False}


async def test_origins_are_answered_only_where_allowed(database: Database) -> None:
    settings = database.settings(cors_origins=("https://salon.example",))
    app = create_app(settings, password_rounds=4)
    async with app.router.lifespan_context(app), client_of(app) as http:
        asked = {"Access-Control-Request-Method": "POST"}
        good = await http.options(REGISTER, headers={"Origin": "https://salon.example", **asked})
        assert good.headers["access-control-allow-origin"] == "https://salon.example"
        bad = await http.options(REGISTER, headers={"Origin": "https://evil.example", **asked})
        assert "access-control-allow-origin" not in bad.headers


async def test_production_asks_for_https() -> None:
    production = Settings(environment=Environment.TEST).model_copy(update={"environment": Environment.PRODUCTION})

    async def app(*_: object) -> None:
        pass

    assert (b"strict-transport-security", b"max-age=31536000; includeSubDomains") in RequestContextMiddleware(
        app, production, Metrics()
    ).security


async def test_line_of_a_request_says_whose_it_was(
    client: AsyncClient, owner: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="api.http.request_context"):
        await owner.get("/auth/me")
        await client.get("/health/live")
    lines = [record.msg for record in caplog.records if record.name == "api.http.request_context"]
    assert [line.get("user_id") for line in lines] == [str(owner.id), None]


async def test_metrics_count_by_template_and_show_nothing_to_other_hosts(app: FastAPI, client: AsyncClient) -> None:
    unknown = "0199b0a0-0000-7000-8000-000000000000"
    await client.get(f"{PREFIX}/businesses/{unknown}")
    text = (await client.get("/metrics")).text
    assert (
        f'omotenashi_requests_total{{method="GET",route="{PREFIX}/businesses/{{business_id}}",status="404"}} 1.0'
        in text
    )
    assert unknown not in text
    assert "omotenashi_database_connections" in text
    passed_on = await client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"})
    assert error_of(passed_on) == (404, "not_found")
    async with AsyncClient(
        transport=ASGITransport(app=app, client=("8.8.8.8", 1)), base_url="http://api.test"
    ) as other_host:
        assert error_of(await other_host.get("/metrics")) == (404, "not_found")


async def test_request_that_takes_too_long_is_ended(database: Database, redis_cache: Cache) -> None:
    app = create_app(
        database.settings(request_timeout=timedelta(milliseconds=200)), cache=redis_cache, password_rounds=4
    )

    @app.get("/test/slow")
    async def slow() -> None:
        await asyncio.sleep(60)

    async with app.router.lifespan_context(app), client_of(app) as http:
        answer = await http.get("/test/slow")
        assert error_of(answer) == (503, "unavailable")
        assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize("origin", ["*", "null", "https://*.example", "https://salon.example/", "salon.example", ""])
def test_origin_that_is_none_stops_the_start(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        Settings(_env_file=None, cors_origins=(origin,))
