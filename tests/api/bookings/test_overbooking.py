"""Overbooking over HTTP: by a manager's word alone, recorded, and seen by the business."""

from typing import Any
from uuid import UUID

from httpx import Response

from db.engine.session import Database as Pool
from db.engine.session import Scope
from domain.bookings.commands import BookingCommand
from domain.platform.actor import ActorKind
from tests.api.conftest import Clock, Person, error_of, rules_of
from tests.api.salon import StaffedSalon, counted, keyed
from tests.support import data

WORD = {"overbook": True, "overbook_reason": "常連のお客様のため"}


async def book(salon: StaffedSalon, person: Person, **more: Any) -> Response:
    """For the customer, at the one time that is asked here, with the first stylist."""
    wanted = {"customer_id": str(salon.ids.customer_id), "resource_ids": [str(salon.ids.resources[0])]}
    return await person.post("/bookings", json=salon.booking_body(**wanted, **more), headers=keyed())


async def free(salon: StaffedSalon) -> bool:
    """Whether the time is offered to others with that stylist."""
    day = salon.day.date().isoformat()
    asked = f"?service_id={salon.ids.service_id}&from={day}&to={day}&resource_id={salon.ids.resources[0]}"
    starts = (await salon.customer.get(f"/availability{asked}")).json()["data"]["starts"]
    return any(one["start_at"] == salon.at(10).isoformat() for one in starts)


async def test_post_bookings_overbooks_by_the_word_of_a_manager(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    first = (await book(salon, salon.staff)).json()["data"]
    assert error_of(await book(salon, salon.owner)) == (409, "slot_taken")
    answer = await book(salon, salon.owner, **WORD)
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    assert (made["status"], made["overbooked"]) == ("confirmed", True)
    assert made["items"][0]["units"] == [{"resource_id": str(salon.ids.resources[0]), "unit": 1000}]
    listed = (await salon.staff.get(f"/bookings?business_id={salon.ids.business_id}")).json()["data"]
    assert {one["id"]: one["overbooked"] for one in listed} == {first["id"]: False, made["id"]: True}
    assert (await salon.customer.get(f"/bookings/{made['id']}")).json()["data"]["overbooked"] is False
    history = (await salon.staff.get(f"/bookings/{made['id']}/history")).json()["data"]
    [word] = [one for one in history if one["event"] == "overbooked"]
    assert (word["reason"], word["actor_id"]) == (WORD["overbook_reason"], str(salon.owner.id))
    [audit] = await data.rows(
        pool,
        "SELECT actor_id FROM audit_logs WHERE entity_id = :id AND after->>'overbooked_by' IS NOT NULL LIMIT 1",
        id=made["id"],
    )
    assert audit == {"actor_id": salon.owner.id}
    third = (await book(salon, salon.owner, **WORD)).json()["data"]
    assert third["items"][0]["units"][0]["unit"] == 1001
    assert not await free(salon)
    command = BookingCommand(UUID(first["id"]), salon.ids.business_id, "gone", ActorKind.STAFF, salon.staff.id)
    async with pool.unit_of_work(Scope.tenant(salon.ids.business_id)) as work:
        await work.bookings.changes.cancel(command, clock.now())
    assert not await free(salon), "the overbooked guests sit there"
    assert error_of(await book(salon, salon.staff)) == (409, "slot_taken")


async def test_post_bookings_overbooks_nothing_where_the_time_is_free(salon: StaffedSalon, pool: Pool) -> None:
    made = (await book(salon, salon.owner, **WORD)).json()["data"]
    assert (made["overbooked"], made["items"][0]["units"][0]["unit"]) == (False, 0)
    assert await data.rows(pool, "SELECT 1 FROM booking_history WHERE event = 'overbooked'") == []


async def test_post_bookings_refuses_to_overbook_for_others_than_managers(salon: StaffedSalon, pool: Pool) -> None:
    assert error_of(await book(salon, salon.staff, **WORD)) == (403, "forbidden")
    own = salon.booking_body(**WORD)
    assert error_of(await salon.customer.post("/bookings", json=own, headers=keyed())) == (403, "forbidden")
    assert rules_of(await book(salon, salon.owner, overbook=True)) == {("overbook_reason", "overbook_reason")}
    assert rules_of(await salon.owner.post("/bookings", json=own, headers=keyed())) == {("customer_id", "required")}
    await data.rows(pool, "DELETE FROM business_hours")
    assert error_of(await book(salon, salon.owner, **WORD)) == (422, "outside_opening_hours")
    assert (await counted(pool, "bookings"))["bookings"] == 0


async def test_changed_hours_strand_no_overbooked_booking_that_still_fits(
    salon: StaffedSalon, pool: Pool, clock: Clock
) -> None:
    await book(salon, salon.staff)
    await book(salon, salon.owner, **WORD)
    body = {"capacity": 2}
    changed = await salon.owner.put(f"/owner/resources/{salon.ids.resources[0]}", json=body)
    assert changed.status_code == 200, "an overbooked unit is none that the resource has lost"
    fewer = await salon.owner.put(f"/owner/resources/{salon.ids.resources[0]}", json={"capacity": 1})
    assert fewer.status_code == 200, fewer.text
    off = await salon.owner.put(f"/owner/resources/{salon.ids.resources[0]}", json={"is_active": False})
    assert error_of(off) == (409, "would_break_bookings")
    assert len(off.json()["error"]["details"]["bookings"]) == 2, "both are stranded without the stylist"
