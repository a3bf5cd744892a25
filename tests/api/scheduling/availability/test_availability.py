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
from tests.api.salon import StaffedSalon, counted
from tests.support import data


def asked(salon: StaffedSalon, **more: Any) -> dict[str, Any]:
    day = salon.day.date().isoformat()
    return {"service_id": str(salon.ids.service_id), "from": day, "to": day, **more}


async def starts(salon: StaffedSalon, **more: Any) -> Response:
    return await salon.nobody.get(f"{PREFIX}/availability", params=asked(salon, **more))


async def test_starts_of_one_day_with_what_is_left(salon: StaffedSalon, pool: Pool) -> None:
    await data.add_booking(pool, salon.ids, salon.at(10))
    answer = await starts(salon)
    assert answer.status_code == 200, answer.text
    body = answer.json()["data"]
    assert body["time_zone"] == "Asia/Tokyo"
    assert body["service_id"] == str(salon.ids.service_id)
    left = {row["start_at"]: row["left"] for row in body["starts"]}
    assert left[salon.at(9).isoformat()] == 2
    assert left[salon.at(10).isoformat()] == 1
    assert left[salon.at(10, 30).isoformat()] == 1
    assert left[salon.at(11).isoformat()] == 2
    assert all(start.endswith("+09:00") for start in left)
    assert list(left) == sorted(left)


async def test_preferred_resource_narrows(salon: StaffedSalon, pool: Pool) -> None:
    await data.add_booking(pool, salon.ids, salon.at(10))
    first, second = (str(one) for one in salon.ids.resources)
    taken = await starts(salon, resource_id=[first])
    free = await starts(salon, resource_id=[second])
    at_ten = salon.at(10).isoformat()
    assert at_ten not in {row["start_at"] for row in taken.json()["data"]["starts"]}
    assert at_ten in {row["start_at"] for row in free.json()["data"]["starts"]}


async def test_availability_of_a_month_takes_three_statements(salon: StaffedSalon, statements: Statements) -> None:
    until = (salon.day.date() + timedelta(days=30)).isoformat()
    statements.clear()
    answer = await starts(salon, to=until)
    assert len(answer.json()["data"]["starts"]) > 1000
    assert len(statements) <= 3, statements.sent


async def test_bytes_are_what_the_document_says(salon: StaffedSalon) -> None:
    """They are written without a model in between, so the model is asked here."""
    raw = (await starts(salon)).content
    read = Envelope[AvailabilityRead].model_validate_json(raw, extra="forbid")
    again = read.model_dump(mode="json")
    assert {**again, "data": {**again["data"], "starts": []}} == {
        **orjson.loads(raw),
        "data": {**orjson.loads(raw)["data"], "starts": []},
    }
    assert [(start.start_at, start.left) for start in read.data.starts] == [
        (datetime.fromisoformat(row["start_at"]), row["left"]) for row in orjson.loads(raw)["data"]["starts"]
    ]


async def test_staff_see_times_that_the_public_does_not(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    """The lead time binds customers and not staff."""
    await data.rows(pool, "UPDATE business_settings SET lead_time = interval '100 days'")
    assert (await starts(salon)).json()["data"]["starts"] == []
    for_staff = await salon.staff.get("/availability", params=asked(salon))
    assert for_staff.json()["data"]["starts"]
    for_assistant = await salon.assistant.get("/availability", params=asked(salon))
    assert for_assistant.json()["data"]["starts"] == []


async def test_free_resources_at_a_start(salon: StaffedSalon, pool: Pool, statements: Statements) -> None:
    await data.add_booking(pool, salon.ids, salon.at(10))
    statements.clear()
    answer = await salon.nobody.get(
        f"{PREFIX}/availability/resources",
        params={"service_id": str(salon.ids.service_id), "start": salon.at(10, 30).isoformat()},
    )
    assert answer.status_code == 200, answer.text
    assert len(statements) <= 3
    read = Envelope[FreeResourcesRead].model_validate_json(answer.content, extra="forbid").data
    assert [one.id for one in read.resources] == [salon.ids.resources[1]]
    assert read.start_at == salon.at(10, 30)


async def test_free_resources_of_several_services(salon: StaffedSalon, pool: Pool) -> None:
    """The first person is taken from eleven on: free for the first hour, not for the second."""
    await data.add_booking(pool, salon.ids, salon.at(11))
    answer = await salon.nobody.get(
        f"{PREFIX}/availability/resources",
        params={"service_id": [str(salon.ids.service_id)] * 2, "start": salon.at(10).isoformat()},
    )
    read = Envelope[FreeResourcesRead].model_validate_json(answer.content, extra="forbid").data
    assert read.service_ids == [salon.ids.service_id] * 2
    first, second = salon.ids.resources[:2]
    assert {(one.position, one.id) for one in read.resources} == {(0, first), (0, second), (1, second)}


async def test_free_resources_are_an_empty_list_when_all_are_taken(salon: StaffedSalon, pool: Pool) -> None:
    for resource in (0, 1):
        await data.add_booking(pool, salon.ids, salon.at(9), resource=resource)
    answer = await salon.nobody.get(
        f"{PREFIX}/availability/resources",
        params={"service_id": str(salon.ids.service_id), "start": salon.at(9).isoformat()},
    )
    assert answer.json()["data"]["resources"] == []


async def test_availability_refuses_bad_questions(salon: StaffedSalon) -> None:
    for change, field in (
        ({"from": "2026-13-01"}, "from"),
        ({"from": "0001-01-01"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"service_id": "x"}, "service_id.0"),
        ({"party_size": 0}, "party_size"),
        ({"resource_id": ["x"]}, "resource_id.0"),
    ):
        assert {name for name, _ in rules_of(await starts(salon, **change))} == {field}, change
    for days in (-1, 31, 400):
        until: date = salon.day.date() + timedelta(days=days)
        assert error_of(await starts(salon, to=until.isoformat())) == (422, "invalid_input"), days
    assert error_of(await starts(salon, party_size=50)) == (422, "party_size_refused")
    assert error_of(await starts(salon, resource_id=[str(salon.other.resources[0])])) == (404, "not_found")


async def test_thirty_one_days_are_allowed(salon: StaffedSalon) -> None:
    assert (await starts(salon, to=(salon.day.date() + timedelta(days=30)).isoformat())).status_code == 200


async def test_starts_that_cannot_be_asked_for(salon: StaffedSalon) -> None:
    for start, expected in (
        ("2020-01-01T10:00:00+09:00", "outside_booking_window"),
        ("2026-11-24T10:00:00", "invalid_input"),
        ("9999-12-31T23:59:59+09:00", "invalid_input"),
    ):
        answer = await salon.nobody.get(
            f"{PREFIX}/availability/resources", params={"service_id": str(salon.ids.service_id), "start": start}
        )
        assert error_of(answer) == (422, expected), start


async def test_hidden_services_and_unknown_ones_look_alike(salon: StaffedSalon, pool: Pool) -> None:
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=salon.other.business_id)
    hidden = await starts(salon, service_id=str(salon.other.service_id))
    unknown = await starts(salon, service_id="019a0c5e-0000-7000-8000-000000000000")
    assert error_of(hidden) == error_of(unknown) == (404, "not_found")
    assert hidden.json()["error"] == unknown.json()["error"]


async def test_asking_writes_nothing(app: FastAPI, salon: StaffedSalon, pool: Pool) -> None:
    before = await counted(pool, "outbox", "audit_logs", "resource_claims")
    await starts(salon)
    assert await counted(pool, "outbox", "audit_logs", "resource_claims") == before
