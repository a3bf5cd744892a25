"""Payloads are decrypted for operators, and for Temporal's UI with an operator's cookie."""

from base64 import b64decode, b64encode
from typing import Any

import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient
from temporalio.api.common.v1 import Payload

from api.access.payload_cookie import NAME, PATH
from api.app import create_app
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from runtime.payload_codec import payload_codec
from runtime.settings import Settings
from tests.api.conftest import Clock, Login, Person, client_of, error_of
from tests.api.platform.audit.test_audit import make_admin
from tests.support.servers import Database

UI = "https://temporal.example"
NOTE = "卵アレルギー".encode()


@pytest_asyncio.fixture
async def admin(log_in: Login, database: Database) -> Person:
    person = await log_in()
    await make_admin(person, database)
    return person


def _json(payload: Payload) -> dict[str, Any]:
    metadata = {name: b64encode(value).decode() for name, value in payload.metadata.items()}
    return {"metadata": metadata, "data": b64encode(payload.data).decode()}


async def _encrypted(settings: Settings) -> dict[str, Any]:
    (payload,) = await payload_codec(settings).encode([Payload(metadata={"encoding": b"json/plain"}, data=NOTE)])
    return _json(payload)


async def test_payloads_are_decoded_and_encoded_for_operators(admin: Person, app: FastAPI) -> None:
    plain = {"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "IjEi"}
    foreign = {"metadata": {"encoding": b64encode(b"binary/encrypted").decode()}, "data": "AAAA"}
    body = {"payloads": [await _encrypted(app.state.settings), plain, foreign]}
    answer = await admin.post("/admin/temporal/decode", json=body)
    decoded, *untouched = answer.json()["payloads"]
    assert b64decode(decoded["data"]) == NOTE
    assert untouched == [plain, foreign]
    assert answer.headers["cache-control"] == "no-store"
    (encoded,) = (await admin.post("/admin/temporal/encode", json={"payloads": [plain]})).json()["payloads"]
    assert encoded["data"] != plain["data"]
    again = await admin.post("/admin/temporal/decode", json={"payloads": [encoded]})
    assert again.json() == {"payloads": [plain]}


async def test_payloads_are_for_operators_alone(owner: Person, client: AsyncClient, app: FastAPI) -> None:
    body = {"payloads": [await _encrypted(app.state.settings)]}
    for path in ("decode", "encode", "cookie"):
        assert error_of(await owner.post(f"/admin/temporal/{path}", json=body)) == (403, "forbidden")
        assert error_of(await client.post(f"{PATH}/{path}", json=body)) == (401, "unauthenticated")


async def test_session_that_ended_decodes_nothing(admin: Person, app: FastAPI) -> None:
    body = {"payloads": [await _encrypted(app.state.settings)]}
    await admin.post("/auth/logout")
    assert error_of(await admin.post("/admin/temporal/decode", json=body)) == (401, "unauthenticated")


async def test_ui_decodes_with_the_cookie_of_an_operator(
    admin: Person, database: Database, pool: Pool, redis_cache: Cache, clock: Clock
) -> None:
    settings = database.settings(
        temporal_ui_origin=UI, temporal_address="127.0.0.1:1", public_url="https://book.example.jp"
    )
    app = create_app(settings, database=pool, cache=redis_cache, password_rounds=4, now=clock.now)
    body = {"payloads": [await _encrypted(settings)]}
    async with app.router.lifespan_context(app), client_of(app) as browser:
        token = admin.http.headers["Authorization"].removeprefix("Bearer ")
        set_up = await browser.post(f"{PATH}/cookie", headers={"Authorization": f"Bearer {token}"})
        cookie = set_up.headers["set-cookie"]
        for part in (f"{NAME}={token}", "HttpOnly", "Secure", "SameSite=none", f"Path={PATH}", "Max-Age=900"):
            assert part in cookie
        browser.cookies.clear()
        sent = {"Cookie": f"{NAME}={token}", "Origin": UI}

        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-namespace"}
        preflight = await browser.options(f"{PATH}/decode", headers={"Origin": UI, **asked})
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-credentials"] == "true"
        decoded = await browser.post(f"{PATH}/decode", json=body, headers=sent)
        assert b64decode(decoded.json()["payloads"][0]["data"]) == NOTE
        assert decoded.headers["access-control-allow-origin"] == UI

        for origin in ("https://evil.example", "null"):
            refused = await browser.options(f"{PATH}/decode", headers={"Origin": origin, **asked})
            assert refused.status_code == 400
            assert "access-control-allow-origin" not in refused.headers
        # The cookie is a login for these paths alone.
        elsewhere = await browser.get("/api/v1/auth/me", headers=sent)
        assert error_of(elsewhere) == (401, "unauthenticated")
