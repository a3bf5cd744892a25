"""Admins write flags, everybody may ask; a change reaches every process; a rollout is one at a time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from api.http.envelope import Envelope, ListEnvelope
from api.v1.platform.flags.schemas import FlagCheckRead, FlagRead, RolloutRead
from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.platform.flag_rollout import Measure
from domain.platform.flags import FlagContext
from providers.cache.redis import RedisCache
from tests.api.business_setup import rows
from tests.api.conftest import Login, Person, error_of
from tests.api.platform.audit.test_audit import make_admin
from tests.api.platform.flags.unavailable_database import UnavailableDatabase
from tests.support.servers import Database

PLAN = {"steps": [{"percentage": 5, "watch_minutes": 60}], "limits": {"attention_filed": 0}}


@pytest_asyncio.fixture
async def admin(log_in: Login, database: Database) -> Person:
    person = await log_in()
    await make_admin(person, database)
    return person


async def make(admin: Person, **changes: Any) -> dict[str, Any]:
    answer = await admin.post("/feature-flags", json={"name": "waitlist.offers", **changes})
    assert answer.status_code == 201, answer.text
    Envelope[FlagRead].model_validate_json(answer.content, extra="forbid")
    made: dict[str, Any] = answer.json()["data"]
    return made


async def has(person: Person, name: str = "waitlist.offers", **params: Any) -> bool:
    answer = await person.get(f"/feature-flags/check/{name}", params=params)
    assert answer.status_code == 200, answer.text
    return Envelope[FlagCheckRead].model_validate_json(answer.content, extra="forbid").data.enabled


async def test_unknown_is_off_and_new_is_off(admin: Person, customer: Person) -> None:
    assert not await has(customer)
    await make(admin)
    assert not await has(customer)


async def test_change_counts_with_the_next_question(admin: Person, customer: Person) -> None:
    flag = await make(admin, enabled=True, percentage=100)
    assert await has(customer)
    killed = await admin.put(f"/feature-flags/{flag['id']}", json={"killed": True})
    assert killed.json()["data"]["version"] == 2
    assert not await has(customer)
    await admin.put(f"/feature-flags/{flag['id']}", json={"killed": False, "percentage": 0})
    assert not await has(customer)
    await admin.put(f"/feature-flags/{flag['id']}", json={"users": [str(customer.id)]})
    assert await has(customer)
    assert not await has(admin)
    assert (await admin.delete(f"/feature-flags/{flag['id']}")).status_code == 200
    assert not await has(customer)


async def test_business_has_it_with_all_its_people(admin: Person, customer: Person) -> None:
    business = str(uuid4())
    await make(admin, enabled=True, subject="business", businesses=[business])
    assert await has(customer, business_id=business)
    assert not await has(customer, business_id=str(uuid4()))
    assert not await has(customer)


async def test_flag_is_stored_as_it_was_sent(admin: Person) -> None:
    made = await make(admin, description="Offers.", percentage="12.34", subject="business")
    assert (made["percentage"], made["subject"], made["enabled"], made["killed"]) == (12.34, "business", False, False)
    read = await admin.get(f"/feature-flags/{made['id']}")
    assert read.json()["data"] == made
    listed = await admin.get("/feature-flags")
    ListEnvelope[FlagRead].model_validate_json(listed.content, extra="forbid")
    assert listed.json()["data"] == [made]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Not Plain"},
        {"percentage": 100.01},
        {"percentage": -1},
        {"percentage": "12.345"},
        {"subject": "planet"},
        {"users": ["nobody"]},
        {"version": 9},
    ],
)
async def test_flag_that_makes_no_sense_is_refused(admin: Person, wrong: dict[str, Any]) -> None:
    answer = await admin.post("/feature-flags", json={"name": "waitlist.offers", **wrong})
    assert answer.status_code == 422, answer.text
    assert (await admin.get("/feature-flags")).json()["data"] == []


async def test_name_is_used_once_and_a_key_makes_one_flag(admin: Person) -> None:
    keyed = {"Idempotency-Key": "once"}
    first = await admin.post("/feature-flags", json={"name": "one"}, headers=keyed)
    again = await admin.post("/feature-flags", json={"name": "one"}, headers=keyed)
    assert (first.status_code, again.content) == (201, first.content)
    other = await admin.post("/feature-flags", json={"name": "one"})
    assert error_of(other) == (409, "already_exists")


async def test_pages_are_in_order_of_names(admin: Person) -> None:
    for name in ("charlie", "alpha", "bravo"):
        await make(admin, name=name)
    first = (await admin.get("/feature-flags", params={"limit": 2})).json()
    second = (await admin.get("/feature-flags", params={"cursor": first["meta"]["next_cursor"]})).json()
    assert [each["name"] for each in (*first["data"], *second["data"])] == ["alpha", "bravo", "charlie"]


async def test_flags_are_written_by_admins_alone(admin: Person, owner: Person) -> None:
    flag = await make(admin)
    path = f"/feature-flags/{flag['id']}"
    answers = [
        await owner.get("/feature-flags"),
        await owner.post("/feature-flags", json={"name": "mine"}),
        await owner.get(path),
        await owner.put(path, json={"enabled": True}),
        await owner.delete(path),
        await owner.post(f"{path}/rollout", json=PLAN),
        await owner.get(f"{path}/rollout"),
        await owner.post(f"{path}/rollout/cancel"),
    ]
    assert {answer.status_code for answer in answers} == {403}


async def test_changes_are_in_the_audit_trail(admin: Person) -> None:
    flag = await make(admin)
    await admin.put(f"/feature-flags/{flag['id']}", json={"percentage": 50})
    entries = (await admin.get(f"/audit/entity/feature_flags/{flag['id']}")).json()["data"]
    changed = next(each for each in entries if each["action"] == "update")
    assert (changed["before"]["share"], changed["after"]["share"]) == (0, 5000)
    assert changed["actor_id"] == str(admin.id)


# -- other processes ---------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def two_processes(database: Database, pool: Pool, redis_url: str) -> AsyncIterator[tuple[FastAPI, FastAPI]]:
    settings = database.settings(temporal_address="127.0.0.1:1", redis_url=redis_url)
    one, other = (create_app(settings, database=pool, password_rounds=4) for _ in range(2))
    async with one.router.lifespan_context(one), other.router.lifespan_context(other):
        yield one, other


async def test_flag_change_reaches_another_process(
    two_processes: tuple[FastAPI, FastAPI], database: Database, pool: Pool, redis_url: str
) -> None:
    _, other = two_processes
    user = uuid4()
    flags = other.state.services.flags
    assert not await flags.is_on("new", FlagContext(user))
    await rows(database, "INSERT INTO feature_flags (name, enabled, share) VALUES ('new', true, 10000)")
    cache = RedisCache(database.settings(redis_url=redis_url))
    try:
        async with asyncio.timeout(20):
            while not await flags.is_on("new", FlagContext(user)):
                # Said again until it is heard: the process may still be about to listen.
                await cache.publish("flags", b"changed")
                await asyncio.sleep(0.02)
    finally:
        await cache.aclose()


async def test_flag_change_without_redis_is_seen_here_and_read_again_elsewhere(
    admin: Person, customer: Person, app: FastAPI, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fixture's application has no Redis at all."""
    await make(admin, enabled=True, percentage=100)
    assert await has(customer)
    await rows(database, "UPDATE feature_flags SET killed = true")
    monkeypatch.setattr("api.access.flags.KEEP", -1.0)  # as if its time were over
    assert not await has(customer)


