"""Merging customers over HTTP: who may, what is answered, and that it can be undone."""

from db.engine.session import Database as Pool
from domain.customers.merging import UNDO_WITHIN
from tests.api.business_setup import open_salon
from tests.api.conftest import Login, Person, error_of
from tests.api.customers.test_customers import made
from tests.support import data


async def test_merge_and_unmerge_customers(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    first = await made(owner, salon, phone="090-1234-5678")
    second = await made(owner, salon, phone="090 1234 5678", email="a@example.jp", tags=["VIP"])
    asked = {"business_id": str(salon.id)}
    [pair] = (await owner.get("/customers/duplicates", params=asked)).json()["data"]
    assert pair == {"customer_id": first["id"], "duplicate_id": second["id"], "reasons": ["phone"]}

    body = {"duplicate_id": second["id"]}
    whole = (await owner.post(f"/customers/{first['id']}/merge", json=body)).json()["data"]
    assert (whole["id"], whole["email"], whole["tags"]) == (first["id"], "a@example.jp", ["VIP"])
    assert error_of(await owner.get(f"/customers/{second['id']}")) == (404, "not_found")
    assert error_of(await owner.post(f"/customers/{first['id']}/merge", json=body)) == (404, "not_found")
    assert (await owner.get("/customers/duplicates", params=asked)).json()["data"] == []
    [merge] = (await owner.get(f"/customers/{first['id']}/merges")).json()["data"]
    assert (merge["duplicate_id"], merge["merged_by"], merge["undone_at"]) == (second["id"], str(owner.id), None)

    back = await owner.post(f"/customers/{first['id']}/unmerge", json=body)
    assert back.json()["data"]["email"] is None
    assert (await owner.get(f"/customers/{second['id']}")).json()["data"]["email"] == "a@example.jp"
    [merge] = (await owner.get(f"/customers/{first['id']}/merges")).json()["data"]
    assert merge["undone_by"] == str(owner.id)


async def test_merge_is_in_the_audit_trail(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    first, second = await made(owner, salon), await made(owner, salon)
    await owner.post(f"/customers/{first['id']}/merge", json={"duplicate_id": second["id"]})
    [entry] = await data.rows(
        pool,
        "SELECT actor_id, after FROM audit_logs WHERE entity = 'customers' AND action = 'update' AND entity_id = :id",
        id=second["id"],
    )
    assert (entry["actor_id"], entry["after"]["merged_into"]) == (owner.id, first["id"])


async def test_unmerge_of_an_old_merge_is_refused(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    first, second = await made(owner, salon), await made(owner, salon)
    body = {"duplicate_id": second["id"]}
    await owner.post(f"/customers/{first['id']}/merge", json=body)
    await data.rows(
        pool, "UPDATE customer_merges SET created_at = created_at - CAST(:ago AS interval)", ago=UNDO_WITHIN
    )
    assert error_of(await owner.post(f"/customers/{first['id']}/unmerge", json=body)) == (409, "unmerge_refused")


async def test_merge_is_for_those_who_may_write(owner: Person, other_owner: Person, log_in: Login, pool: Pool) -> None:
    salon, other = await open_salon(pool, owner), await open_salon(pool, other_owner)
    first, second, theirs = await made(owner, salon), await made(owner, salon), await made(other_owner, other)
    assistant = await log_in()
    await data.add_staff(pool, salon.id, assistant.id, role="assistant")
    path, body = f"/customers/{first['id']}/merge", {"duplicate_id": second["id"]}
    assert error_of(await assistant.post(path, json=body)) == (403, "forbidden")
    assert error_of(await other_owner.post(path, json=body)) == (404, "not_found")
    assert error_of(await owner.post(path, json={"duplicate_id": theirs["id"]})) == (404, "not_found")
    assert error_of(await owner.post(path, json={"duplicate_id": first["id"]}))[0] == 422
