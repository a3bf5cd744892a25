"""Several services in one booking over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX, Statements, error_of, rules_of
from tests.api.salon import StaffedSalon, counted, keyed
from tests.support import data


async def two_services(salon: StaffedSalon, pool: Pool) -> dict[str, Any]:
    """A cut, then a colour of 90 minutes by the second of the staff."""
    colour = await data.add_service(
        pool,
        salon.ids.business_id,
        salon.ids.resources[1],
        name={"ja": "カラー", "en": "Colour"},
        price=13200,
        duration_minutes=90,
    )
    items = [{"service_id": str(salon.ids.service_id)}, {"service_id": str(colour)}]
    return {"items": items, "start_at": salon.at(10).isoformat()}


async def test_services_of_one_booking_take_one_savepoint_more_than_one(
    salon: StaffedSalon, pool: Pool, statements: Statements
) -> None:
    body = await two_services(salon, pool)
    statements.clear()
    answer = await salon.customer.post("/bookings", json=body, headers=keyed())
    assert answer.status_code == 201, answer.text
    assert len(statements) == 4, statements.sent
    assert sum(sent.startswith("SAVEPOINT") for sent in statements.sent) == 1
    booking = answer.json()["data"]
    assert booking["price"] == {"amount": 19800, "currency": "JPY"}
    assert booking["amount_due"] == {"amount": 6600, "currency": "JPY"}
    assert booking["payment_mode"] == "deposit"
    assert booking["end_at"] == (salon.at(12, 30)).isoformat()
    assert [item["start_at"] for item in booking["items"]] == [salon.at(10).isoformat(), salon.at(11).isoformat()]
    assert booking["items"][1]["resource_ids"] == [str(salon.ids.resources[1])]
    shown = (await salon.customer.get(f"/bookings/{booking['id']}")).json()["data"]
    assert shown["items"] == booking["items"]
    listed = (await salon.staff.get("/bookings", params={"business_id": str(salon.ids.business_id)})).json()["data"]
    assert [len(one["items"]) for one in listed] == [2]


async def test_availability_answers_for_the_list_of_services(salon: StaffedSalon, pool: Pool) -> None:
    body = await two_services(salon, pool)
    day = salon.at(10).date().isoformat()
    services = [item["service_id"] for item in body["items"]]
    body["items"][0]["resource_ids"] = [str(salon.ids.resources[0])]
    params = {"service_id": services, "from": day, "to": day}
    before = (await salon.nobody.get(f"{PREFIX}/availability", params=params)).json()["data"]
    assert (before["service_ids"], before["duration_minutes"]) == (services, 150)
    assert salon.at(10).isoformat() in [start["start_at"] for start in before["starts"]]
    made = await salon.customer.post("/bookings", json=body, headers=keyed())
    assert made.status_code == 201
    agreed = made.json()["data"]
    shown = before["dues"]
    assert [shown[name]["amount"] for name in ("price", "online", "at_venue")] == [19800, 6600, 13200]
    assert [agreed["price"], agreed["amount_due"], agreed["due_at_venue"], agreed["payment_mode"]] == list(
        shown.values()
    )
    assert agreed == (await salon.customer.get(f"/bookings/{agreed['id']}")).json()["data"] | {
        name: agreed[name] for name in ("guest_token", "customer_name") if name in agreed
    }
    after = (await salon.nobody.get(f"{PREFIX}/availability", params=params)).json()["data"]["starts"]
    free = [start["start_at"] for start in after]
    # The colourist is taken from 11:00 to 12:30, so a visit fits that ends before or whose colour begins then.
    assert salon.at(10).isoformat() not in free
    assert salon.at(8, 30).isoformat() in free
    assert salon.at(11, 30).isoformat() in free
    assert salon.at(8, 45).isoformat() not in free
    in_other_order = {**params, "service_id": services[::-1]}
    answer = (await salon.nobody.get(f"{PREFIX}/availability", params=in_other_order)).json()["data"]["starts"]
    assert salon.at(9, 30).isoformat() in [start["start_at"] for start in answer]


async def test_services_have_their_own_staff(salon: StaffedSalon, pool: Pool) -> None:
    body = await two_services(salon, pool)
    first, second = (str(one) for one in salon.ids.resources)
    body["items"][0]["resource_ids"] = [first]
    answer = await salon.customer.post("/bookings", json=body, headers=keyed())
    assert [item["resource_ids"] for item in answer.json()["data"]["items"]] == [[first], [second]]
    body["items"][1]["resource_ids"] = [first]
    refused = await salon.customer.post("/bookings", json=body, headers=keyed())
    assert error_of(refused) == (404, "not_found")


async def test_request_names_one_service_or_items(salon: StaffedSalon, pool: Pool) -> None:
    body = await two_services(salon, pool)
    both = {**body, "service_id": body["items"][0]["service_id"]}
    assert rules_of(await salon.customer.post("/bookings", json=both, headers=keyed())) == {
        ("service_id", "exactly_one")
    }
    neither = {"start_at": body["start_at"]}
    refused = await salon.customer.post("/bookings", json=neither, headers=keyed())
    assert rules_of(refused) == {("service_id", "exactly_one")}
    beside = {**body, "resource_ids": [str(salon.ids.resources[0])]}
    refused = await salon.customer.post("/bookings", json=beside, headers=keyed())
    assert rules_of(refused) == {("resource_ids", "for_each_item")}
    six = {**body, "items": body["items"] * 3}
    assert error_of(await salon.customer.post("/bookings", json=six, headers=keyed()))[0] == 422
    assert (await counted(pool, "bookings"))["bookings"] == 0


async def test_service_of_another_tenant_is_not_found(salon: StaffedSalon, pool: Pool) -> None:
    body = await two_services(salon, pool)
    for other in (salon.other.service_id, uuid4()):
        mixed = {**body, "items": [body["items"][0], {"service_id": str(other)}]}
        refused = await salon.customer.post("/bookings", json=mixed, headers=keyed())
        assert error_of(refused) == (404, "not_found")
        params = {
            "service_id": [body["items"][0]["service_id"], str(other)],
            "from": salon.at(10).date().isoformat(),
            "to": (salon.at(10) + timedelta(days=1)).date().isoformat(),
        }
        assert (await salon.nobody.get(f"{PREFIX}/availability", params=params)).status_code == 404
    assert (await counted(pool, "bookings"))["bookings"] == 0


async def test_price_that_was_shown_is_that_of_all_services(salon: StaffedSalon, pool: Pool) -> None:
    body = await two_services(salon, pool)
    wrong = {**body, "expected_price": {"amount": 6600, "currency": "JPY"}}
    assert error_of(await salon.customer.post("/bookings", json=wrong, headers=keyed()))[1] == "price_changed"
    right = {**body, "expected_price": {"amount": 19800, "currency": "JPY"}}
    assert (await salon.customer.post("/bookings", json=right, headers=keyed())).status_code == 201


async def test_same_key_gives_the_same_booking_of_several(salon: StaffedSalon, pool: Pool) -> None:
    body = await two_services(salon, pool)
    first = await salon.customer.post("/bookings", json=body, headers=keyed("k"))
    again = await salon.customer.post("/bookings", json=body, headers=keyed("k"))
    assert first.content == again.content
    assert await counted(pool, "bookings", "booking_items") == {"bookings": 1, "booking_items": 2}
