"""Weeks and exceptions: who may write them, what they strand, and what availability makes of them."""

from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from httpx import AsyncClient

from db.engine.session import Database as Pool
from tests.api.business_setup import EVERY_DAY, OpenSalon, assign, open_salon, put_booking, rows
from tests.api.conftest import PREFIX, Login, Person, error_of, rules_of
from tests.api.scheduling.staff.test_assignments import in_a_week, join
from tests.support.servers import Database


def span(opens: str, closes: str) -> dict[str, str]:
    return {"opens": opens, "closes": closes}


async def starts(client: AsyncClient, salon: OpenSalon, *resources: Any) -> list[str]:
    """Wall-clock starts a week from now."""
    day = str(in_a_week(0).date())
    asked = {"service_id": str(salon.service), "from": day, "to": day, "resource_id": [str(one) for one in resources]}
    answer = await client.get(f"{PREFIX}/availability", params=asked)
    assert answer.status_code == 200, answer.text
    return [one["start_at"][11:16] for one in answer.json()["data"]["starts"]]


async def test_week_with_breaks_and_holidays_is_set_whole(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    hanako = salon.staff[0]
    shift = [span("10:00", "13:00"), span("14:00", "16:00")]
    hours = {"weekly": dict.fromkeys(EVERY_DAY, shift), "public_holiday": []}
    answer = await owner.put("/staff/working-hours", json={"resource_id": str(hanako), "working_hours": hours})
    assert answer.json()["data"] == {"resource_id": str(hanako), "working_hours": hours}
    assert (await owner.get(f"/staff/working-hours/{hanako}")).json()["data"]["working_hours"] == hours
    found = await starts(client, salon, hanako)
    assert (found[0], found[-1]) == ("10:00", "15:00")
    assert "12:00" in found
    assert "12:15" not in found
    reset = await owner.put("/staff/working-hours", json={"resource_id": str(hanako), "working_hours": None})
    assert reset.json()["data"]["working_hours"] is None
    assert (await starts(client, salon, hanako))[0] == "09:00"


async def test_exceptions_are_made_read_changed_and_removed(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    hanako, day = str(salon.staff[0]), in_a_week(0).date()
    lunch = {"first_day": str(day), "kind": "off", "ranges": [span("11:00", "16:00")], "reason": "通院"}
    made = await owner.post("/staff/exceptions", json={"resource_id": hanako, **lunch})
    assert made.status_code == 201, made.text
    row = made.json()["data"]
    assert (row["first_day"], row["last_day"], row["ranges"]) == (str(day), str(day), lunch["ranges"])
    assert (await starts(client, salon, hanako))[-1] == "17:00"
    assert "12:00" not in await starts(client, salon, hanako)
    path = f"/staff/exceptions/{row['id']}"
    other = {"first_day": str(day), "kind": "hours", "ranges": [span("12:00", "14:00")]}
    assert (await owner.put(path, json=other)).json()["data"]["kind"] == "hours"
    assert (await starts(client, salon, hanako))[0] == "12:00"
    assert error_of(await owner.post("/staff/exceptions", json={"resource_id": hanako, **other})) == (
        409,
        "already_exists",
    )
    leave = {"first_day": str(day - timedelta(days=1)), "last_day": str(day + timedelta(days=5)), "kind": "off"}
    assert (await owner.post("/staff/exceptions", json={"resource_id": hanako, **leave})).status_code == 201
    assert await starts(client, salon, hanako) == []
    asked = {"business_id": str(salon.id), "resource_id": hanako, "from": str(day + timedelta(days=5))}
    listed = (await owner.get("/staff/exceptions", params=asked)).json()["data"]
    assert [one["kind"] for one in listed] == ["off"]
    for one in (row["id"], listed[0]["id"]):
        assert (await owner.delete(f"/staff/exceptions/{one}")).status_code == 200
    assert error_of(await owner.get(path)) == (404, "not_found")
    assert (await starts(client, salon, hanako))[0] == "09:00"


async def test_wrong_exceptions_are_refused(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    body = {"resource_id": str(salon.staff[0]), "first_day": "2030-01-02", "kind": "hours"}
    assert rules_of(await owner.post("/staff/exceptions", json=body)) == {("ranges", "not_empty")}
    backwards = {**body, "last_day": "2030-01-01", "kind": "off"}
    assert rules_of(await owner.post("/staff/exceptions", json=backwards)) == {("last_day", "not_before_first_day")}


async def test_staff_write_their_own_schedule_alone(
    app: FastAPI, owner: Person, customer: Person, other_owner: Person, log_in: Login, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    await join(app, owner, salon, customer, resource_id=str(salon.staff[0]))
    assistant, manager = await log_in(), await log_in()
    await assign(database, salon.id, assistant, "assistant")
    await assign(database, salon.id, manager, "manager")
    off = {"first_day": str(in_a_week(0).date()), "kind": "off"}
    mine, theirs = {"resource_id": str(salon.staff[0]), **off}, {"resource_id": str(salon.staff[1]), **off}
    own = await customer.post("/staff/exceptions", json=mine)
    assert own.status_code == 201
    assert error_of(await customer.post("/staff/exceptions", json=theirs)) == (403, "forbidden")
    assert error_of(await assistant.post("/staff/exceptions", json=mine)) == (403, "forbidden")
    assert error_of(await other_owner.post("/staff/exceptions", json=mine)) == (404, "not_found")
    other = await manager.post("/staff/exceptions", json=theirs)
    assert other.status_code == 201
    path = f"/staff/exceptions/{other.json()['data']['id']}"
    assert (await customer.get(path)).status_code == 200
    assert error_of(await customer.put(path, json=off)) == (403, "forbidden")
    assert error_of(await customer.delete(path)) == (403, "forbidden")
    assert error_of(await other_owner.get(path)) == (404, "not_found")
    for resource, status in ((salon.staff[0], 200), (salon.staff[1], 403)):
        body = {"resource_id": str(resource), "working_hours": {"weekly": EVERY_DAY}}
        assert (await customer.put("/staff/working-hours", json=body)).status_code == status


async def test_day_off_lists_the_bookings_it_strands(owner: Person, pool: Pool, database: Database) -> None:
    salon = await open_salon(pool, owner)
    booking = await put_booking(database, salon, in_a_week(10))
    await put_booking(database, salon, in_a_week(12), staff=1)
    day = str(in_a_week(0).date())
    off = {"resource_id": str(salon.staff[0]), "first_day": day, "kind": "off", "ranges": [span("09:00", "10:01")]}
    refused = await owner.post("/staff/exceptions", json=off)
    assert error_of(refused) == (409, "would_break_bookings")
    assert [one["id"] for one in refused.json()["error"]["details"]["bookings"]] == [str(booking)]
    assert await rows(database, "SELECT 1 FROM staff_exceptions") == []
    until_ten = {**off, "ranges": [span("09:00", "10:00")]}
    assert (await owner.post("/staff/exceptions", json=until_ten)).status_code == 201
    assert (await owner.post("/staff/exceptions", json=off, params={"confirm": "true"})).status_code == 201
