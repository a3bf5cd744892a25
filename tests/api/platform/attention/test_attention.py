"""What needs a person: admins see it and settle it, nobody else."""

from typing import Any
from uuid import uuid4

import pytest_asyncio

from api.http.envelope import Envelope, ListEnvelope
from api.v1.platform.attention.schemas import AttentionRead
from db.engine.session import Database as Pool
from db.engine.session import Scope
from tests.api.business_setup import create_business, rows
from tests.api.conftest import Login, Person, error_of
from tests.api.platform.audit.test_audit import make_admin
from tests.support.servers import Database

NOTE = {"note": "Refunded by hand."}


@pytest_asyncio.fixture
async def admin(log_in: Login, database: Database) -> Person:
    person = await log_in()
    await make_admin(person, database)
    return person


async def file(pool: Pool, kind: str, key: str, **more: Any) -> bool:
    async with pool.unit_of_work(Scope.platform()) as work:
        return await work.platform.attention.file(kind, key, details={"amount": 5500}, **more)


async def listed(person: Person, **params: Any) -> list[dict[str, Any]]:
    answer = await person.get("/admin/attention", params=params)
    assert answer.status_code == 200, answer.text
    ListEnvelope[AttentionRead].model_validate_json(answer.content, extra="forbid")
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_listed_and_settled(admin: Person, owner: Person, pool: Pool, database: Database) -> None:
    business = (await create_business(owner))["id"]
    await file(pool, "refund_failed", "one", business_id=business)
    await file(pool, "outbox_stuck", "two")
    assert [each["kind"] for each in await listed(admin)] == ["outbox_stuck", "refund_failed"]
    assert [each["kind"] for each in await listed(admin, business_id=business)] == ["refund_failed"]
    (matter,) = await listed(admin, kind="refund_failed")
    keyed = {"Idempotency-Key": "once"}
    done = await admin.post(f"/admin/attention/{matter['id']}/resolve", json=NOTE, headers=keyed)
    Envelope[AttentionRead].model_validate_json(done.content, extra="forbid")
    settled = done.json()["data"]
    assert (settled["resolved_by"], settled["resolution"]) == (str(admin.id), "Refunded by hand.")
    again = await admin.post(f"/admin/attention/{matter['id']}/resolve", json=NOTE, headers=keyed)
    assert again.content == done.content
    assert [each["id"] for each in await listed(admin, resolved=True)] == [matter["id"]]
    assert [each["kind"] for each in await listed(admin)] == ["outbox_stuck"]
    (entry,) = await rows(database, "SELECT * FROM audit_logs WHERE entity = 'attention' AND action = 'update'")
    assert (entry["actor_kind"], entry["actor_id"]) == ("admin", admin.id)
    assert await file(pool, "refund_failed", "one", business_id=business), "what happens again is filed again"


async def test_settled_once(admin: Person, pool: Pool) -> None:
    await file(pool, "outbox_stuck", "two")
    (matter,) = await listed(admin)
    path = f"/admin/attention/{matter['id']}/resolve"
    assert (await admin.post(path, json=NOTE)).status_code == 200
    assert error_of(await admin.post(path, json=NOTE)) == (409, "wrong_state")
    assert error_of(await admin.post(f"/admin/attention/{uuid4()}/resolve", json=NOTE)) == (404, "not_found")
    assert error_of(await admin.post(path, json={"note": " "})) == (422, "invalid_input")


async def test_pages(admin: Person, pool: Pool) -> None:
    for number in range(5):
        await file(pool, "outbox_stuck", f"{number}")
    first = await admin.get("/admin/attention", params={"limit": 3})
    cursor = first.json()["meta"]["next_cursor"]
    second = await admin.get("/admin/attention", params={"limit": 3, "cursor": cursor})
    ids = [each["id"] for each in first.json()["data"] + second.json()["data"]]
    assert len(set(ids)) == 5
    assert second.json()["meta"]["next_cursor"] is None


async def test_attention_list_is_for_operators_alone(owner: Person, customer: Person, pool: Pool) -> None:
    await create_business(owner)
    await file(pool, "outbox_stuck", "two")
    for person in (owner, customer):
        assert error_of(await person.get("/admin/attention")) == (403, "forbidden")
        assert error_of(await person.post(f"/admin/attention/{uuid4()}/resolve", json=NOTE)) == (403, "forbidden")
