"""Guessing passwords: what locks, what is said, and that it says nothing about who is known."""

import asyncio
import itertools
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import text

from api.access.passwords import Passwords
from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.errors import Unavailable
from domain.identity.sessions import ACCOUNT_FAILURES, FAILURES
from tests.api.business_setup import rows
from tests.api.conftest import PASSWORD, PREFIX, Clock, Login, Statements, error_of
from tests.support import timing
from tests.support.forged import with_other_end
from tests.support.servers import Database

LOCK = timedelta(minutes=30)
WRONG = "Wrong-2026"


async def attempt(client: AsyncClient, email: str, password: str = WRONG) -> Response:
    return await client.post(f"{PREFIX}/auth/login", json={"email": email, "password": password})


async def lock(client: AsyncClient, email: str) -> None:
    for _ in range(5):
        assert error_of(await attempt(client, email)) == (401, "invalid_credentials")


async def test_five_failures_lock_known_and_unknown_alike(
    client: AsyncClient, log_in: Login, clock: Clock, database: Database
) -> None:
    person = await log_in()
    said = []
    for email in (person.email, "nobody@example.jp"):
        await lock(client, email)
        answer = await attempt(client, email, PASSWORD)  # the right one, for one of them
        assert error_of(answer) == (429, "account_locked")
        assert 1790 <= int(answer.headers["retry-after"]) <= 1800
        assert set(answer.json()["error"]["details"]) == {"retry_after"}
        said.append((answer.json()["message"], sorted(answer.headers)))
    assert said[0] == said[1]
    [message] = await rows(database, "SELECT user_id FROM notification_outbox WHERE kind = 'login_locked'")
    assert message["user_id"] == person.id
    clock.ahead = LOCK + timedelta(seconds=1)
    assert (await attempt(client, person.email, PASSWORD)).status_code == 200


async def test_lock_does_not_end_sessions(client: AsyncClient, log_in: Login) -> None:
    person = await log_in()
    await lock(client, person.email)
    assert (await person.get("/auth/me")).status_code == 200


def at(app: FastAPI, number: int) -> AsyncClient:
    """A client in a network of its own."""
    transport = ASGITransport(app=app, raise_app_exceptions=False, client=(f"198.51.{number // 250}.{number % 250}", 1))
    return AsyncClient(transport=transport, base_url="http://api.test", headers={"Accept-Language": "en"})


async def test_login_is_locked_for_the_network_of_the_failures(
    app: FastAPI, client: AsyncClient, log_in: Login
) -> None:
    """Wrong passwords from another network do not lock out the owner."""
    person = await log_in()
    await lock(client, person.email)
    assert error_of(await attempt(client, person.email, PASSWORD)) == (429, "account_locked")
    async with at(app, 1) as home:
        assert (await attempt(home, person.email, PASSWORD)).status_code == 200
    assert error_of(await attempt(client, person.email, PASSWORD)) == (429, "account_locked")


async def test_login_from_a_known_device_passes_the_lock_of_its_network(client: AsyncClient, log_in: Login) -> None:
    person, other = await log_in(), await log_in()
    tokens = [(await attempt(client, one.email, PASSWORD)).json()["data"]["device_token"] for one in (person, other)]
    await lock(client, person.email)

    async def tried(token: str, password: str = PASSWORD) -> Response:
        body = {"email": person.email, "password": password, "device_token": token}
        return await client.post(f"{PREFIX}/auth/login", json=body)

    for strange in (tokens[1], with_other_end(tokens[0]), "x"):
        assert error_of(await tried(strange)) == (429, "account_locked"), strange
    assert (await tried(tokens[0])).status_code == 200
    for _ in range(5):
        assert error_of(await tried(tokens[0], WRONG)) == (401, "invalid_credentials")
    assert error_of(await tried(tokens[0])) == (429, "account_locked"), "a device has five guesses as well"


