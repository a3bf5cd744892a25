"""When a service can be booked: exact, three statements, and as the document says."""

from datetime import date, datetime, timedelta
from typing import Any

import orjson
from fastapi import FastAPI
from httpx import Response

from api.http.envelope import Envelope
from api.v1.scheduling.availability.schemas import AvailabilityRead, FreeResourcesRead
from db.engine.session import Database as Pool
from tests.api.conftest import PREFIX, Clock, Statements, error_of, rules_of
from tests.api.shop import Shop, counted
from tests.support import data


def asked(shop: Shop, **more: Any) -> dict[str, Any]:
    day = shop.day.date().isoformat()
    return {"service_id": str(shop.salon.service_id), "from": day, "to": day, **more}


async def starts(shop: Shop, **more: Any) -> Response:
    return await shop.nobody.get(f"{PREFIX}/availability", params=asked(shop, **more))


async def test_starts_of_one_day_with_what_is_left(shop: Shop, pool: Pool) -> None:
    await data.add_booking(pool, shop.salon, shop.at(10))
    answer = await starts(shop)
    assert answer.status_code == 200, answer.text
    body = answer.json()["data"]
    assert body["time_zone"] == "Asia/Tokyo"
    assert body["service_id"] == str(shop.salon.service_id)
    left = {row["start_at"]: row["left"] for row in body["starts"]}
    assert left[shop.at(9).isoformat()] == 2
    assert left[shop.at(10).isoformat()] == 1
    assert left[shop.at(10, 30).isoformat()] == 1
    assert left[shop.at(11).isoformat()] == 2
    assert all(start.endswith("+09:00") for start in left)
    assert list(left) == sorted(left)


async def test_preferred_resource_narrows(shop: Shop, pool: Pool) -> None:
    await data.add_booking(pool, shop.salon, shop.at(10))
    first, second = (str(one) for one in shop.salon.resources)
    taken = await starts(shop, resource_id=[first])
    free = await starts(shop, resource_id=[second])
    at_ten = shop.at(10).isoformat()
    assert at_ten not in {row["start_at"] for row in taken.json()["data"]["starts"]}
    assert at_ten in {row["start_at"] for row in free.json()["data"]["starts"]}


async def test_availability_of_a_month_takes_three_statements(shop: Shop, statements: Statements) -> None:
    until = (shop.day.date() + timedelta(days=30)).isoformat()
    statements.clear()
    answer = await starts(shop, to=until)
    assert len(answer.json()["data"]["starts"]) > 1000
    assert len(statements) <= 3, statements.sent


async def test_bytes_are_what_the_document_says(shop: Shop) -> None:
    """They are written without a model in between, so the model is asked here."""
    raw = (await starts(shop)).content
    read = Envelope[AvailabilityRead].model_validate_json(raw, extra="forbid")
    again = read.model_dump(mode="json")
    assert {**again, "data": {**again["data"], "starts": []}} == {
        **orjson.loads(raw),
        "data": {**orjson.loads(raw)["data"], "starts": []},
    }
    assert [(start.start_at, start.left) for start in read.data.starts] == [
        (datetime.fromisoformat(row["start_at"]), row["left"]) for row in orjson.loads(raw)["data"]["starts"]
    ]


async def test_staff_see_times_that_the_public_does_not(shop: Shop, pool: Pool, clock: Clock) -> None:
    """The lead time binds customers and not staff."""
    await data.rows(pool, "UPDATE business_settings SET lead_time = interval '100 days'")
    assert (await starts(shop)).json()["data"]["starts"] == []
    for_staff = await shop.staff.get("/availability", params=asked(shop))
    assert for_staff.json()["data"]["starts"]
    for_assistant = await shop.assistant.get("/availability", params=asked(shop))
    assert for_assistant.json()["data"]["starts"] == []


async def test_free_resources_at_a_start(shop: Shop, pool: Pool, statements: Statements) -> None:
    await data.add_booking(pool, shop.salon, shop.at(10))
    statements.clear()
    answer = await shop.nobody.get(
        f"{PREFIX}/availability/resources",
        params={"service_id": str(shop.salon.service_id), "start": shop.at(10, 30).isoformat()},
    )
    assert answer.status_code == 200, answer.text
    assert len(statements) <= 3
    read = Envelope[FreeResourcesRead].model_validate_json(answer.content, extra="forbid").data
    assert [one.id for one in read.resources] == [shop.salon.resources[1]]
    assert read.start_at == shop.at(10, 30)


async def test_free_resources_are_an_empty_list_when_all_are_taken(shop: Shop, pool: Pool) -> None:
    for resource in (0, 1):
        await data.add_booking(pool, shop.salon, shop.at(9), resource=resource)
    answer = await shop.nobody.get(
        f"{PREFIX}/availability/resources",
        params={"service_id": str(shop.salon.service_id), "start": shop.at(9).isoformat()},
    )
    assert answer.json()["data"]["resources"] == []


async def test_availability_refuses_bad_questions(shop: Shop) -> None:
    for change, field in (
        ({"from": "2026-13-01"}, "from"),
        ({"from": "0001-01-01"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"service_id": "x"}, "service_id.0"),
        ({"party_size": 0}, "party_size"),
        ({"resource_id": ["x"]}, "resource_id.0"),
    ):
        assert {name for name, _ in rules_of(await starts(shop, **change))} == {field}, change
    for days in (-1, 31, 400):
        until: date = shop.day.date() + timedelta(days=days)
        assert error_of(await starts(shop, to=until.isoformat())) == (422, "invalid_input"), days
    assert error_of(await starts(shop, party_size=50)) == (422, "party_size_refused")
    assert error_of(await starts(shop, resource_id=[str(shop.other.resources[0])])) == (404, "not_found")


async def test_thirty_one_days_are_allowed(shop: Shop) -> None:
    assert (await starts(shop, to=(shop.day.date() + timedelta(days=30)).isoformat())).status_code == 200


async def test_starts_that_cannot_be_asked_for(shop: Shop) -> None:
    for start, expected in (
        ("2020-01-01T10:00:00+09:00", "outside_booking_window"),
        ("2026-11-24T10:00:00", "invalid_input"),
        ("9999-12-31T23:59:59+09:00", "invalid_input"),
    ):
        answer = await shop.nobody.get(
            f"{PREFIX}/availability/resources", params={"service_id": str(shop.salon.service_id), "start": start}
        )
        assert error_of(answer) == (422, expected), start


async def test_hidden_services_and_unknown_ones_look_alike(shop: Shop, pool: Pool) -> None:
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=shop.other.business_id)
    hidden = await starts(shop, service_id=str(shop.other.service_id))
    unknown = await starts(shop, service_id="019a0c5e-0000-7000-8000-000000000000")
    assert error_of(hidden) == error_of(unknown) == (404, "not_found")
    assert hidden.json()["error"] == unknown.json()["error"]


async def test_asking_writes_nothing(app: FastAPI, shop: Shop, pool: Pool) -> None:
    before = await counted(pool, "outbox", "audit_logs", "resource_claims")
    await starts(shop)
    assert await counted(pool, "outbox", "audit_logs", "resource_claims") == before
