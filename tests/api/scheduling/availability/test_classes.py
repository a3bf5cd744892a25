"""A class sells its places: never more at one start than the service has, in the rooms that were named."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from httpx import AsyncClient

from db.engine.session import Database as Pool
from tests.api.business_setup import approve, create_business, create_resource, create_service, service_body
from tests.api.conftest import PREFIX, Clock, Person, error_of, rules_of
from tests.api.salon import keyed

TOKYO = ZoneInfo("Asia/Tokyo")


def start_on(clock: Clock, hour: int) -> str:
    day = clock.now().astimezone(TOKYO).date() + timedelta(days=3)
    return datetime(day.year, day.month, day.day, hour, tzinfo=TOKYO).isoformat()


async def open_class(
    pool: Pool, owner: Person, rooms: tuple[int, ...], **service: Any
) -> tuple[str, dict[str, Any], list[UUID]]:
    """A business that is always open, with rooms of so many seats; ``service``: what is different of it."""
    business = await create_business(owner)
    day = [{"opens": "00:00", "closes": "24:00"}]
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    hours = {"weekly": dict.fromkeys(names, day), "public_holiday": None}
    assert (await owner.put(f"/owner/businesses/{business['id']}/hours", json=hours)).status_code == 200
    made = [await create_resource(owner, business["id"], "room", capacity=seats) for seats in rooms]
    asked = {"party_max": 6, "buffer_after_minutes": 0, **service}
    requirements = [{"group": 0, "resource_ids": [str(room) for room in made]}]
    one = await create_service(owner, business["id"], requirements=requirements, **asked)
    await approve(pool, business["id"])
    return business["id"], one, made


async def book(person: Person, service: dict[str, Any], start: str, party: int, *rooms: UUID) -> Any:
    body = {
        "service_id": service["id"],
        "start_at": start,
        "party_size": party,
        "resource_ids": [str(room) for room in rooms],
    }
    return await person.post("/bookings", json=body, headers=keyed())


async def left_at(client: AsyncClient, service: dict[str, Any], start: str, *rooms: UUID, party: int = 1) -> int | None:
    params = {
        "service_id": service["id"],
        "from": start[:10],
        "to": start[:10],
        "party_size": party,
        "resource_id": [str(room) for room in rooms],
    }
    answer = await client.get(f"{PREFIX}/availability", params=params)
    return {one["start_at"]: one["left"] for one in answer.json()["data"]["starts"]}.get(start)


async def test_class_sells_its_places_whatever_its_room_holds(
    client: AsyncClient, owner: Person, customer: Person, pool: Pool, clock: Clock
) -> None:
    _, service, _ = await open_class(pool, owner, (6,), capacity=4, party_max=4)
    start = start_on(clock, 10)
    assert await left_at(client, service, start) == 4
    assert (await book(customer, service, start, 3)).status_code == 201
    assert await left_at(client, service, start) == 1
    assert await left_at(client, service, start, party=2) is None
    refused = await book(customer, service, start, 2)
    assert error_of(refused) == (409, "slot_taken")
    assert start not in refused.json()["error"]["details"]["alternatives"]
    assert (await book(customer, service, start, 1)).status_code == 201
    assert await left_at(client, service, start) is None
    assert await left_at(client, service, start_on(clock, 12)) == 4


async def test_class_place_is_not_sold_twice_at_once(
    client: AsyncClient, owner: Person, customer: Person, other_owner: Person, pool: Pool, clock: Clock
) -> None:
    """Each takes free seats of the room; only the count of places keeps them apart."""
    _, service, _ = await open_class(pool, owner, (6,), capacity=4, party_max=4)
    start = start_on(clock, 10)
    answers = await asyncio.gather(book(customer, service, start, 3), book(other_owner, service, start, 3))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert await left_at(client, service, start) == 1


async def test_named_room_is_used_or_refused(
    client: AsyncClient, owner: Person, customer: Person, pool: Pool, clock: Clock
) -> None:
    _, service, (first, second) = await open_class(pool, owner, (4, 4), capacity=8, party_max=4)
    start = start_on(clock, 10)
    assert await left_at(client, service, start) == 8
    assert await left_at(client, service, start, second) == 4
    for _ in range(2):
        made = await book(customer, service, start, 2, second)
        assert made.json()["data"]["items"][0]["resource_ids"] == [str(second)], made.text
    assert await left_at(client, service, start, second) is None
    assert error_of(await book(customer, service, start, 1, second)) == (409, "slot_taken")
    assert await left_at(client, service, start) == 4
    asked = {"service_id": service["id"], "start": start}
    free = await client.get(f"{PREFIX}/availability/resources", params=asked)
    assert [one["id"] for one in free.json()["data"]["resources"]] == [str(first)]


async def test_class_that_its_resources_cannot_hold_is_refused(owner: Person, pool: Pool) -> None:
    business_id, service, rooms = await open_class(pool, owner, (4, 2), capacity=6, party_max=4)
    path = f"/owner/services/{service['id']}"
    refused = await owner.put(path, json={"capacity": 7})
    assert rules_of(refused) == {("capacity", "at_most_the_units_of_its_resources")}
    assert rules_of(await owner.put(path, json={"party_max": 7})) == {("party_max", "at_most_capacity")}
    assert rules_of(await owner.put(path, json={"party_min": 5})) == {("party_max", "not_below_party_min")}
    for party in ({"party_max": 5}, {"party_min": 5, "party_max": 5}):
        [(_, rule)] = rules_of(await owner.put(path, json=party))
        assert rule == "at_most_the_units_of_one_resource", party
    smaller = await owner.put(f"/owner/resources/{rooms[0]}", json={"capacity": 3})
    assert rules_of(smaller) == {("capacity", "at_least_the_places_of_its_classes")}, smaller.text
    assert (await owner.put(f"/owner/resources/{rooms[1]}", json={"capacity": 3})).status_code == 200
    requirements = [{"group": 0, "resource_ids": [str(rooms[1])]}]
    body = service_body(business_id, capacity=4, requirements=requirements)
    assert rules_of(await owner.post("/owner/services", json=body)) == {
        ("capacity", "at_most_the_units_of_its_resources")
    }
