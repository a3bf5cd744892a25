"""Sessions over HTTP: refreshing, logging out, and ending them from elsewhere."""

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from tests.api.business_setup import rows
from tests.api.conftest import PASSWORD, PREFIX, Clock, Login, Person, Statements, client_of, error_of
from tests.support.servers import Database


async def open_session(client: AsyncClient, email: str, **headers: str) -> dict[str, Any]:
    body = {"email": email, "password": PASSWORD}
    answer = await client.post(f"{PREFIX}/auth/login", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def refresh(client: AsyncClient, token: str, **headers: str) -> Response:
    return await client.post(f"{PREFIX}/auth/refresh", json={"refresh_token": token}, headers=headers)


async def with_token(app: FastAPI, token: str, path: str = "/auth/me", method: str = "GET") -> Response:
    async with client_of(app, Authorization=f"Bearer {token}") as http:
        return await http.request(method, PREFIX + path)


def sid(tokens: Mapping[str, Any]) -> str:
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    return str(claims["sid"])


async def account_emails(database: Database, kind: str) -> list[Any]:
    return await rows(database, "SELECT user_id, facts FROM notification_outbox WHERE kind = $1", kind)


async def test_login_opens_a_session(app: FastAPI, client: AsyncClient, customer: Person) -> None:
    tokens = await open_session(client, customer.email)
    assert tokens["two_factor_required"] is False
    assert tokens["expires_in"] == 900
    assert tokens["refresh_expires_in"] == 7 * 24 * 3600
    assert len(tokens["refresh_token"]) >= 43
    assert tokens["user"]["id"] == str(customer.id)
    me = (await with_token(app, tokens["access_token"])).json()["data"]
    assert (me["email_verified"], me["two_factor"]) == (False, False)


async def test_refreshing_keeps_the_session(app: FastAPI, client: AsyncClient, customer: Person, clock: Clock) -> None:
    first = await open_session(client, customer.email)
    clock.ahead = timedelta(days=6, hours=23)
    # A client that sends its old token along is no worse off.
    answer = await refresh(client, first["refresh_token"], Authorization=f"Bearer {first['access_token']}")
    second = answer.json()["data"]
    assert sid(second) == sid(first)
    assert second["refresh_token"] != first["refresh_token"]
    assert (await with_token(app, second["access_token"])).status_code == 200
    # The seven days begin again with every use.
    clock.ahead += timedelta(days=6, hours=23)
    third = (await refresh(client, second["refresh_token"])).json()["data"]
    clock.ahead += timedelta(days=7, seconds=1)
    assert error_of(await refresh(client, third["refresh_token"])) == (401, "unauthenticated")


async def test_replayed_refresh_ends_the_session_and_notifies_once(
    app: FastAPI, client: AsyncClient, customer: Person, database: Database
) -> None:
    first = await open_session(client, customer.email)
    second = (await refresh(client, first["refresh_token"])).json()["data"]
    for _ in range(3):
        assert error_of(await refresh(client, first["refresh_token"])) == (401, "unauthenticated")
    assert error_of(await refresh(client, second["refresh_token"])) == (401, "unauthenticated")
    assert error_of(await with_token(app, second["access_token"])) == (401, "unauthenticated")
    [message] = await account_emails(database, "token_reused")
    assert message["user_id"] == customer.id
    assert first["refresh_token"] not in message["facts"]
    # The other session of the same user goes on.
    assert (await customer.get("/auth/me")).status_code == 200


async def test_refreshes_at_once_keep_one_session(client: AsyncClient, customer: Person, database: Database) -> None:
    first = await open_session(client, customer.email)
    answers = await asyncio.gather(*(refresh(client, first["refresh_token"]) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    [winner] = [answer.json()["data"] for answer in answers if answer.status_code == 200]
    assert error_of(await refresh(client, winner["refresh_token"])) == (401, "unauthenticated")
    assert len(await account_emails(database, "token_reused")) == 1


@pytest.mark.parametrize("token", ["", "x", "あ", "0" * 43, "x" * 201, "' OR 1=1 --"])
async def test_tokens_that_were_never_given(client: AsyncClient, customer: Person, token: str) -> None:
    answer = await refresh(client, token)
    assert answer.status_code in {401, 422}
    assert (await customer.get("/auth/me")).status_code == 200


async def test_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing(
    app: FastAPI, client: AsyncClient, customer: Person
) -> None:
    tokens = await open_session(client, customer.email)
    assert (await refresh(client, tokens["access_token"])).status_code in {401, 422}
    assert error_of(await with_token(app, tokens["refresh_token"])) == (401, "unauthenticated")


async def test_logging_out(app: FastAPI, client: AsyncClient, customer: Person) -> None:
    tokens = await open_session(client, customer.email)
    for ended in (1, 0, 0):
        answer = await with_token(app, tokens["access_token"], "/auth/logout", "POST")
        assert (answer.status_code, answer.json()["data"]) == (200, {"sessions_ended": ended})
    assert error_of(await refresh(client, tokens["refresh_token"])) == (401, "unauthenticated")
    for path in ("/auth/me", "/auth/sessions", "/bookings", "/notifications", "/owner/businesses"):
        gone = await with_token(app, tokens["access_token"], path)
        assert error_of(gone) == (401, "unauthenticated"), path
        assert gone.json()["error"]["details"] == {"reason": "session_ended"}
    assert (await customer.get("/auth/me")).status_code == 200


async def test_list_sessions_says_where_the_caller_is_logged_in(
    app: FastAPI, client: AsyncClient, log_in: Login
) -> None:
    person = await log_in()
    phone = await open_session(client, person.email, **{"User-Agent": "Phone/1"})
    listed = (await with_token(app, phone["access_token"], "/auth/sessions")).json()["data"]
    assert [one["current"] for one in listed] == [True, False]
    assert listed[0]["user_agent"] == "Phone/1"
    assert listed[0]["ip"] == "127.0.0.1"
    page = (await person.get("/auth/sessions?limit=1")).json()
    more = (await person.get(f"/auth/sessions?limit=1&cursor={page['meta']['next_cursor']}")).json()
    assert [one["id"] for one in page["data"] + more["data"]] == [one["id"] for one in listed]


async def test_ending_a_session_from_another(app: FastAPI, client: AsyncClient, log_in: Login) -> None:
    person, other_person = await log_in(), await log_in()
    phone = await open_session(client, person.email)
    path = f"/auth/sessions/{sid(phone)}"
    assert error_of(await other_person.delete(path)) == (404, "not_found")
    assert (await with_token(app, phone["access_token"])).status_code == 200
    assert (await person.delete(path)).status_code == 200
    assert error_of(await person.delete(path)) == (404, "not_found")
    assert error_of(await with_token(app, phone["access_token"])) == (401, "unauthenticated")
    assert error_of(await refresh(client, phone["refresh_token"])) == (401, "unauthenticated")


async def test_logging_out_everywhere_else(app: FastAPI, client: AsyncClient, log_in: Login) -> None:
    person, other_person = await log_in(), await log_in()
    others = [await open_session(client, person.email) for _ in range(3)]
    assert (await person.delete("/auth/sessions")).json()["data"] == {"sessions_ended": 3}
    assert (await person.get("/auth/me")).status_code == 200
    assert (await other_person.get("/auth/me")).status_code == 200
    for other in others:
        assert error_of(await with_token(app, other["access_token"])) == (401, "unauthenticated")


async def test_ended_session_changes_nothing(app: FastAPI, client: AsyncClient, log_in: Login) -> None:
    person = await log_in()
    tokens = await open_session(client, person.email)
    await person.delete(f"/auth/sessions/{sid(tokens)}")
    async with client_of(app, Authorization=f"Bearer {tokens['access_token']}") as http:
        body = {"name": {"en": "x"}, "vertical": "spa"}
        answer = await http.post(f"{PREFIX}/owner/businesses", json=body, headers={"Idempotency-Key": "k"})
        assert error_of(answer) == (401, "unauthenticated")
    assert (await person.get("/owner/businesses")).json()["data"] == []


async def test_session_check_costs_no_statement(customer: Person, statements: Statements) -> None:
    statements.clear()
    assert (await customer.get("/auth/me")).status_code == 200
    assert len(statements) == 2
    assert "user_sessions" in statements.sent[0]


async def test_client_cannot_choose_its_session(app: FastAPI, client: AsyncClient, log_in: Login) -> None:
    person = await log_in()
    known = sid(await open_session(client, person.email))
    for extra in ({"session_id": known}, {"sid": known}):
        body = {"email": person.email, "password": PASSWORD, **extra}
        assert error_of(await client.post(f"{PREFIX}/auth/login", json=body)) == (422, "invalid_input")
    fresh = await open_session(client, person.email, Cookie=f"sid={known}")
    assert UUID(sid(fresh)) != UUID(known)


async def test_admin_who_is_one_no_more_loses_it_at_the_next_refresh(
    app: FastAPI, client: AsyncClient, log_in: Login, database: Database
) -> None:
    person = await log_in()
    await rows(database, "UPDATE users SET platform_role = 'admin' WHERE id = $1", person.id)
    tokens = await open_session(client, person.email)
    assert claim(tokens, "adm") is True
    await rows(database, "UPDATE users SET platform_role = 'user' WHERE id = $1", person.id)
    second = (await refresh(client, tokens["refresh_token"])).json()["data"]
    assert claim(second, "adm") is False
    await rows(database, "UPDATE users SET platform_role = 'admin' WHERE id = $1", person.id)
    assert claim((await refresh(client, second["refresh_token"])).json()["data"], "adm") is True


def claim(tokens: Mapping[str, Any], name: str) -> object:
    return jwt.decode(tokens["access_token"], options={"verify_signature": False})[name]


async def test_login_from_a_second_device_sends_an_email(
    client: AsyncClient, log_in: Login, database: Database
) -> None:
    person = await log_in()
    assert await account_emails(database, "new_device") == []
    for _ in range(2):
        await open_session(client, person.email, **{"User-Agent": "Unknown/1.0 <script>"})
    [message] = await account_emails(database, "new_device")
    assert message["user_id"] == person.id
    assert set(json.loads(message["facts"])) == {"session_id", "at"}


async def test_logout_ends_every_question_that_needs_a_login(app: FastAPI, client: AsyncClient, log_in: Login) -> None:
    """Walks over all reading endpoints; path parameters name nothing."""
    tokens = await open_session(client, (await log_in()).email)
    assert (await with_token(app, tokens["access_token"], "/auth/logout", "POST")).status_code == 200
    asked = 0
    for path, operations in app.openapi()["paths"].items():
        operation = operations.get("get")
        if operation is None or not operation.get("security"):
            continue
        if len(operation["security"]) > 1:
            continue  # a login is optional there, and a bad one is refused by a test of its own
        concrete = re.sub(r"{[^}]+}", str(uuid4()), path.removeprefix(PREFIX))
        answer = await with_token(app, tokens["access_token"], concrete)
        assert answer.status_code in {401, 403, 422}, (path, answer.text)
        asked += answer.status_code == 401
    assert asked > 5
