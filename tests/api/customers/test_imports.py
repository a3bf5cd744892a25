"""Importing customers over HTTP: a preview, the import and its report."""

import base64
from typing import Any
from uuid import UUID

from activities.customers.imports import CustomerImportActivities, ImportStepInput
from db.engine.session import Database as Pool
from domain.customers.csv_files import MAX_BYTES
from tests.api.business_setup import OpenSalon, open_salon
from tests.api.conftest import Clock, Login, Person, error_of, rules_of
from tests.support import data

FILE = "お客さま,電話番号,ｶﾅ\n山田 花子,9012345678,ﾔﾏﾀﾞ ﾊﾅｺ\n,03-1234-5678,\n林,nobody,\n"


def body_of(salon: OpenSalon, text: str | bytes = FILE, **more: Any) -> dict[str, Any]:
    content = text.encode("cp932") if isinstance(text, str) else text
    return {"business_id": str(salon.id), "file": base64.b64encode(content).decode(), **more}


async def test_import_is_previewed_and_done_and_reported(owner: Person, pool: Pool, clock: Clock) -> None:
    salon = await open_salon(pool, owner)
    named = {"columns": {"お客さま": "name"}}
    refused = await owner.post("/customers/import", json=body_of(salon, dry_run=True))
    assert rules_of(refused) == {("columns", "no_name_column")}
    key = {"Idempotency-Key": "preview"}
    asked = body_of(salon, dry_run=True, **named)
    shown = (await owner.post("/customers/import", json=asked, headers=key)).json()["data"]
    kept = "SELECT 1 FROM idempotency_keys WHERE position(convert_to('山田', 'UTF8') IN body) > 0"
    assert await data.rows(pool, kept) == [], "a preview has the names of people and is not stored"
    assert (shown["id"], shown["encoding"], shown["rows"]) == (None, "cp932", 3)
    assert [column["field"] for column in shown["columns"]] == ["name", "phone", "kana"]
    first, second, third = shown["preview"]
    assert (first["family_name"], first["phone"], first["family_name_kana"]) == ("山田", "+819012345678", "ヤマダ")
    assert (second["reason"], third["left_out"]) == ("no_name", ["phone"])
    assert await data.rows(pool, "SELECT 1 FROM customer_imports") == []

    answer = await owner.post("/customers/import", json=body_of(salon, **named))
    assert answer.status_code == 202
    job = answer.json()["data"]
    assert (job["rows"], job["taken"], job["finished_at"]) == (3, 0, None)
    steps = CustomerImportActivities(pool, clock.now)
    while await steps.take_page(ImportStepInput(UUID(job["id"]), salon.id)):
        pass
    done = (await owner.get(f"/customers/imports/{job['id']}")).json()["data"]
    assert (done["taken"], done["known"], done["refused"]) == (2, 0, 1)
    path = f"/customers/imports/{job['id']}/rows"
    rows = (await owner.get(path, params={"limit": 2})).json()
    assert [(row["number"], row["outcome"], row["reason"]) for row in rows["data"]] == [
        (2, "taken", None),
        (3, "refused", "no_name"),
    ]
    rest = (await owner.get(path, params={"limit": 2, "cursor": rows["meta"]["next_cursor"]})).json()["data"]
    assert [(row["number"], row["left_out"]) for row in rest] == [(4, ["phone"])]
    [only] = (await owner.get(path, params={"outcome": "refused"})).json()["data"]
    assert only["number"] == 3
    customer = (await owner.get(f"/customers/{rest[0]['customer_id']}")).json()["data"]
    assert (customer["family_name"], customer["phone"]) == ("林", None)


async def test_import_is_for_owner_and_manager(owner: Person, other_owner: Person, log_in: Login, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    staff, manager = await log_in(), await log_in()
    await data.add_staff(pool, salon.id, staff.id, role="staff")
    await data.add_staff(pool, salon.id, manager.id, role="manager")
    body = body_of(salon, "氏名\n林\n")
    assert error_of(await staff.post("/customers/import", json=body)) == (403, "forbidden")
    assert error_of(await other_owner.post("/customers/import", json=body)) == (404, "not_found")
    job = (await manager.post("/customers/import", json=body)).json()["data"]
    assert error_of(await other_owner.get(f"/customers/imports/{job['id']}/rows")) == (404, "not_found")


async def test_import_refuses_what_is_no_file(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    for content, rule in ((b"\xff\xff\xff\x81", "encoding"), ("氏名".encode(), "no_rows")):
        answer = await owner.post("/customers/import", json=body_of(salon, content))
        assert rules_of(answer) == {("file", rule)}
    large = await owner.post("/customers/import", json=body_of(salon, b"x" * (MAX_BYTES + 1)))
    assert error_of(large)[0] in {413, 422}
