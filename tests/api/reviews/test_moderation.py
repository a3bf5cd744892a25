"""Moderation over HTTP: anybody reports, the business asks, an operator decides through the workflow."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient

from api.access.tokens import Login
from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX, Clock, client_of, error_of, rules_of
from tests.api.salon import StaffedSalon, staffed_salon
from tests.support import data
from tests.support.reviews import add_reviewed_visit


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    async with staffed_salon(app, pool, clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def review(salon: StaffedSalon, pool: Pool) -> UUID:
    return await add_reviewed_visit(pool, salon.ids)


@pytest_asyncio.fixture
async def admin(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[AsyncClient]:
    user = await data.add_user(pool, platform_role="admin")
    token = app.state.services.tokens.issue(Login(user, True), clock.now())
    async with client_of(app, Authorization=f"Bearer {token}") as client:
        yield client


async def test_owner_asks_and_operators_see_it(salon: StaffedSalon, review: UUID, admin: AsyncClient) -> None:
    path = f"/reviews/{review}/moderate"
    assert rules_of(await salon.owner.post(path, json={})) == {("reason", "missing")}
    asked = await salon.owner.post(path, json={"reason": "untrue", "note": "この日は休業日でした"})
    assert asked.json()["data"]["decide_by"] is not None, asked.text
    again = await salon.owner.post(path, json={"reason": "untrue"})
    assert error_of(again) == (422, "rule_broken")
    [waiting] = (await admin.get(f"{PREFIX}/admin/reviews/moderations")).json()["data"]
    assert (waiting["note"], waiting["review"]["id"], waiting["by_business"]) == (
        "この日は休業日でした",
        str(review),
        True,
    )
    assert error_of(await salon.owner.get("/admin/reviews/moderations")) == (403, "forbidden")


async def test_moderate_is_decided_by_operators_alone(salon: StaffedSalon, review: UUID, admin: AsyncClient) -> None:
    path = f"/reviews/{review}/moderate"
    decision = {"verdict": "hide", "reason": "untrue"}
    assert error_of(await salon.owner.post(path, json=decision)) == (403, "forbidden")
    assert error_of(await salon.staff.post(path, json=decision)) == (403, "forbidden")
    assert error_of(await salon.other_owner.post(path, json=decision)) == (404, "not_found")
    assert rules_of(await admin.post(PREFIX + path, json={"reason": "untrue"})) == {("verdict", "missing")}
    assert error_of(await admin.post(PREFIX + path, json=decision)) == (503, "unavailable"), "Temporal is away"


async def test_report_is_taken_from_anybody(salon: StaffedSalon, pool: Pool, review: UUID) -> None:
    path = f"{PREFIX}/reviews/{review}/report"
    for client in (salon.nobody, salon.nobody, salon.other_owner.http, salon.customer.http):
        answer = await client.post(path, json={"reason": "offensive"})
        assert (answer.status_code, answer.json()["data"]) == (200, {"id": str(review)})
    found = await data.rows(pool, "SELECT asked_by FROM review_moderations WHERE review_id = :id", id=review)
    assert [row["asked_by"] for row in found] == [None], "three readers are a request"
