"""Ids and fields from somebody who means ill: refused with a code, never believed, never a 500."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX, Clock, error_of
from tests.api.salon import keyed
from tests.api.tenancy.asking import operations
from tests.api.tenancy.world import Tenants, content, opened_world
from tests.support import sampling

NO_IDS = ("0", "-1", "not-a-uuid", "%00", "%2e%2e", "' OR 1=1 --", "null", "{}", "x" * 4000, "１２３", "*")


@pytest_asyncio.fixture
async def tenants(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[Tenants]:
    async with opened_world(app, pool, clock) as opened:
        yield opened


@pytest.mark.parametrize("where", ["path", "query", "body"])
async def test_malformed_id_is_refused_with_a_code(tenants: Tenants, where: str) -> None:
    owner, asked = tenants.people["owner"], 0
    for operation in operations():
        for place in operation.places:
            if place.where != where or (where == "path" and place.name == "entity_id"):  # any text
                continue
            bads = NO_IDS if where == "path" else NO_IDS[1:4]
            for bad in sampling.sample(bads, one_in=4, purpose=f"{operation.name} {place}"):
                answer = await owner.request(**tenants.ready(operation.ask(tenants.mine.rows, place, bad)))
                status, code = error_of(answer)
                assert status in {400, 403, 404, 405, 422}, (operation.name, place, bad, answer.text)
                assert code, operation.name
                asked += 1
    assert asked > 20


async def test_repeated_id_never_reaches_two_tenants(tenants: Tenants) -> None:
    """Whichever of the two is meant, permission and answer mean the same."""
    owner, mine, theirs = (
        tenants.people["owner"],
        *(str(one.salon.business_id) for one in (tenants.mine, tenants.other)),
    )
    for path in ("/policies", "/bookings", "/payments", "/notifications", "/resources", "/audit"):
        public = path == "/resources"
        foreign = str(tenants.hidden.salon.business_id) if public else theirs
        alone = await owner.get(PREFIX + path, params={"business_id": mine})
        for pair in ((mine, foreign), (foreign, mine)):
            answer = await owner.get(PREFIX + path, params=[("business_id", one) for one in pair])
            if answer.status_code == 200:
                assert answer.json()["data"] == alone.json()["data"], path
            else:
                assert error_of(answer) == (404, "not_found"), path


async def test_repeated_field_never_reaches_two_tenants(tenants: Tenants, pool: Pool) -> None:
    before = [await content(pool, filled.salon) for filled in (tenants.other, tenants.hidden)]
    owner, mine, theirs = (
        tenants.people["owner"],
        *(str(one.salon.business_id) for one in (tenants.mine, tenants.other)),
    )
    name = json.dumps({"en": "Free"})
    for first, second in ((mine, theirs), (theirs, mine)):
        body = f'{{"business_id": "{first}", "name": {name}, "tiers": [], "business_id": "{second}"}}'
        answer = await owner.post(
            f"{PREFIX}/policies", content=body, headers={"Content-Type": "application/json", **keyed()}
        )
        assert error_of(answer) == (400, "malformed")
    assert [await content(pool, filled.salon) for filled in (tenants.other, tenants.hidden)] == before


#: What nobody may say about a row of their own.
NOT_YOURS = ("id", "owner_id", "user_id", "status", "deleted_at", "created_at", "version", "code", "amount_due", "role")


async def test_fields_that_callers_may_not_set_are_refused(tenants: Tenants, pool: Pool) -> None:
    """Fields that no schema names are refused wherever there is a body, and a business is nobody's to give away."""
    before = await content(pool, tenants.mine.salon)
    owner, refused = tenants.people["owner"], 0
    for operation in operations():
        if operation.example is None:
            continue
        for field in sampling.sample(NOT_YOURS, one_in=3, purpose=operation.name):
            asked = tenants.ready(operation.ask(tenants.mine.rows, None, None))
            if field in asked["json"] or "/auth/" in operation.path or "/admin/" in operation.path:
                continue
            if field == "status" and operation.path.startswith("/api/v1/notifications"):
                continue
            asked["json"] = {**asked["json"], field: str(UUID(int=1))}
            answer = await owner.request(**asked)
            status, code = error_of(answer)
            assert (status, code) == (422, "invalid_input"), (operation.name, field, answer.text)
            refused += 1
    assert refused > 30
    # `business_id` belongs to what makes something; what is there stays where it is.
    theirs = str(tenants.other.salon.business_id)
    for path in (
        f"/owner/services/{tenants.mine.rows['services']}",
        f"/policies/{tenants.mine.rows['cancellation_policies']}",
    ):
        answer = await owner.put(PREFIX + path, json={"business_id": theirs})
        assert error_of(answer) == (422, "invalid_input"), path
    assert await content(pool, tenants.mine.salon) == before