async def test_guesses_from_many_networks_lock_the_account_for_unknown_devices(
    app: FastAPI, client: AsyncClient, log_in: Login, database: Database
) -> None:
    person = await log_in()
    token = (await attempt(client, person.email, PASSWORD)).json()["data"]["device_token"]
    for number in range(ACCOUNT_FAILURES // FAILURES):
        async with at(app, number) as guesser:
            await lock(guesser, person.email)
    async with at(app, 200) as home:
        for password in (PASSWORD, WRONG):
            assert error_of(await attempt(home, person.email, password)) == (429, "account_locked")
        body = {"email": person.email, "password": PASSWORD, "device_token": token}
        assert (await home.post(f"{PREFIX}/auth/login", json=body)).status_code == 200
    notices = await rows(database, "SELECT 1 FROM notification_outbox WHERE kind = 'login_locked'")
    assert 1 <= len(notices) <= 2, "one message in the time of a lock, not one for each network"


#: Everything that asks a logged-in person for the password again: path, body with the right one, its answer.
AGAIN: list[tuple[str, dict[str, str], int]] = [
    ("/auth/change-password", {"current_password": PASSWORD, "new_password": "Momiji-2026"}, 200),
    ("/auth/2fa/enable", {"password": PASSWORD, "code": "000000"}, 422),
    ("/auth/me/erasure", {"password": PASSWORD}, 202),
]


@pytest.mark.parametrize(("path", "body", "status"), AGAIN)
async def test_lock_by_another_network_leaves_an_open_session_able_to_prove_its_password(
    client: AsyncClient, log_in: Login, database: Database, path: str, body: dict[str, str], status: int
) -> None:
    person = await log_in()
    await rows(database, "UPDATE users SET email_verified_at = now()")
    await person.post("/auth/2fa/setup")
    await lock(client, person.email)
    assert error_of(await attempt(client, person.email, PASSWORD)) == (429, "account_locked")
    answer = await person.post(path, json=body)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(("path", "body", "_status"), AGAIN)
async def test_wrong_passwords_of_a_session_are_counted_by_the_session(
    log_in: Login, database: Database, path: str, body: dict[str, str], _status: int
) -> None:
    person = await log_in()
    await rows(database, "UPDATE users SET email_verified_at = now()")
    await person.post("/auth/2fa/setup")
    wrong = {name: WRONG if value == PASSWORD else value for name, value in body.items()}
    for _ in range(5):
        assert (await person.post(path, json=wrong)).status_code in {401, 422}
    assert error_of(await person.post(path, json=body)) == (429, "account_locked")


async def test_success_forgets_what_failed(client: AsyncClient, log_in: Login) -> None:
    person = await log_in()
    for _ in range(3):
        for _ in range(4):
            assert error_of(await attempt(client, person.email)) == (401, "invalid_credentials")
        assert (await attempt(client, person.email, PASSWORD)).status_code == 200


@pytest.mark.parametrize("known", [True, False])
async def test_guesses_at_once_get_five_tries(
    app: FastAPI, client: AsyncClient, log_in: Login, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = (await log_in()).email if known else "nobody@example.jp"
    judged = 0
    matches = Passwords.matches

    async def counting(self: Passwords, password: str, stored: str | None) -> bool:
        nonlocal judged
        judged += 1
        return await matches(self, password, stored)

    monkeypatch.setattr(Passwords, "matches", counting)
    answers = await asyncio.gather(*(attempt(client, email) for _ in range(20)))
    assert judged == 5
    assert sorted({error_of(answer) for answer in answers}) == [(401, "invalid_credentials"), (429, "account_locked")]


async def test_four_at_once_with_the_right_password_all_get_in(
    client: AsyncClient, log_in: Login, app: FastAPI
) -> None:
    # A busy machine turns people away with 503, which is not what is asked here.
    object.__setattr__(app.state.services, "passwords", Passwords(rounds=4, patience=timedelta(minutes=5)))
    person = await log_in()
    for _ in range(2):
        answers = await asyncio.gather(*(attempt(client, person.email, PASSWORD) for _ in range(4)))
        assert [answer.status_code for answer in answers] == [200] * 4


async def test_statements_of_known_and_unknown_are_the_same(
    client: AsyncClient, log_in: Login, statements: Statements
) -> None:
    person = await log_in()
    sent: dict[str, list[list[str]]] = {}
    for email in (person.email, "nobody@example.jp"):
        for _ in range(6):
            statements.clear()
            await attempt(client, email)
            sent.setdefault(email, []).append([one for one in statements.sent if "app_queue_account_email" not in one])
    assert sent[person.email] == sent["nobody@example.jp"]
    # One statement counts for the network, one for the account; a locked network asks no further.
    assert [len(one) for one in sent[person.email]] == [3, 3, 3, 3, 4, 2]


async def test_times_of_known_and_unknown_are_the_same(
    client: AsyncClient, log_in: Login, clock: Clock, app: FastAPI
) -> None:
    """The control: what is refused without a look at the password is found by the same measurement."""
    passwords = app.state.services.passwords
    slow = Passwords(rounds=8)
    object.__setattr__(app.state.services, "passwords", slow)
    person, locked = await log_in(), await log_in()
    for email in ("locked-unknown@example.jp", locked.email):
        await lock(client, email)

    async def tried(email: str) -> None:
        await attempt(client, email)

    async def tried_afresh(email: str) -> None:
        """Never locked: the attempts before are forgotten now and then."""
        if next(turns) % 3 == 0:
            await forget(app.state.services.database, person.email, "unknown@example.jp")
        await attempt(client, email)

    turns = itertools.count()
    asked = {
        "known": partial(tried_afresh, person.email),
        "unknown": partial(tried_afresh, "unknown@example.jp"),
        "locked": partial(tried, locked.email),
        "locked_unknown": partial(tried, "locked-unknown@example.jp"),
    }
    try:
        await timing.holds(
            asked,
            21,
            lambda found: (
                0.75 < found["known"] / found["unknown"] < 1.33
                and 0.75 < found["locked"] / found["locked_unknown"] < 1.33
                and found["unknown"] > 1.5 * found["locked_unknown"]
            ),
        )
    finally:
        slow.close()
        object.__setattr__(app.state.services, "passwords", passwords)


async def forget(pool: Pool, *emails: str) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        for email in emails:
            await work.session.execute(
                text("""
                    DELETE FROM login_failures WHERE subject_hash IN (
                        sha256(convert_to(lower(:email), 'UTF8')),
                        sha256(convert_to('127.0.0.1 ' || lower(:email), 'UTF8')))
                """),
                {"email": email},
            )


async def test_flood_is_turned_away_and_counts_for_nothing(
    app: FastAPI, client: AsyncClient, log_in: Login, monkeypatch: pytest.MonkeyPatch, statements: Statements
) -> None:
    person = await log_in()
    passwords = app.state.services.passwords

    def full(_: Any) -> None:
        raise Unavailable({"dependency": "password_check", "retry_after": 3})

    # Full from the start: nothing reaches Postgres.
    with monkeypatch.context() as patched:
        patched.setattr(Passwords, "check_room", full)
        statements.clear()
        answer = await attempt(client, person.email)
        assert error_of(answer) == (503, "unavailable")
        assert answer.headers["retry-after"] == "3"
        assert len(statements) == 0
    # Full in between: what nobody looked at is no failure.
    with monkeypatch.context() as patched:
        patched.setattr(type(passwords), "_run", lambda *_: full(None))
        for _ in range(6):
            assert error_of(await attempt(client, person.email, PASSWORD)) == (503, "unavailable")
    assert (await attempt(client, person.email, PASSWORD)).status_code == 200


async def test_login_lets_only_so_many_wait() -> None:
    passwords = Passwords(rounds=10, patience=timedelta(0))
    try:
        stored = await passwords.hash(PASSWORD)
        answers = await asyncio.gather(
            *(passwords.matches(PASSWORD, stored) for _ in range(64)), return_exceptions=True
        )
        right, away = answers.count(True), [one for one in answers if isinstance(one, Unavailable)]
        assert right >= 2
        assert right + len(away) == 64
        assert len(away) > 0
        assert await passwords.matches(PASSWORD, stored)  # there is room again
    finally:
        passwords.close()


async def test_hash_of_another_cost_is_replaced(
    app: FastAPI, client: AsyncClient, log_in: Login, pool: Pool, database: Database
) -> None:
    person = await log_in()
    cheaper = Passwords(rounds=5)
    stored = await cheaper.hash(PASSWORD)
    cheaper.close()
    await rows(database, "UPDATE users SET password_hash = $2 WHERE id = $1", person.id, stored)
    assert error_of(await attempt(client, person.email)) == (401, "invalid_credentials")
    [kept] = await rows(database, "SELECT password_hash FROM users WHERE id = $1", person.id)
    assert kept["password_hash"] == stored
    for _ in range(2):
        assert (await attempt(client, person.email, PASSWORD)).status_code == 200
        [kept] = await rows(database, "SELECT password_hash FROM users WHERE id = $1", person.id)
        assert kept["password_hash"].startswith("$2b$04$")
