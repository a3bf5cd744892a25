"""Two-factor login, from setting it up to switching it off."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Response

from api.access.passwords import Passwords
from api.app import create_app
from db.engine.session import Database as Pool
from domain.errors import Unavailable
from tests.api.business_setup import rows
from tests.api.conftest import PASSWORD, PREFIX, Clock, Login, Person, client_of, error_of
from tests.api.identity.test_sessions import account_emails, claim, open_session, refresh, with_token
from tests.support.servers import Database

STEP = timedelta(seconds=30)


@dataclass
class Guarded:
    """Somebody with a second factor, the app on their phone, and the recovery codes."""

    person: Person
    totp: pyotp.TOTP
    recovery: list[str]
    clock: Clock

    def code(self, steps: int = 0) -> str:
        return self.totp.at(self.clock.now() + steps * STEP)

    def next_code(self) -> str:
        """The code of a step that none was shown for yet."""
        self.clock.ahead += STEP
        return self.code()


async def prove_address(database: Database, person: Person) -> None:
    """As if the link of the verification message was used."""
    await rows(database, "UPDATE users SET email_verified_at = now() WHERE id = $1", person.id)


async def setup(person: Person) -> pyotp.TOTP:
    data = (await person.post("/auth/2fa/setup")).json()["data"]
    totp = pyotp.parse_uri(data["otpauth_uri"])
    assert isinstance(totp, pyotp.TOTP)
    assert (totp.secret, totp.issuer, totp.name) == (data["secret"], "Omotenashi Connect", person.email)
    return totp


@pytest_asyncio.fixture
async def guarded(log_in: Login, clock: Clock, database: Database) -> Guarded:
    person = await log_in()
    await prove_address(database, person)
    totp = await setup(person)
    answer = await person.post("/auth/2fa/enable", json={"password": PASSWORD, "code": totp.at(clock.now())})
    assert answer.status_code == 200, answer.text
    return Guarded(person, totp, answer.json()["data"]["recovery_codes"], clock)


async def ask(client: AsyncClient, person: Person, password: str = PASSWORD) -> dict[str, Any]:
    """The first step of logging in."""
    answer = await client.post(f"{PREFIX}/auth/login", json={"email": person.email, "password": password})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def verify(app: FastAPI, challenge: str, code: str) -> Response:
    async with client_of(app, Authorization=f"Bearer {challenge}") as http:
        return await http.post(f"{PREFIX}/auth/2fa/verify", json={"code": code})


async def test_logging_in_takes_two_steps(app: FastAPI, client: AsyncClient, guarded: Guarded) -> None:
    first = await ask(client, guarded.person)
    assert set(first) == {"two_factor_required", "challenge_token", "expires_in"}
    assert first["two_factor_required"] is True
    for path in ("/auth/me", "/auth/sessions"):
        assert error_of(await with_token(app, first["challenge_token"], path)) == (401, "unauthenticated")
    answer = await verify(app, first["challenge_token"], guarded.next_code())
    tokens = answer.json()["data"]
    me = (await with_token(app, tokens["access_token"])).json()["data"]
    assert (me["id"], me["two_factor"]) == (str(guarded.person.id), True)
    listed = (await with_token(app, tokens["access_token"], "/auth/sessions")).json()["data"]
    assert listed[0]["two_factor"] is True
    assert (await refresh(client, tokens["refresh_token"])).status_code == 200


async def test_code_counts_once(app: FastAPI, client: AsyncClient, guarded: Guarded) -> None:
    first = await ask(client, guarded.person)
    # The one that switched it on was used then.
    assert error_of(await verify(app, first["challenge_token"], guarded.code())) == (422, "invalid_code")
    code = guarded.next_code()
    answers = await asyncio.gather(*(verify(app, first["challenge_token"], code) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422]
    # Nor does one of a step before the last used one count.
    assert error_of(await verify(app, first["challenge_token"], guarded.code(-1))) == (422, "invalid_code")


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 200), (0, 200), (1, 200), (2, 422)])
async def test_clocks_may_be_off_by_one_step(
    app: FastAPI, client: AsyncClient, guarded: Guarded, steps: int, status: int
) -> None:
    guarded.clock.ahead += 10 * STEP
    first = await ask(client, guarded.person)
    assert (await verify(app, first["challenge_token"], guarded.code(steps))).status_code == status


async def test_recovery_code_counts_once(
    app: FastAPI, client: AsyncClient, guarded: Guarded, database: Database
) -> None:
    assert len(set(guarded.recovery)) == 10
    code = guarded.recovery[3]
    for typed, status in ((code.upper().replace("-", " "), 200), (code, 422), (guarded.recovery[4], 200)):
        first = await ask(client, guarded.person)
        assert (await verify(app, first["challenge_token"], typed)).status_code == status, typed
    sent = await account_emails(database, "two_factor_changed")
    recovery = [message for message in sent if "recovery" in message["facts"]]
    assert len(recovery) == 2
    stored = await rows(database, "SELECT r::text AS whole FROM recovery_codes r")
    assert not any(one in row["whole"] for row in stored for one in guarded.recovery)


@pytest.mark.parametrize("code", ["", "000000", "１２３４５６", "12345", "x" * 41, "' OR 1=1 --"])
async def test_wrong_codes(app: FastAPI, client: AsyncClient, guarded: Guarded, code: str) -> None:
    first = await ask(client, guarded.person)
    assert (await verify(app, first["challenge_token"], code)).status_code == 422


async def test_guessing_codes_locks_the_account(
    app: FastAPI, client: AsyncClient, guarded: Guarded, database: Database
) -> None:
    """A right password in between gives no new tries."""
    for _ in range(5):
        first = await ask(client, guarded.person)
        assert error_of(await verify(app, first["challenge_token"], "000000")) == (422, "invalid_code")
    assert error_of(await verify(app, first["challenge_token"], guarded.next_code())) == (429, "account_locked")
    again = await ask(client, guarded.person)
    assert error_of(await verify(app, again["challenge_token"], guarded.next_code())) == (429, "account_locked")
    assert len(await account_emails(database, "login_locked")) == 1


async def test_challenge_that_is_none_is_refused(
    app: FastAPI, client: AsyncClient, guarded: Guarded, log_in: Login
) -> None:
    other = await open_session(client, (await log_in()).email)
    for bearer in (guarded.person.token, other["access_token"], other["refresh_token"], "x"):
        assert error_of(await verify(app, bearer, guarded.next_code())) == (401, "unauthenticated")
    nobody = await client.post(f"{PREFIX}/auth/2fa/verify", json={"code": guarded.code()})
    assert error_of(nobody) == (401, "unauthenticated")


async def test_challenge_ends(app: FastAPI, client: AsyncClient, guarded: Guarded, database: Database) -> None:
    first = await ask(client, guarded.person)
    guarded.clock.ahead += timedelta(minutes=5)
    late = await verify(app, first["challenge_token"], guarded.code())
    assert late.json()["error"]["details"] == {"reason": "expired_token"}
    # With another password, at once.
    second = await ask(client, guarded.person)
    await rows(database, "UPDATE users SET password_hash = 'changed' WHERE id = $1", guarded.person.id)
    assert error_of(await verify(app, second["challenge_token"], guarded.next_code())) == (401, "unauthenticated")


async def test_setting_up(client: AsyncClient, log_in: Login, clock: Clock, database: Database) -> None:
    person = await log_in()
    await prove_address(database, person)
    code = {"password": PASSWORD, "code": "000000"}
    assert error_of(await person.post("/auth/2fa/enable", json=code)) == (409, "wrong_state")
    old = await setup(person)
    totp = await setup(person)
    # Not asked for before it is proven.
    elsewhere = await ask(client, person)
    assert elsewhere["two_factor_required"] is False
    assert error_of(await person.post("/auth/2fa/enable", json=code)) == (422, "invalid_code")
    replaced = {"password": PASSWORD, "code": old.at(clock.now())}
    assert error_of(await person.post("/auth/2fa/enable", json=replaced)) == (422, "invalid_code")
    right = {"password": PASSWORD, "code": totp.at(clock.now())}
    assert (await person.post("/auth/2fa/enable", json=right)).status_code == 200
    assert error_of(await person.post("/auth/2fa/enable", json=right)) == (409, "wrong_state")
    assert error_of(await person.post("/auth/2fa/setup")) == (409, "wrong_state")
    # What was opened without it is over, but for the session that proved it.
    assert error_of(await refresh(client, elsewhere["refresh_token"])) == (401, "unauthenticated")
    assert (await person.get("/auth/me")).json()["data"]["two_factor"] is True
    [message] = await account_emails(database, "two_factor_changed")
    assert '"enabled": true' in message["facts"]


async def test_switching_it_off(client: AsyncClient, guarded: Guarded, database: Database) -> None:
    person = guarded.person
    wrong = {"password": "Wrong-2026", "code": guarded.next_code()}
    assert error_of(await person.post("/auth/2fa/disable", json=wrong)) == (401, "invalid_credentials")
    wrong = {"password": PASSWORD, "code": "000000"}
    assert error_of(await person.post("/auth/2fa/disable", json=wrong)) == (422, "invalid_code")
    right = {"password": PASSWORD, "code": guarded.next_code()}
    assert (await person.post("/auth/2fa/disable", json=right)).status_code == 200
    assert error_of(await person.post("/auth/2fa/disable", json=right)) == (409, "wrong_state")
    assert (await ask(client, person))["two_factor_required"] is False
    assert len(await account_emails(database, "two_factor_changed")) == 2
    assert await rows(database, "SELECT 1 FROM recovery_codes") == []


async def test_guessing_at_switching_it_off_locks(guarded: Guarded) -> None:
    wrong = {"password": "Wrong-2026", "code": "000000"}
    for _ in range(5):
        assert error_of(await guarded.person.post("/auth/2fa/disable", json=wrong)) == (401, "invalid_credentials")
    right = {"password": PASSWORD, "code": guarded.next_code()}
    assert error_of(await guarded.person.post("/auth/2fa/disable", json=right)) == (429, "account_locked")


async def test_password_that_nobody_looked_at_is_no_failure(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(self: Passwords, password: str, stored: str | None) -> bool:
        raise Unavailable({"dependency": "password_check", "retry_after": 3})

    right = {"password": PASSWORD, "code": guarded.next_code()}
    with monkeypatch.context() as patch:
        patch.setattr(Passwords, "matches", busy)
        for _ in range(6):
            assert error_of(await guarded.person.post("/auth/2fa/disable", json=right)) == (503, "unavailable")
    assert (await guarded.person.post("/auth/2fa/disable", json=right)).status_code == 200


async def test_secret_is_nowhere_to_be_read(guarded: Guarded, database: Database) -> None:
    [kept] = await rows(database, "SELECT f::text AS whole, totp_encrypted FROM user_two_factors f")
    secret = guarded.totp.secret
    assert secret.encode() not in kept["totp_encrypted"]
    for table in ("audit_logs", "outbox", "notification_outbox", "idempotency_keys"):
        for row in await rows(database, f"SELECT t::text AS whole FROM {table} t"):
            assert secret not in row["whole"], table
            assert kept["totp_encrypted"].hex() not in row["whole"], table
    [audited] = await rows(
        database, "SELECT after FROM audit_logs WHERE entity = 'user_two_factors' AND action = 'insert'"
    )
    assert '"totp_encrypted": "***"' in audited["after"]


async def test_row_of_one_user_opens_nothing_for_another(
    app: FastAPI, client: AsyncClient, guarded: Guarded, log_in: Login, database: Database
) -> None:
    thief = await log_in()
    await prove_address(database, thief)
    totp = await setup(thief)
    await thief.post("/auth/2fa/enable", json={"password": PASSWORD, "code": totp.at(guarded.clock.now())})
    await rows(
        database,
        "UPDATE user_two_factors SET totp_encrypted = (SELECT totp_encrypted FROM user_two_factors WHERE user_id = $1)"
        " WHERE user_id = $2",
        thief.id,
        guarded.person.id,
    )
    first = await ask(client, guarded.person)
    guarded.clock.ahead += STEP
    stolen = totp.at(guarded.clock.now())
    assert error_of(await verify(app, first["challenge_token"], stolen)) == (422, "invalid_code")
    assert (await verify(app, first["challenge_token"], guarded.recovery[0])).status_code == 200


async def test_admins_need_it_where_it_is_asked_of_them(
    database: Database, pool: Pool, clock: Clock, app: FastAPI, guarded: Guarded, client: AsyncClient
) -> None:
    strict = create_app(
        database.settings(admin_two_factor_required=True), database=pool, password_rounds=4, now=clock.now
    )
    await rows(database, "UPDATE users SET platform_role = 'admin' WHERE id = $1", guarded.person.id)
    async with strict.router.lifespan_context(strict), client_of(strict) as http:
        first = await ask(http, guarded.person)
        proven = (await verify(strict, first["challenge_token"], guarded.next_code())).json()["data"]
        assert (claim(proven, "adm"), proven["two_factor_setup_required"]) == (True, False)
        proven = (await refresh(http, proven["refresh_token"])).json()["data"]
        assert claim(proven, "adm") is True
        async with client_of(strict, Authorization=f"Bearer {proven['access_token']}") as admin:
            off = {"password": PASSWORD, "code": guarded.recovery[0]}
            assert (await admin.post(f"{PREFIX}/auth/2fa/disable", json=off)).status_code == 200
        # Without it: logged in, and no admin; neither by the old session nor by a new one.
        assert claim((await refresh(http, proven["refresh_token"])).json()["data"], "adm") is False
        without = await ask(http, guarded.person)
        assert (claim(without, "adm"), without["two_factor_setup_required"]) == (False, True)
        # Setting it up is enough for the session that does.
        async with client_of(strict, Authorization=f"Bearer {without['access_token']}") as admin:
            secret = (await admin.post(f"{PREFIX}/auth/2fa/setup")).json()["data"]["secret"]
            code = pyotp.TOTP(secret).at(clock.now())
            on = {"password": PASSWORD, "code": code}
            assert (await admin.post(f"{PREFIX}/auth/2fa/enable", json=on)).status_code == 200
        assert claim((await refresh(http, without["refresh_token"])).json()["data"], "adm") is True
