"""Assigning the services of one booking to other people, and when the customer hears of it."""

from typing import Any

import pytest
from httpx import Response

from db.engine.session import Database as Pool
from tests.api.conftest import error_of, rules_of
from tests.api.salon import StaffedSalon, keyed
from tests.support import data


async def two_services(salon: StaffedSalon, **item: Any) -> dict[str, Any]:
    """A cut and a second one after it, both by the first person."""
    first = {"service_id": str(salon.ids.service_id), "resource_ids": [str(salon.ids.resources[0])], **item}
    body = {
        "items": [first, first],
        "start_at": salon.at(10).isoformat(),
        "customer_id": str(salon.ids.customer_id),
    }
    made = await salon.staff.post("/bookings", json=body, headers=keyed())
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()["data"]
    return found


async def assign(salon: StaffedSalon, booking: dict[str, Any], person: int, **more: Any) -> Response:
    body = {"booking_id": booking["id"], "resource_id": str(salon.ids.resources[person]), **more}
    return await salon.staff.post("/staff/assign-to-booking", json=body)


def people(salon: StaffedSalon, answer: Response) -> list[int]:
    """Who serves each of the services."""
    numbers = {str(one): number for number, one in enumerate(salon.ids.resources)}
    return [numbers[item["resource_ids"][0]] for item in answer.json()["data"]["items"]]


async def test_assign_to_booking_moves_one_service_or_all(salon: StaffedSalon, pool: Pool) -> None:
    booking = await two_services(salon)
    assert people(salon, await assign(salon, booking, 1, item=1)) == [0, 1]
    assert people(salon, await assign(salon, booking, 1, item=1)) == [0, 1], "a repeat changes nothing"
    assert people(salon, await assign(salon, booking, 1)) == [1, 1], "without a service: all that the person performs"
    assert people(salon, await assign(salon, booking, 0, item=0)) == [0, 1]
    assert rules_of(await assign(salon, booking, 0, item=2)) == {("item", "no_staff_serves_it")}
    events = await data.rows(pool, "SELECT 1 FROM booking_history WHERE event = 'reassigned'")
    assert len(events) == 3


async def test_assign_to_booking_takes_free_time_alone(salon: StaffedSalon, pool: Pool) -> None:
    booking = await two_services(salon)
    await data.add_booking(pool, salon.ids, salon.at(11), resource=1)
    assert error_of(await assign(salon, booking, 1, item=1)) == (409, "slot_taken")
    assert people(salon, await assign(salon, booking, 1, item=0)) == [1, 0], "the first service is an hour earlier"


@pytest.mark.parametrize(
    ("setting", "asked_for", "messages"),
    [(None, True, 1), (None, False, 0), ("never", True, 0), ("always", False, 1)],
)
async def test_assign_to_booking_writes_to_the_customer_as_the_business_wants(
    salon: StaffedSalon, pool: Pool, setting: str | None, asked_for: bool, messages: int
) -> None:
    if setting is not None:
        path = f"/owner/businesses/{salon.ids.business_id}/settings"
        changed = await salon.owner.put(path, json={"staff_change_notice": setting})
        assert changed.json()["data"]["staff_change_notice"] == setting
    booking = await two_services(salon, **({} if asked_for else {"resource_ids": []}))
    now = (await salon.staff.get(f"/bookings/{booking['id']}")).json()["data"]["items"][0]["resource_ids"][0]
    other = 1 if now == str(salon.ids.resources[0]) else 0
    assert (await assign(salon, booking, other, item=0)).status_code == 200
    sent = await data.rows(pool, "SELECT 1 FROM notification_outbox WHERE kind = 'booking_reassigned'")
    assert len(sent) == messages
