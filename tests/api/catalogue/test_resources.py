"""Resources, their own hours, and the bookings that a change of them would strand."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from httpx import AsyncClient

from db.engine.session import Database as Pool
from tests.api.business_setup import EVERY_DAY, create_business, create_resource, open_salon, put_booking, rows
from tests.api.conftest import PREFIX, Person, Statements, error_of, outcome
from tests.support.servers import Database

TOKYO = ZoneInfo("Asia/Tokyo")
MORNINGS = {day: [{"opens": "09:00", "closes": "12:00"}] for day in EVERY_DAY}


def in_a_week(hour: int) -> datetime:
    day = datetime.now(TOKYO).date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, hour, tzinfo=TOKYO)


async def test_resource_with_and_without_hours_of_its_own(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    hours = {"weekly": MORNINGS, "public_holiday": [{"opens": "10:00", "closes": "11:00"}]}
    made = await create_resource(owner, salon.id, working_hours=hours)
    read = (await client.get(f"{PREFIX}/resources/{made}")).json()["data"]
    assert read["working_hours"] == hours
    path = f"/owner/resources/{made}"
    kept = await owner.put(path, json={"name": {"en": "Misaki"}, "capacity": 2})
    assert kept.json()["data"]["working_hours"] == hours
    assert (kept.json()["data"]["name"]["text"], kept.json()["data"]["capacity"]) == ("Misaki", 2)
    off = {"weekly": hours["weekly"], "public_holiday": []}
    assert (await owner.put(path, json={"working_hours": off})).json()["data"]["working_hours"] == off
    dropped = await owner.put(path, json={"working_hours": None})
    assert dropped.json()["data"]["working_hours"] is None


BAD_RESOURCES: list[tuple[dict[str, Any], object]] = [
    ({"kind": "robot"}, [("kind", "enum")]),
    ({"capacity": 0}, [("capacity", "greater_than_equal")]),
    ({"working_hours": {"weekly": {}}}, [("working_hours.weekly", "not_empty")]),
    (
        {"working_hours": {"weekly": {"monday": [{"opens": "09:00", "closes": "12:00"}] * 2}}},
        (422, "overlapping_hours"),
    ),
]


async def test_bad_resources_are_not_written(owner: Person) -> None:
    business = await create_business(owner)
    found = []
    for changed, _ in BAD_RESOURCES:
        body = {"business_id": business["id"], "kind": "staff", "name": {"ja": "佐藤"}, **changed}
        found.append((changed, outcome(await owner.post("/owner/resources", json=body))))
    assert found == BAD_RESOURCES
    assert (await owner.get("/resources", params={"business_id": business["id"]})).json()["data"] == []


@pytest.mark.parametrize(
    "body", [{"working_hours": {"weekly": MORNINGS}}, {"is_active": False}, None], ids=["hours", "inactive", "removed"]
)
async def test_resource_change_lists_the_bookings_it_strands(
    owner: Person, pool: Pool, database: Database, body: dict[str, Any] | None
) -> None:
    salon = await open_salon(pool, owner)
    await put_booking(database, salon, in_a_week(10), staff=1)  # of somebody else
    booking = await put_booking(database, salon, in_a_week(14))
    path = f"/owner/resources/{salon.staff[0]}"

    async def ask(**params: str) -> Any:
        return await (owner.put(path, json=body, params=params) if body else owner.delete(path, params=params))

    refused = await ask()
    assert error_of(refused) == (409, "would_break_bookings")
    [broken] = refused.json()["error"]["details"]["bookings"]
    assert broken["id"] == str(booking)
    assert {broken["start_at"][-6:], broken["end_at"][-6:]} == {"+09:00"}, "the offset of the venue"
    assert (await owner.get(f"/resources/{salon.staff[0]}")).json()["data"]["is_active"] is True
    assert (await ask(confirm="true")).status_code == 200
    filed = await rows(database, "SELECT status, booking_id FROM reaccommodations")
    assert [tuple(row) for row in filed] == [("open", booking)]


async def test_fewer_units_strand_what_is_on_the_others(owner: Person, pool: Pool, database: Database) -> None:
    salon = await open_salon(pool, owner)
    path = f"/owner/resources/{salon.room}"
    await owner.put(path, json={"capacity": 3})
    booking = await put_booking(database, salon, in_a_week(10))
    assert (await owner.put(path, json={"capacity": 1})).status_code == 200
    await owner.put(path, json={"capacity": 3})
    await rows(database, "UPDATE resource_claims SET unit = 2 WHERE resource_id = $1", salon.room)
    refused = await owner.put(path, json={"capacity": 2})
    assert [one["id"] for one in refused.json()["error"]["details"]["bookings"]] == [str(booking)]


async def test_shorter_hours_that_spare_the_bookings_are_fine(owner: Person, pool: Pool, database: Database) -> None:
    salon = await open_salon(pool, owner)
    await put_booking(database, salon, in_a_week(11))
    body = {"working_hours": {"weekly": MORNINGS}}
    assert (await owner.put(f"/owner/resources/{salon.staff[0]}", json=body)).status_code == 200


async def test_lists_cost_the_same_with_few_and_many(
    client: AsyncClient, owner: Person, pool: Pool, statements: Statements
) -> None:
    salon = await open_salon(pool, owner)
    params: dict[str, str] = {"business_id": str(salon.id), "limit": "100"}
    for _ in range(6):
        await create_resource(owner, salon.id, working_hours={"weekly": MORNINGS})
    statements.clear()
    listed = (await client.get(f"{PREFIX}/resources", params=params)).json()["data"]
    assert len(statements) == 2
    assert len(listed) == 9
    rooms = (await client.get(f"{PREFIX}/resources", params={**params, "kind": "room"})).json()["data"]
    assert [one["id"] for one in rooms] == [str(salon.room)]


async def test_inactive_ones_are_for_those_who_work_there(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    idle = await create_resource(owner, salon.id, is_active=False)
    params = {"business_id": str(salon.id)}

    async def ids(answer: Any) -> set[UUID]:
        return {UUID(one["id"]) for one in answer.json()["data"]}

    assert idle not in await ids(await client.get(f"{PREFIX}/resources", params=params))
    assert idle in await ids(await owner.get("/resources", params=params))
    assert error_of(await client.get(f"{PREFIX}/resources/{idle}")) == (404, "not_found")
