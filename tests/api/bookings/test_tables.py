"""Parties at tables over HTTP: the smallest table, joined ones by the owner's rule, and another party size."""

import asyncio
from typing import Any
from uuid import UUID

from httpx import Response

from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.bookings.commands import BookingCommand
from domain.platform.actor import ActorKind
from tests.api.conftest import Clock, error_of, rules_of
from tests.api.salon import StaffedSalon, keyed
from tests.support import data


async def set_tables(salon: StaffedSalon, pool: Pool) -> tuple[str, str]:
    """A table for two and one for four, which seat six together."""
    small, large = (str(one) for one in salon.ids.resources[:2])
    await data.rows(pool, "UPDATE services SET party_max = 20")
    for resource_id, seats in ((small, 2), (large, 4)):
        changed = await salon.owner.put(f"/owner/resources/{resource_id}", json={"seats": seats})
        assert changed.json()["data"]["seats"] == seats, changed.text
    joined = await settings(salon, [{"resource_ids": [small, large], "seats": 6}])
    assert joined.json()["data"]["table_joins"] == [{"resource_ids": [small, large], "seats": 6}], joined.text
    return small, large


async def settings(salon: StaffedSalon, joins: list[dict[str, Any]]) -> Response:
    path = f"/owner/businesses/{salon.ids.business_id}/settings"
    return await salon.owner.put(path, json={"table_joins": joins})


async def book(salon: StaffedSalon, party: int, hour: int = 10) -> Response:
    body = salon.booking_body(salon.at(hour), customer_id=str(salon.ids.customer_id), party_size=party)
    return await salon.staff.post("/bookings", json=body, headers=keyed())


def tables_of(answer: Response) -> tuple[set[str], str]:
    [item] = answer.json()["data"]["items"]
    return set(item["resource_ids"]), item["chosen_by"]


async def left(salon: StaffedSalon, party: int) -> int:
    """How many such parties still fit at ten."""
    day = salon.day.date().isoformat()
    asked = f"?service_id={salon.ids.service_id}&from={day}&to={day}&party_size={party}"
    starts = (await salon.customer.get(f"/availability{asked}")).json()["data"]["starts"]
    return next((int(one["left"]) for one in starts if one["start_at"] == salon.at(10).isoformat()), 0)


async def test_post_bookings_seats_a_party_at_the_smallest_table_and_at_joined_ones(
    salon: StaffedSalon, pool: Pool
) -> None:
    small, large = await set_tables(salon, pool)
    assert [await left(salon, party) for party in (2, 3, 5)] == [2, 1, 1]
    assert tables_of(await book(salon, 2, 12)) == ({small}, "smallest_table")
    assert tables_of(await book(salon, 2, 12)) == ({large}, "only_one")
    assert tables_of(await book(salon, 5)) == ({small, large}, "joined_tables")
    assert error_of(await book(salon, 1)) == (409, "slot_taken")
    assert await left(salon, 1) == 0
    too_many = await book(salon, 7, 14)
    assert error_of(too_many) == (422, "party_size_refused")
    assert too_many.json()["error"]["details"]["party_max"] == 6, "no table and no join seats seven"


async def test_post_bookings_at_once_give_joined_tables_to_one_party(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    await set_tables(salon, pool)
    answers = await asyncio.gather(*(book(salon, 5) for _ in range(4)))
    made = [answer.json()["data"] for answer in answers if answer.status_code == 201]
    assert len(made) == 1
    refused = {error_of(answer) for answer in answers if answer.status_code != 201}
    assert refused <= {(409, "slot_taken"), (503, "unavailable")}, "who waited too long is asked to come again"
    command = BookingCommand(UUID(made[0]["id"]), salon.ids.business_id, "gone", ActorKind.STAFF, salon.staff.id)
    async with pool.unit_of_work(Scope.tenant(salon.ids.business_id)) as work:
        await work.bookings.changes.cancel(command, clock.now())
    assert [await left(salon, party) for party in (2, 5)] == [2, 1], "both tables are free again"


async def test_put_party_size_moves_the_party_to_a_table_that_seats_it(salon: StaffedSalon, pool: Pool) -> None:
    small, large = await set_tables(salon, pool)
    made = (await book(salon, 2)).json()["data"]

    async def grow(party: int) -> Response:
        return await salon.customer.put(f"/bookings/{made['id']}", json={"party_size": party})

    assert tables_of(await grow(1)) == ({small}, "smallest_table")
    assert tables_of(await grow(3)) == ({large}, "only_one")
    assert tables_of(await grow(2))[0] == {large}, "a table that seats them is kept"
    assert tables_of(await grow(6)) == ({small, large}, "joined_tables")
    assert tables_of(await grow(5))[0] == {small, large}
    assert error_of(await grow(7)) == (422, "party_size_refused")
    assert tables_of(await grow(4))[0] == {small, large}
    history = (await salon.staff.get(f"/bookings/{made['id']}/history")).json()["data"]
    changed = [one for one in history if one["event"] == "party_changed"]
    assert [one["actor_kind"] for one in changed] == ["customer"] * 6
    story = (await salon.customer.get(f"/bookings/{made['id']}/timeline")).json()["data"]
    assert "The number of people was changed from 1 to 3." in [one["text"] for one in story["entries"]]
    other = (await book(salon, 2, 12)).json()["data"]
    assert (await book(salon, 3, 12)).status_code == 201
    taken = await salon.customer.put(f"/bookings/{other['id']}", json={"party_size": 4})
    assert error_of(taken) == (409, "slot_taken")
    same = (await salon.customer.get(f"/bookings/{other['id']}")).json()["data"]
    assert (same["party_size"], same["items"][0]["resource_ids"]) == (2, [small]), "nothing of the refusal is left"


async def test_put_settings_refuses_joins_of_what_are_no_tables(salon: StaffedSalon, pool: Pool) -> None:
    small, _ = await set_tables(salon, pool)
    foreign = str(salon.other.resources[0])
    assert rules_of(await settings(salon, [{"resource_ids": [small, foreign], "seats": 6}])) == {
        ("table_joins", "not_a_table")
    }
    assert rules_of(await settings(salon, [{"resource_ids": [small, small], "seats": 4}])) == {
        ("table_joins", "more_tables_than_there_are")
    }
    assert (await settings(salon, [])).json()["data"]["table_joins"] == []
    assert error_of(await book(salon, 5)) == (422, "party_size_refused")
