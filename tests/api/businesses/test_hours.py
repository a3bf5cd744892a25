"""Opening hours, one-off days, and the bookings that a change of them would strand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from httpx import AsyncClient

from db.engine.session import Database as Pool
from tests.api.business_setup import EVERY_DAY, NINE_TO_SIX, OpenSalon, create_business, open_salon, put_booking, rows
from tests.api.conftest import PREFIX, Person, error_of, outcome, rules_of
from tests.support.servers import Database

TOKYO = ZoneInfo("Asia/Tokyo")


def in_a_week(hour: int, minute: int = 0) -> datetime:
    """A time of day a week from now, in Tokyo."""
    day = datetime.now(TOKYO).date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=TOKYO)


async def test_week_is_set_and_read_whole(client: AsyncClient, owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    week = {
        "monday": [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:00", "closes": "18:00"}],
        "friday": [{"opens": "22:00", "closes": "25:30"}],
    }
    body = {"weekly": week, "public_holiday": []}
    changed = await owner.put(f"/owner/businesses/{salon.id}/hours", json=body)
    assert changed.status_code == 200
    read = (await client.get(f"{PREFIX}/businesses/{salon.id}/hours")).json()["data"]
    assert read == changed.json()["data"]
    assert read["weekly"]["monday"] == week["monday"]
    assert read["weekly"]["friday"] == week["friday"]
    assert read["weekly"]["sunday"] == []
    assert read["public_holiday"] == []
    assert read["time_zone"] == "Asia/Tokyo"


async def test_public_holiday_row_can_be_absent_closed_or_open(owner: Person) -> None:
    business = await create_business(owner)
    path = f"/businesses/{business['id']}/hours"
    for holiday in (None, [], NINE_TO_SIX, None):
        body = {"weekly": EVERY_DAY, "public_holiday": holiday}
        assert (await owner.put(f"/owner{path}", json=body)).status_code == 200
        assert (await owner.get(path)).json()["data"]["public_holiday"] == holiday


def span(opens: str, closes: str) -> dict[str, str]:
    return {"opens": opens, "closes": closes}


WRONG_HOURS: list[tuple[dict[str, Any], object]] = [
    ({"monday": [span("12:00", "10:00")]}, [("weekly.monday.0.closes", "after_start")]),
    ({"monday": [span("10:00", "10:00")]}, [("weekly.monday.0.closes", "after_start")]),
    ({"monday": [span("24:00", "25:00")]}, [("weekly.monday.0.opens", "within_day")]),
    ({"monday": [span("9:00", "10:00")]}, [("weekly.monday.0.opens", "string_pattern_mismatch")]),
    ({"monday": [span("10:00", "48:01")]}, [("weekly.monday.0.closes", "string_pattern_mismatch")]),
    ({"someday": []}, [("weekly.someday", "extra_forbidden")]),
    ({"monday": [span("10:00", "11:00")] * 11}, [("weekly.monday", "too_long")]),
    ({"monday": [span("09:00", "12:00"), span("11:59", "18:00")]}, (422, "overlapping_hours")),
    ({"monday": [span("20:00", "26:00")], "tuesday": [span("01:00", "05:00")]}, (422, "overlapping_hours")),
    ({"sunday": [span("20:00", "34:00")], "monday": [span("09:00", "12:00")]}, (422, "overlapping_hours")),
]


async def test_wrong_hours_change_nothing(owner: Person) -> None:
    business = await create_business(owner)
    path = f"/businesses/{business['id']}/hours"
    await owner.put(f"/owner{path}", json={"weekly": {"sunday": NINE_TO_SIX}})
    before = (await owner.get(path)).json()["data"]
    found = [(weekly, outcome(await owner.put(f"/owner{path}", json={"weekly": weekly}))) for weekly, _ in WRONG_HOURS]
    assert found == WRONG_HOURS
    assert (await owner.get(path)).json()["data"] == before


async def test_touching_ranges_are_fine(owner: Person) -> None:
    business = await create_business(owner)
    weekly = {"monday": [span("13:00", "18:00"), span("09:00", "13:00")]}
    answer = await owner.put(f"/owner/businesses/{business['id']}/hours", json={"weekly": weekly})
    assert answer.json()["data"]["weekly"]["monday"] == [span("09:00", "13:00"), span("13:00", "18:00")]


async def test_one_off_days_are_replaced_from_today_on(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    today = datetime.now(TOKYO).date()
    first, second = today + timedelta(days=3), today + timedelta(days=4)
    path = f"/owner/businesses/{salon.id}/holidays"
    days = [
        {"day": str(second), "ranges": [span("10:00", "15:00"), span("16:00", "26:00")], "name": "夏祭り"},
        {"day": str(first)},
    ]
    answer = await owner.put(path, json={"days": days})
    assert answer.status_code == 200
    assert answer.json()["data"]["one_off"] == [{"day": str(first), "ranges": [], "name": None}, days[0]]
    await owner.put(path, json={"days": []})
    assert (await owner.get(f"/businesses/{salon.id}/hours")).json()["data"]["one_off"] == []


async def test_one_off_days_are_given_once_each(owner: Person) -> None:
    business = await create_business(owner)
    path = f"/owner/businesses/{business['id']}/holidays"
    day = {"day": "2030-01-01"}
    assert rules_of(await owner.put(path, json={"days": [day, day]})) == {("days", "unique")}
    overlapping = {"day": "2030-01-01", "ranges": [span("10:00", "12:00"), span("11:00", "13:00")]}
    assert error_of(await owner.put(path, json={"days": [overlapping]})) == (422, "overlapping_hours")


async def change_that_breaks(kind: str, salon: OpenSalon, at: datetime) -> tuple[str, dict[str, Any]]:
    if kind == "hours":
        return "hours", {"weekly": {**EVERY_DAY, at.strftime("%A").lower(): [span("09:00", "15:30")]}}
    return "holidays", {"days": [{"day": str(at.date()), "ranges": [span("09:00", "15:30")]}]}


@pytest.mark.parametrize("kind", ["hours", "holidays"])
async def test_change_lists_the_bookings_it_strands(owner: Person, pool: Pool, database: Database, kind: str) -> None:
    salon = await open_salon(pool, owner)
    at = in_a_week(15)
    await put_booking(database, salon, in_a_week(10), staff=1)  # still fits
    await put_booking(database, salon, in_a_week(17), staff=1, status="cancelled")  # over
    booking = await put_booking(database, salon, at)
    part, body = await change_that_breaks(kind, salon, at)
    path = f"/owner/businesses/{salon.id}/{part}"
    before = (await owner.get(f"/businesses/{salon.id}/hours")).json()["data"]

    refused = await owner.put(path, json=body)
    assert error_of(refused) == (409, "would_break_bookings")
    details = refused.json()["error"]["details"]
    assert details["count"] == 1
    assert [one["id"] for one in details["bookings"]] == [str(booking)]
    assert datetime.fromisoformat(details["bookings"][0]["start_at"]) == at
    assert all(details["bookings"][0][name].endswith("+09:00") for name in ("start_at", "end_at")), details
    assert (await owner.get(f"/businesses/{salon.id}/hours")).json()["data"] == before
    assert await rows(database, "SELECT * FROM reaccommodations") == []

    done = await owner.put(path, json=body, params={"confirm": "true"})
    assert done.status_code == 200
    assert done.json()["data"] != before
    offered = await rows(database, "SELECT reason, booking_id, business_id, status FROM reaccommodations")
    assert [tuple(row) for row in offered] == [(kind, booking, salon.id, "open")]
    listed = (await owner.get(f"/owner/businesses/{salon.id}/reaccommodations", params={"status": "open"})).json()
    assert [(one["booking_id"], one["reason"]) for one in listed["data"]] == [(str(booking), kind)]
    offer = (await owner.get(f"/bookings/{booking}/reaccommodation")).json()["data"]
    assert datetime.fromisoformat(offer["lost_start_at"]) == at
    times = [offer[name] for name in ("lost_start_at", "start_at", "decide_by")] + offer["alternatives"]
    assert all(time.endswith("+09:00") for time in times), times
    assert len(offer["alternatives"]) == 3
    # What was stranded with open eyes does not stand in the way of the next change.
    assert (await owner.put(path, json=body)).status_code == 200


async def test_hold_past_its_time_strands_nobody(owner: Person, pool: Pool, database: Database) -> None:
    salon = await open_salon(pool, owner)
    booking = await put_booking(database, salon, in_a_week(10), status="pending")
    path = f"/owner/businesses/{salon.id}/hours"
    assert error_of(await owner.put(path, json={"weekly": {}})) == (409, "would_break_bookings")
    await rows(database, "UPDATE bookings SET hold_expires_at = now() - interval '1 minute' WHERE id = $1", booking)
    assert (await owner.put(path, json={"weekly": {}})).status_code == 200


async def test_time_zone_change_strands_bookings_too(owner: Person, pool: Pool, database: Database) -> None:
    salon = await open_salon(pool, owner)
    await put_booking(database, salon, in_a_week(10))
    path = f"/owner/businesses/{salon.id}"
    assert error_of(await owner.put(path, json={"time_zone": "Europe/London"})) == (409, "would_break_bookings")
    assert (await owner.put(path, json={"time_zone": "Asia/Seoul"})).status_code == 200  # the same clock
    moved = await owner.put(path, json={"time_zone": "Europe/London"}, params={"confirm": "true"})
    assert moved.json()["data"]["time_zone"] == "Europe/London"


async def test_past_bookings_do_not_matter(owner: Person, pool: Pool, database: Database) -> None:
    salon = await open_salon(pool, owner)
    await put_booking(database, salon, datetime.now(UTC) - timedelta(days=2))
    assert (await owner.put(f"/owner/businesses/{salon.id}/hours", json={"weekly": {}})).status_code == 200


async def test_past_one_off_day_stays(owner: Person, pool: Pool, database: Database) -> None:
    salon = await open_salon(pool, owner)
    past = date(2020, 1, 1)
    await rows(database, "INSERT INTO business_holidays (business_id, day) VALUES ($1, $2)", salon.id, past)
    assert (await owner.put(f"/owner/businesses/{salon.id}/holidays", json={"days": []})).status_code == 200
    assert len(await rows(database, "SELECT * FROM business_holidays")) == 1


async def test_hours_on_public_holidays_need_a_zone_whose_holidays_are_known(owner: Person, pool: Pool) -> None:
    """A row that would do nothing is refused, for the business, for a resource, and by a change of the time zone."""
    salon = await open_salon(pool, owner)
    path, refused = f"/owner/businesses/{salon.id}", {("public_holiday", "no_holidays_known_in_this_time_zone")}
    resource = f"/owner/resources/{salon.staff[0]}"
    moved = await owner.put(path, json={"time_zone": "America/New_York"})
    assert moved.status_code == 200, moved.text
    for holiday in ([], NINE_TO_SIX):
        body = {"weekly": EVERY_DAY, "public_holiday": holiday}
        assert rules_of(await owner.put(f"{path}/hours", json=body)) == refused
        assert rules_of(await owner.put(resource, json={"working_hours": body})) == refused
    plain = {"weekly": EVERY_DAY, "public_holiday": None}
    assert (await owner.put(f"{path}/hours", json=plain)).status_code == 200
    assert (await owner.put(path, json={"time_zone": "Asia/Tokyo"})).status_code == 200
    closed = {"weekly": EVERY_DAY, "public_holiday": []}
    for place, body in ((f"{path}/hours", closed), (resource, {"working_hours": closed})):
        assert (await owner.put(place, json=body)).status_code == 200
        assert rules_of(await owner.put(path, json={"time_zone": "America/New_York"})) == refused
        null = plain if place.endswith("hours") else {"working_hours": plain}
        assert (await owner.put(place, json=null)).status_code == 200
