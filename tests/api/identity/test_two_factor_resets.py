"""A lost second factor: an operator orders the reset, its owner has time to object, then it happens."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient

from activities.identity.two_factor import TwoFactorActivities, TwoFactorResetStepInput
from db.engine.session import Database as Pool
from runtime.links import Purpose
from tests.api.business_setup import rows
from tests.api.conftest import PASSWORD, PREFIX, Clock, Login, Person, error_of
from tests.api.identity.test_two_factor import prove_address, setup
from tests.api.platform.audit.test_audit import make_admin
from tests.support.servers import Database

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)


@pytest_asyncio.fixture
async def admin(log_in: Login, database: Database) -> Person:
    person = await log_in()
    await make_admin(person, database)
    return person


@pytest_asyncio.fixture
async def person(log_in: Login, clock: Clock, database: Database) -> Person:
    """Somebody with a second factor."""
    person = await log_in()
    await prove_address(database, person)
    code = (await setup(person)).at(clock.now())
    answer = await person.post("/auth/2fa/enable", json={"password": PASSWORD, "code": code})
    assert answer.status_code == 200, answer.text
    return person


async def order(admin: Person, person: Person) -> datetime:
    answer = await admin.post("/admin/two-factor-resets", json={"email": person.email})
    assert answer.status_code == 202, answer.text
    return datetime.fromisoformat(answer.json()["data"]["reset_at"])


async def waiting(database: Database, person: Person) -> TwoFactorResetStepInput:
    """What the run that the outbox starts works on."""
    [row] = await rows(database, "SELECT payload FROM outbox WHERE command = 'two_factor_reset.start'")
    payload: dict[str, Any] = json.loads(row["payload"])
    assert payload["user_id"] == str(person.id)
    return TwoFactorResetStepInput(UUID(payload["reset_id"]), person.id)


async def has_factor(client: AsyncClient, person: Person) -> bool:
    answer = await client.post(f"{PREFIX}/auth/login", json={"email": person.email, "password": PASSWORD})
    required: bool = answer.json()["data"]["two_factor_required"]
    return required


async def kinds(database: Database, person: Person) -> list[str]:
    found = await rows(
        database, "SELECT kind FROM notification_outbox WHERE user_id = $1 AND kind LIKE 'two%' ORDER BY id", person.id
    )
    return [row["kind"] for row in found]


async def test_reset_happens_after_the_delay_and_ends_sessions(
    admin: Person, person: Person, client: AsyncClient, pool: Pool, database: Database, clock: Clock
) -> None:
    reset_at = await order(admin, person)
    assert reset_at - clock.now() > DAY - HOUR
    assert (await kinds(database, person))[-1] == "two_factor_reset_planned"
    activities = TwoFactorActivities(pool, lambda: clock.now())
    about = await waiting(database, person)
    assert await activities.reset(about) is False, "its time has not come"
    assert await has_factor(client, person)
    clock.ahead = DAY + HOUR
    assert await activities.reset(about) is True
    assert await activities.reset(about) is False, "once"
    assert await rows(database, "SELECT id FROM user_sessions WHERE user_id = $1 AND ended_at IS NULL", person.id) == []
    assert not await has_factor(client, person)
    assert (await kinds(database, person))[-1] == "two_factor_changed"
    trail = await rows(
        database,
        "SELECT actor_id FROM audit_logs WHERE entity = 'user_two_factors' AND action = 'update' AND after ? 'reset_at'"
        " ORDER BY id",
    )
    assert [row["actor_id"] for row in trail] == [admin.id]


async def test_reset_is_cancelled_by_the_link_of_the_message(
    app: FastAPI,
    admin: Person,
    person: Person,
    client: AsyncClient,
    pool: Pool,
    database: Database,
    clock: Clock,
) -> None:
    reset_at = await order(admin, person)
    about = await waiting(database, person)
    token = app.state.services.links.issue(Purpose.TWO_FACTOR_RESET, about.reset_id, reset_at)
    path = f"{PREFIX}/auth/2fa/cancel-reset"
    assert error_of(await client.post(path, json={"token": "k1.wrong"}))[1] == "invalid_link"
    assert (await client.post(path, json={"token": token})).status_code == 200
    assert error_of(await client.post(path, json={"token": token})) == (410, "gone")
    clock.ahead = DAY + HOUR
    assert await TwoFactorActivities(pool, lambda: clock.now()).reset(about) is False
    assert await has_factor(client, person)


async def test_reset_is_withdrawn_by_an_operator(admin: Person, person: Person, database: Database) -> None:
    path = "/admin/two-factor-resets/cancel"
    assert error_of(await admin.post(path, json={"email": person.email})) == (409, "wrong_state")
    await order(admin, person)
    twice = await admin.post("/admin/two-factor-resets", json={"email": person.email})
    assert error_of(twice) == (409, "wrong_state")
    assert (await admin.post(path, json={"email": person.email})).status_code == 200
    await order(admin, person)


async def test_reset_is_for_operators_about_others(admin: Person, person: Person, log_in: Login) -> None:
    body = {"email": person.email}
    other = await log_in()
    assert error_of(await other.post("/admin/two-factor-resets", json=body)) == (403, "forbidden")
    assert error_of(await admin.post("/admin/two-factor-resets", json={"email": admin.email})) == (403, "forbidden")
    assert error_of(await admin.post("/admin/two-factor-resets", json={"email": other.email})) == (409, "wrong_state")
    assert error_of(await admin.post("/admin/two-factor-resets", json={"email": "nobody@example.jp"})) == (
        404,
        "not_found",
    )
