"""What changes how a login is opened asks for its proofs: never for a session token alone, never on an unproven login
against the owner of the mailbox."""

from typing import Any

import pyotp
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from api.access.callers import ApiServices
from domain.identity.proofs import REQUIRED, LoginChange, Proof
from tests.api.business_setup import rows
from tests.api.conftest import PASSWORD, PREFIX, Clock, Login, Person, error_of
from tests.api.identity.account_emails import newest_token
from tests.api.identity.test_two_factor import prove_address, setup
from tests.support.servers import Database

#: Endpoints under /auth that write, and change nothing about how one logs in.
NO_CHANGE = {
    "register": "makes a login that nobody has",
    "login": "asks for the password",
    "refresh": "shows a token of the session",
    "logout": "ends a session",
    "logout-all": "ends sessions",
    "sessions": "ends sessions",
    "sessions/{session_id}": "ends a session",
    "export/fetch": "shows a token; reads a file",
    "resend-verification": "sends a message to the address",
    "forgot-password": "sends a message to the address",
    "2fa/setup": "keeps a secret that nothing asks for before 2fa/enable",
    "2fa/verify": "asks for the code",
    "2fa/cancel-reset": "shows the token of a message; the second factor stays",
    "me/export": "a copy of the data",
    "me/erasure": "asks for the password and closes the login",
}

#: Required fields of a request that can carry a proof.
FIELDS = {
    Proof.PASSWORD: {"password", "current_password"},
    Proof.CODE: {"code"},
    Proof.MAIL_LINK: {"token"},
}


def written(app: FastAPI) -> dict[str, list[str]]:
    """Every writing endpoint under /auth, and those of operators about logins, with the names of its body's fields."""
    document = app.openapi()
    found: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in set(operations) & {"post", "put", "patch", "delete"}:
            if path.startswith((f"{PREFIX}/auth/", f"{PREFIX}/admin/two-factor")):
                found[path.removeprefix(PREFIX)] = _fields(document, operations[method])
    return found


def _fields(document: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    schema = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
    return list(schema.get("required", []))


def test_login_changes_are_all_in_the_table_and_their_requests_carry_the_proofs(app: FastAPI) -> None:
    endpoints = written(app)
    unchanged = {f"/auth/{path}" for path in NO_CHANGE} | {"/admin/two-factor-resets/cancel"}
    assert set(endpoints) - unchanged == {change.value for change in LoginChange}
    for change in LoginChange:
        for proof in REQUIRED[change] & set(FIELDS):
            assert FIELDS[proof].intersection(endpoints[change.value]), f"{change}: no field for {proof}"


@pytest.mark.parametrize("change", LoginChange)
async def test_login_change_refuses_a_bare_token(change: LoginChange, log_in: Login, database: Database) -> None:
    person = await log_in()
    await prove_address(database, person)
    code = pyotp.TOTP((await setup(person)).secret).now()
    guesses = {
        LoginChange.CHANGE_PASSWORD: {"current_password": "Wrong-2026", "new_password": "Momiji-2026"},
        LoginChange.RESET_PASSWORD: {"token": "k1.wrong", "password": "Momiji-2026"},
        LoginChange.VERIFY_EMAIL: {"token": "k1.wrong"},
        LoginChange.TWO_FACTOR_ENABLE: {"password": "Wrong-2026", "code": code},
        LoginChange.TWO_FACTOR_DISABLE: {"password": "Wrong-2026", "code": code},
        LoginChange.TWO_FACTOR_RESET: {"email": person.email},
    }
    for body in ({}, guesses[change]):
        answer = await person.post(change.value, json=body)
        assert answer.status_code in {400, 401, 403, 409, 422}, answer.text
    assert (await person.get("/auth/me")).json()["data"]["two_factor"] is False


@pytest.mark.parametrize("change", LoginChange)
async def test_login_change_of_an_unproven_login_keeps_nobody_from_the_address(
    change: LoginChange, app: FastAPI, client: AsyncClient, log_in: Login, clock: Clock
) -> None:
    """With all that who registered the address can show; then the owner of the mailbox resets the password."""
    first = await log_in("mailbox@example.jp")
    totp = await setup(first)
    shown = {
        LoginChange.CHANGE_PASSWORD: {"current_password": PASSWORD, "new_password": "Momiji-2026"},
        LoginChange.RESET_PASSWORD: {"token": "k1.wrong", "password": "Momiji-2026"},
        LoginChange.VERIFY_EMAIL: {"token": "k1.wrong"},
        LoginChange.TWO_FACTOR_ENABLE: {"password": PASSWORD, "code": totp.at(clock.now())},
        LoginChange.TWO_FACTOR_DISABLE: {"password": PASSWORD, "code": totp.at(clock.now())},
        LoginChange.TWO_FACTOR_RESET: {"email": first.email},
    }
    done = (await first.post(change.value, json=shown[change])).status_code == 200
    assert done is (REQUIRED[change] == {Proof.PASSWORD}), "the password is all that was shown"
    await client.post(f"{PREFIX}/auth/forgot-password", json={"email": first.email})
    services: ApiServices = app.state.services
    token = await newest_token(services, first.id, "password_reset")
    chosen = {"token": token, "password": "Tsubaki-2026"}
    assert (await client.post(f"{PREFIX}/auth/reset-password", json=chosen)).status_code == 200
    mine = await client.post(f"{PREFIX}/auth/login", json={"email": first.email, "password": "Tsubaki-2026"})
    assert mine.json()["data"]["two_factor_required"] is False
    assert error_of(await first.get("/auth/sessions")) == (401, "unauthenticated")


async def test_enable_two_factor_refuses_an_unproven_login(log_in: Login, clock: Clock) -> None:
    person = await log_in()
    totp = await setup(person)
    body = {"password": PASSWORD, "code": totp.at(clock.now())}
    refused = await person.post("/auth/2fa/enable", json=body)
    assert error_of(refused) == (409, "wrong_state")
    assert refused.json()["error"]["details"]["wanted"] == "email_verified"


async def test_reset_password_frees_an_unproven_login_of_another_persons_factor(
    app: FastAPI, client: AsyncClient, log_in: Login, clock: Clock, database: Database
) -> None:
    """A factor from before the rule: the owner of the mailbox gets in, and the other person's session ends."""
    other_person = await log_in("victim@example.jp")
    await prove_address(database, other_person)
    totp = await setup(other_person)
    on = {"password": PASSWORD, "code": totp.at(clock.now())}
    assert (await other_person.post("/auth/2fa/enable", json=on)).status_code == 200
    await _unprove(database, other_person)
    await client.post(f"{PREFIX}/auth/forgot-password", json={"email": other_person.email})
    services: ApiServices = app.state.services
    token = await newest_token(services, other_person.id, "password_reset")
    chosen = {"token": token, "password": "Momiji-2026"}
    assert (await client.post(f"{PREFIX}/auth/reset-password", json=chosen)).status_code == 200
    mine = await client.post(f"{PREFIX}/auth/login", json={"email": other_person.email, "password": "Momiji-2026"})
    assert mine.json()["data"]["two_factor_required"] is False
    assert error_of(await other_person.get("/auth/sessions")) == (401, "unauthenticated")


async def _unprove(database: Database, person: Person) -> None:
    await rows(database, "UPDATE users SET email_verified_at = NULL WHERE id = $1", person.id)
