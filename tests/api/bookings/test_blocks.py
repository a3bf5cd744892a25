"""Blocks: real claims, bookings in the way, time that is freed, and who may write whose."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from httpx import AsyncClient

from db.engine.session import Database as Pool
from tests.api.business_setup import OpenSalon, assign, create_resource, open_salon, put_booking, rows
from tests.api.conftest import Login, Person, error_of, rules_of
from tests.api.salon import keyed
from tests.api.scheduling.staff.test_assignments import in_a_week, join
from tests.api.scheduling.staff.test_schedules import starts
from tests.support.servers import Database


def block_body(salon: OpenSalon, start: datetime, hours: float = 1, **more: Any) -> dict[str, Any]:
    end = start + timedelta(hours=hours)
    return {"business_id": str(salon.id), "starts_at": start.isoformat(), "ends_at": end.isoformat(), **more}


async def live_claims(database: Database, salon: OpenSalon) -> list[tuple[str, datetime, datetime]]:
    """What blocks have, by resource."""
    found = await rows(
        database,
        "SELECT resource_id, starts_at, ends_at FROM resource_claims WHERE business_id = $1"
        " AND block_id IS NOT NULL AND released_at IS NULL ORDER BY resource_id, starts_at",
        salon.id,
    )
    return [tuple(row) for row in found]


async def made(owner: Person, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await owner.post("/blocks", json=body, **more)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_block_takes_the_time_of_one_person(
    client: AsyncClient, owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    hanako, taro = salon.staff
    row = await made(owner, block_body(salon, in_a_week(12), resource_id=str(hanako), reason="研修"))
    assert (row["reason"], row["recurrence"], len(row["times"])) == ("研修", None, 1)
    assert datetime.fromisoformat(row["times"][0]["starts_at"]) == in_a_week(12)
    assert await live_claims(database, salon) == [
        (hanako, in_a_week(12).astimezone(UTC), in_a_week(13).astimezone(UTC))
    ]
    free = await starts(client, salon, hanako)
    assert "11:00" in free
    assert "11:15" not in free
    assert "12:45" not in free
    assert "13:00" in free
    assert "12:00" in await starts(client, salon, taro)
    listed = (await owner.get("/blocks", params={"business_id": str(salon.id), "resource_id": str(taro)})).json()
    assert listed["data"] == []
    assert (await owner.get(f"/blocks/{row['id']}")).json()["data"] == row
    assert (await owner.delete(f"/blocks/{row['id']}")).json()["data"] == {"id": row["id"], "block": None}
    assert error_of(await owner.get(f"/blocks/{row['id']}")) == (404, "not_found")
    assert "12:00" in await starts(client, salon, hanako)
    assert await live_claims(database, salon) == []


async def test_block_of_the_business_takes_every_unit_also_of_what_is_added_later(
    client: AsyncClient, owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    await made(owner, block_body(salon, in_a_week(12)))
    assert {claim[0] for claim in await live_claims(database, salon)} == {*salon.staff, salon.room}
    assert "12:00" not in await starts(client, salon)
    later = await create_resource(owner, salon.id, "room", capacity=3)
    assert [claim[0] for claim in await live_claims(database, salon)].count(later) == 3
    assert (await owner.put(f"/owner/resources/{later}", json={"capacity": 4})).status_code == 200
    assert [claim[0] for claim in await live_claims(database, salon)].count(later) == 4


async def test_block_lists_the_bookings_in_its_way_and_takes_what_they_give_up(
    client: AsyncClient, owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    booking = await put_booking(database, salon, in_a_week(12))
    await put_booking(database, salon, in_a_week(15))
    body = block_body(salon, in_a_week(11), 3, resource_id=str(salon.staff[0]))
    refused = await owner.post("/blocks", json=body)
    assert error_of(refused) == (409, "would_break_bookings")
    assert [one["id"] for one in refused.json()["error"]["details"]["bookings"]] == [str(booking)]
    assert await live_claims(database, salon) == [], "nothing is left of a refused block"
    row = await made(owner, body, params={"confirm": "true"})
    at = {hour: in_a_week(hour).astimezone(UTC) for hour in range(11, 15)}
    hanako = salon.staff[0]
    assert await live_claims(database, salon) == [(hanako, at[11], at[12]), (hanako, at[13], at[14])]
    offers = await rows(database, "SELECT booking_id, status, reason FROM reaccommodations")
    assert [tuple(one) for one in offers] == [(booking, "open", "block")]
    # A later change of the calendar does not take the booking for one that fits again.
    assert (await owner.put(f"/owner/resources/{salon.room}", json={"capacity": 2})).status_code == 200
    assert [one["status"] for one in await rows(database, "SELECT status FROM reaccommodations")] == ["open"]
    # What the booking gives up is the block's in the same statement.
    await rows(database, "UPDATE resource_claims SET released_at = now() WHERE booking_id = $1", booking)
    assert await live_claims(database, salon) == [
        (hanako, at[11], at[12]),
        (hanako, at[12], at[13]),
        (hanako, at[13], at[14]),
    ]
    assert "12:00" not in await starts(client, salon, hanako)
    assert (await owner.delete(f"/blocks/{row['id']}")).status_code == 200
    assert "12:00" in await starts(client, salon, hanako)


async def test_block_that_goes_keeps_the_booking_that_it_stranded(
    owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    await put_booking(database, salon, in_a_week(12))
    body = block_body(salon, in_a_week(12), resource_id=str(salon.staff[0]))
    row = await made(owner, body, params={"confirm": "true"})
    assert (await owner.delete(f"/blocks/{row['id']}")).status_code == 200
    assert [one["status"] for one in await rows(database, "SELECT status FROM reaccommodations")] == ["kept"]


async def test_shortened_block_frees_time_and_says_so_without_its_reason(
    client: AsyncClient, owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    hanako = salon.staff[0]
    row = await made(owner, block_body(salon, in_a_week(12), 3, resource_id=str(hanako), reason="通院"))
    shorter = {"starts_at": in_a_week(12).isoformat(), "ends_at": in_a_week(13).isoformat(), "reason": "通院"}
    assert (await owner.put(f"/blocks/{row['id']}", json=shorter)).status_code == 200
    assert "13:00" in await starts(client, salon, hanako)
    assert "12:00" not in await starts(client, salon, hanako)
    events = await rows(database, "SELECT event, payload FROM outbox WHERE event LIKE 'block.%' ORDER BY id")
    assert [one["event"] for one in events] == ["block.added", "block.changed"]
    assert not [one for one in events if "通院" in one["payload"]]
    assert in_a_week(12).astimezone(UTC).isoformat() in events[1]["payload"]


async def test_blocks_that_overlap_are_taken_once_and_one_keeps_what_the_other_gives_up(
    owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    hanako = salon.staff[0]
    first = await made(owner, block_body(salon, in_a_week(10), 3, resource_id=str(hanako)))
    await made(owner, block_body(salon, in_a_week(12), 3, resource_id=str(hanako)))
    assert (await owner.delete(f"/blocks/{first['id']}")).status_code == 200
    spans = [claim[1:] for claim in await live_claims(database, salon)]
    assert spans[0][0] == in_a_week(12).astimezone(UTC)
    assert spans[-1][1] == in_a_week(15).astimezone(UTC)
    assert all(earlier[1] == later[0] for earlier, later in pairwise(spans))


async def test_recurring_block_keeps_the_wall_clock_and_loses_one_or_the_following(
    owner: Person, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner, time_zone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2027, 3, 14, 12, tzinfo=berlin)
    weekly = {"frequency": "weekly", "count": 5}
    row = await made(owner, block_body(salon, first, resource_id=str(salon.staff[0]), recurrence=weekly))
    assert [time["starts_at"][11:] for time in row["times"]] == ["12:00:00+01:00"] * 2 + ["12:00:00+02:00"] * 3
    assert len(await live_claims(database, salon)) == 5
    second = {"scope": "one", "starts_at": row["times"][1]["starts_at"]}
    left = (await owner.delete(f"/blocks/{row['id']}", params=second)).json()["data"]["block"]
    assert left["times"] == [time for number, time in enumerate(row["times"]) if number != 1]
    assert error_of(await owner.delete(f"/blocks/{row['id']}", params=second)) == (404, "not_found")
    fourth = {"scope": "following", "starts_at": row["times"][3]["starts_at"]}
    left = (await owner.delete(f"/blocks/{row['id']}", params=fourth)).json()["data"]["block"]
    assert left["times"] == [row["times"][0], row["times"][2]]
    assert len(await live_claims(database, salon)) == 2


async def test_wrong_blocks_are_refused(owner: Person, pool: Pool, other_owner: Person) -> None:
    salon = await open_salon(pool, owner)
    start = in_a_week(12)
    for body, rule in (
        (block_body(salon, start, 0), ("ends_at", "after_start")),
        (block_body(salon, start, 24 * 31 + 1), ("ends_at", "at_most_31_days")),
        (
            block_body(salon, start, 24 * 8, recurrence={"frequency": "weekly", "count": 2}),
            ("ends_at", "occurrences_overlap"),
        ),
        (block_body(salon, start, recurrence={"frequency": "weekly"}), ("until", "until_or_count")),
    ):
        assert rules_of(await owner.post("/blocks", json=body)) == {rule}
    theirs = await open_salon(pool, other_owner)
    foreign = block_body(salon, start, resource_id=str(theirs.staff[0]))
    assert error_of(await owner.post("/blocks", json=foreign)) == (404, "not_found")


async def test_staff_block_their_own_time_alone_and_a_request_counts_once(
    app: FastAPI, owner: Person, customer: Person, other_owner: Person, log_in: Login, pool: Pool, database: Database
) -> None:
    salon = await open_salon(pool, owner)
    await join(app, owner, salon, customer, resource_id=str(salon.staff[0]))
    assistant = await log_in()
    await assign(database, salon.id, assistant, "assistant")
    mine = block_body(salon, in_a_week(12), resource_id=str(salon.staff[0]))
    theirs = block_body(salon, in_a_week(12), resource_id=str(salon.staff[1]))
    key = keyed()
    row = await made(customer, mine, headers=key)
    assert await made(customer, mine, headers=key) == row
    for person, body in ((customer, theirs), (customer, block_body(salon, in_a_week(12))), (assistant, mine)):
        assert error_of(await person.post("/blocks", json=body)) == (403, "forbidden")
    assert error_of(await other_owner.post("/blocks", json=mine)) == (404, "not_found")
    assert error_of(await other_owner.get(f"/blocks/{row['id']}")) == (404, "not_found")
    assert error_of(await other_owner.delete(f"/blocks/{row['id']}")) == (404, "not_found")
    assert (await assistant.get(f"/blocks/{row['id']}")).status_code == 200
    other = await made(owner, theirs)
    assert error_of(await customer.delete(f"/blocks/{other['id']}")) == (403, "forbidden")
    times = {name: mine[name] for name in ("starts_at", "ends_at")}
    assert error_of(await customer.put(f"/blocks/{other['id']}", json=times)) == (403, "forbidden")
    assert (await customer.delete(f"/blocks/{row['id']}")).status_code == 200