async def test_flags_keep_their_last_value_while_postgres_is_away(app: FastAPI, admin: Person) -> None:
    await make(admin, enabled=True, percentage=100)
    flags = app.state.services.flags
    assert await flags.is_on("waitlist.offers", FlagContext())
    flags._database = UnavailableDatabase()
    flags.forget()
    assert await flags.is_on("waitlist.offers", FlagContext())


# -- rollouts ----------------------------------------------------------------------------------------------------------


async def test_rollout_is_written_with_its_command(admin: Person, database: Database) -> None:
    flag = await make(admin, enabled=True)
    answer = await admin.post(f"/feature-flags/{flag['id']}/rollout", json=PLAN)
    assert answer.status_code == 201, answer.text
    rollout = Envelope[RolloutRead].model_validate_json(answer.content, extra="forbid").data
    assert (rollout.status, rollout.step, rollout.steps[0].percentage) == ("running", 0, 5)
    ((payload,),) = await rows(database, "SELECT payload FROM outbox WHERE command = 'flag_rollout.start'")
    assert str(rollout.id) in str(payload)
    again = await admin.post(f"/feature-flags/{flag['id']}/rollout", json=PLAN)
    assert error_of(again) == (409, "conflict")
    assert (await admin.get(f"/feature-flags/{flag['id']}/rollout")).json()["data"]["id"] == str(rollout.id)


async def test_rollouts_started_at_once_are_one(admin: Person) -> None:
    flag = await make(admin, enabled=True)
    path = f"/feature-flags/{flag['id']}/rollout"
    answers = await asyncio.gather(*(admin.post(path, json=PLAN) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]


async def test_plan_that_shrinks_is_refused(admin: Person) -> None:
    flag = await make(admin, enabled=True, percentage=50)
    answer = await admin.post(f"/feature-flags/{flag['id']}/rollout", json=PLAN)
    assert error_of(answer) == (422, "invalid_input")


async def test_change_by_hand_ends_the_rollout(admin: Person) -> None:
    flag = await make(admin, enabled=True)
    path = f"/feature-flags/{flag['id']}"
    await admin.post(f"{path}/rollout", json=PLAN)
    await admin.put(path, json={"description": "Said otherwise."})
    assert (await admin.get(f"{path}/rollout")).json()["data"]["status"] == "running"
    await admin.put(path, json={"killed": True})
    assert (await admin.get(f"{path}/rollout")).json()["data"]["status"] == "superseded"
    late = await admin.post(f"{path}/rollout/pause")
    assert error_of(late) == (409, "wrong_state")


async def test_command_without_temporal_says_so(admin: Person) -> None:
    flag = await make(admin, enabled=True)
    await admin.post(f"/feature-flags/{flag['id']}/rollout", json=PLAN)
    answer = await admin.post(f"/feature-flags/{flag['id']}/rollout/cancel")
    assert error_of(answer) == (503, "unavailable")


async def test_trouble_is_counted_from_a_moment_on(admin: Person, pool: Pool) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.platform.attention.file("old", "old")
    flag = await make(admin)
    async with pool.unit_of_work(Scope.platform()) as work:
        row = await work.platform.flags.get(flag["id"])
        before = await work.platform.flags.count_trouble(row.created_at)
        await work.platform.attention.file("new", "new")
        after = await work.platform.flags.count_trouble(row.created_at)
    assert after[Measure.ATTENTION_FILED] == before[Measure.ATTENTION_FILED] + 1
    assert after[Measure.ATTENTION_FILED] == 1
