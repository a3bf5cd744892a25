"""Exporting everything that a business owns over HTTP: who may, the link, and the audit trail."""

from db.engine.session import Database as Pool
from domain.platform.files import FILE_LASTS
from tests.api.business_setup import open_salon
from tests.api.conftest import Clock, Login, Person, error_of
from tests.support import data


async def test_export_is_asked_for_and_linked(owner: Person, pool: Pool, clock: Clock) -> None:
    salon = await open_salon(pool, owner)
    asked = {"business_id": str(salon.id)}
    first = (await owner.post("/customers/export", json=asked)).json()["data"]
    assert (await owner.post("/customers/export", json=asked)).json()["data"]["id"] == first["id"]
    assert (await owner.get("/customers/export", params=asked)).json()["data"]["status"] == "queued"
    path = f"/customers/exports/{first['id']}/link"
    assert error_of(await owner.post(path)) == (410, "gone")
    now = clock.now()
    async with pool.unit_of_work(data.Scope.tenant(salon.id)) as work:
        await work.customers.archives.mark_ready(first["id"], 9, now, now + FILE_LASTS)
    link = (await owner.post(path)).json()["data"]
    assert first["id"] in link["url"]
    trail = "SELECT actor_id FROM audit_logs WHERE entity = 'business_archives' AND entity_id = :id AND action = :verb"
    for verb in ("insert", "update"):
        entries = await data.rows(pool, trail, id=first["id"], verb=verb)
        assert owner.id in {entry["actor_id"] for entry in entries}
    async with pool.unit_of_work(data.Scope.tenant(salon.id)) as work:
        await work.customers.archives.mark_ready(first["id"], 9, now, now)
    assert error_of(await owner.post(path)) == (410, "gone")


async def test_export_is_for_owner_and_manager(owner: Person, other_owner: Person, log_in: Login, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    staff, manager = await log_in(), await log_in()
    await data.add_staff(pool, salon.id, staff.id, role="staff")
    await data.add_staff(pool, salon.id, manager.id, role="manager")
    asked = {"business_id": str(salon.id)}
    assert error_of(await staff.post("/customers/export", json=asked)) == (403, "forbidden")
    assert error_of(await other_owner.post("/customers/export", json=asked)) == (404, "not_found")
    archive = (await manager.post("/customers/export", json=asked)).json()["data"]
    path = f"/customers/exports/{archive['id']}/link"
    assert error_of(await staff.post(path)) == (403, "forbidden")
    assert error_of(await other_owner.post(path)) == (404, "not_found")
