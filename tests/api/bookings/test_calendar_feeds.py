"""Calendar feeds: what they show, to whom, and that a calendar can follow every change."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Response

from api.http.request_info import without_tokens
from db.bookings.blocks import BlockRequest
from db.engine.session import Database as Pool
from domain.bookings.limits import MAX_FEEDS
from domain.scheduling.recurrence import Frequency, Recurrence
from tests.api.conftest import Clock, Person, error_of
from tests.api.salon import StaffedSalon, keyed, staffed_salon
from tests.support import data
from tests.support.plain_calendar import PlainEvent, read_calendar

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest_asyncio.fixture
async def salon(app: FastAPI, pool: Pool, clock: Clock) -> AsyncIterator[StaffedSalon]:
    async with staffed_salon(app, pool, clock, payment_mode="at_venue") as opened:
        yield opened


async def make(person: Person, salon: StaffedSalon, **more: Any) -> dict[str, Any]:
    answer = await person.post("/calendars", json={"business_id": str(salon.ids.business_id), **more})
    assert answer.status_code == 201, answer.text
    feed: dict[str, Any] = answer.json()["data"]
    return feed


def path_of(feed: dict[str, Any]) -> str:
    url = str(feed["url"])
    return url[url.index("/api/v1") :]


async def fetch(client: AsyncClient, feed: dict[str, Any], **headers: str) -> Response:
    return await client.get(path_of(feed), headers=headers)


async def events(client: AsyncClient, feed: dict[str, Any]) -> dict[str, PlainEvent]:
    answer = await fetch(client, feed)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return {event.uid: event for event in read_calendar(answer.content)[1]}


async def test_feed_shows_bookings_and_blocks_without_names(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    booking = await data.add_booking(pool, salon.ids, salon.at(10))
    gone = await data.add_booking(pool, salon.ids, salon.at(14), status="cancelled")
    expired = await data.add_booking(pool, salon.ids, salon.at(16), status="expired", hold_expires_at=salon.at(9))
    async with pool.unit_of_work(salon.ids.scope) as work:
        asked = BlockRequest(None, salon.at(18), salon.at(19), reason="内緒の研修")
        await work.bookings.blocks.add_block(salon.ids.business_id, asked, clock.now(), confirm=False)
    feed = await make(salon.owner, salon)
    found = await events(salon.nobody, feed)
    assert f"booking-{expired}@omotenashi" not in found
    shown = found[f"booking-{booking}@omotenashi"]
    assert (shown.starts_at, shown.ends_at, shown.status) == (salon.at(10), salon.at(11), "CONFIRMED")
    assert (shown.summary, shown.sequence) == ("カット", 0)
    assert found[f"booking-{gone}@omotenashi"].status == "CANCELLED"
    [block] = [event for uid, event in found.items() if uid.startswith("block-")]
    assert (block.starts_at, block.summary, block.status) == (salon.at(18), "予約不可", "CONFIRMED")
    file = (await fetch(salon.nobody, feed)).text
    [person] = await data.rows(pool, "SELECT family_name FROM bookings WHERE id = :id", id=booking)
    assert person["family_name"]
    assert person["family_name"] not in file
    assert "内緒" not in file
    settings = f"/owner/businesses/{salon.ids.business_id}/settings"
    assert (await salon.owner.put(settings, json={"feeds_name_customers": True})).status_code == 200
    named = (await events(salon.nobody, feed))[f"booking-{booking}@omotenashi"]
    assert person["family_name"] in named.summary


async def test_feed_of_a_person_shows_that_person_alone(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    first, second = salon.ids.resources
    mine = await data.add_booking(pool, salon.ids, salon.at(10), resource=0)
    theirs = await data.add_booking(pool, salon.ids, salon.at(10), resource=1)
    ended = await data.add_booking(pool, salon.ids, salon.at(12), resource=0, status="cancelled")
    async with pool.unit_of_work(salon.ids.scope) as work:
        for resource in (first, second):
            asked = BlockRequest(resource, salon.at(18), salon.at(19))
            await work.bookings.blocks.add_block(salon.ids.business_id, asked, clock.now(), confirm=False)
    found = await events(salon.nobody, await make(salon.owner, salon, resource_id=str(first)))
    assert f"booking-{mine}@omotenashi" in found
    assert f"booking-{ended}@omotenashi" in found
    assert f"booking-{theirs}@omotenashi" not in found
    assert sum(uid.startswith("block-") for uid in found) == 1


async def test_feed_is_unchanged_until_something_changes(salon: StaffedSalon, pool: Pool, clock: Clock) -> None:
    booking = await data.add_booking(pool, salon.ids, salon.at(10))
    feed = await make(salon.owner, salon)
    first = await fetch(salon.nobody, feed)
    tag = first.headers["etag"]
    for seen in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await fetch(salon.nobody, feed, **{"If-None-Match": seen})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await fetch(salon.nobody, feed, **{"If-None-Match": '"other"'})).status_code == 200
    await data.rows(
        pool,
        "UPDATE bookings SET start_at = start_at + interval '1 hour', end_at = end_at + interval '1 hour', version = 1"
        " WHERE id = :id",
        id=booking,
    )
    await data.rows(
        pool,
        "UPDATE booking_items SET start_at = start_at + interval '1 hour', end_at = end_at + interval '1 hour'"
        " WHERE booking_id = :id",
        id=booking,
    )
    changed = await fetch(salon.nobody, feed, **{"If-None-Match": tag})
    assert changed.status_code == 200
    [event] = read_calendar(changed.content)[1]
    assert (event.uid, event.sequence, event.starts_at) == (f"booking-{booking}@omotenashi", 1, salon.at(11))
    await data.rows(pool, "UPDATE bookings SET status = 'cancelled' WHERE id = :id", id=booking)
    [event] = read_calendar((await fetch(salon.nobody, feed)).content)[1]
    assert (event.uid, event.sequence, event.status) == (f"booking-{booking}@omotenashi", 2, "CANCELLED")


async def test_feed_keeps_the_uid_of_a_block_that_changes(salon: StaffedSalon) -> None:
    body = {"starts_at": salon.at(18).isoformat(), "ends_at": salon.at(19).isoformat()}
    weekly = {"recurrence": {"frequency": "weekly", "count": 2}}
    made = await salon.owner.post("/blocks", json={"business_id": str(salon.ids.business_id), **body, **weekly})
    feed = await make(salon.owner, salon)
    before = await events(salon.nobody, feed)
    later = {"starts_at": salon.at(17).isoformat(), "ends_at": salon.at(18).isoformat(), **weekly}
    assert (await salon.owner.put(f"/blocks/{made.json()['data']['id']}", json=later)).status_code == 200
    after = await events(salon.nobody, feed)
    assert after.keys() == before.keys()
    assert all(after[uid].sequence == before[uid].sequence + 1 for uid in before)
    assert all(after[uid].starts_at == before[uid].starts_at - HOUR for uid in before)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", datetime(2027, 3, 28, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2027, 10, 31, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 3, 14, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2027, 4, 4, tzinfo=UTC)),
        ("Africa/Casablanca", datetime(2027, 2, 7, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2027, 3, 28, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2027, 3, 28, tzinfo=UTC)),
    ],
)
async def test_feed_has_the_booked_instants_over_a_day_on_which_the_clock_changes(
    salon: StaffedSalon, pool: Pool, clock: Clock, zone: str, day: datetime
) -> None:
    """Read by a reader of its own: every hour of the day and of the night before and after it."""
    await data.rows(pool, "UPDATE businesses SET time_zone = :zone", zone=zone)
    starts = [day - 12 * HOUR + hour * HOUR for hour in range(0, 48, 2)]
    booked = {f"booking-{await data.add_booking(pool, salon.ids, at, time_zone=zone)}@omotenashi": at for at in starts}
    local = (day + 12 * HOUR - 7 * DAY).astimezone(ZoneInfo(zone)).replace(hour=22, minute=0)
    async with pool.unit_of_work(salon.ids.scope) as work:
        weekly = Recurrence(Frequency.WEEKLY, count=3)
        asked = BlockRequest(salon.ids.resources[1], local, local + HOUR, weekly)
        await work.bookings.blocks.add_block(salon.ids.business_id, asked, clock.now(), confirm=False)
    found = await events(salon.nobody, await make(salon.owner, salon))
    assert {uid: event.starts_at for uid, event in found.items() if uid in booked} == booked
    assert all(found[uid].ends_at - found[uid].starts_at == HOUR for uid in booked)
    blocks = [event.starts_at.astimezone(ZoneInfo(zone)) for uid, event in found.items() if uid not in booked]
    assert [(at.hour, at.minute) for at in blocks] == [(22, 0)] * 3, "the wall clock is kept"


async def test_feed_opens_by_its_token_alone_until_it_is_changed_or_revoked(salon: StaffedSalon, pool: Pool) -> None:
    feed = await make(salon.owner, salon)
    path = path_of(feed)
    assert (await salon.nobody.get(path)).status_code == 200
    business = f"/api/v1/businesses/{salon.ids.business_id}/calendar.ics"
    token = path.rsplit("/", 1)[1].removesuffix(".ics")
    assert (await salon.nobody.get(business, params={"token": token})).status_code == 200
    other = f"/api/v1/businesses/{salon.other.business_id}/calendar.ics"
    assert error_of(await salon.nobody.get(other, params={"token": token})) == (404, "not_found")
    for wrong in (token[:-1], token + "x", token[:32], "x" * 40, f"{uuid4().hex}{token[32:]}", "%00"):
        assert error_of(await salon.nobody.get(f"/api/v1/calendars/{wrong}.ics")) == (404, "not_found"), wrong
    [stored] = await data.rows(pool, "SELECT * FROM calendar_feeds")
    assert token[32:].encode() not in b"".join(str(value).encode() for value in stored.values())
    rotated = (await salon.owner.post(f"/calendars/{feed['id']}/rotate")).json()["data"]
    assert error_of(await salon.nobody.get(path)) == (404, "not_found")
    assert (await fetch(salon.nobody, rotated)).status_code == 200
    assert (await salon.owner.delete(f"/calendars/{feed['id']}")).status_code == 200
    assert error_of(await fetch(salon.nobody, rotated)) == (404, "not_found")


async def test_feed_address_is_shown_once(salon: StaffedSalon) -> None:
    key = keyed()
    body = {"business_id": str(salon.ids.business_id)}
    first, again = [await salon.owner.post("/calendars", json=body, headers=key) for _ in range(2)]
    assert first.json()["data"]["url"]
    assert again.json()["data"] == {**first.json()["data"], "url": None}
    [listed] = (await salon.owner.get("/calendars", params=body)).json()["data"]
    assert "url" not in listed


async def test_feed_is_made_by_those_who_may(salon: StaffedSalon, pool: Pool) -> None:
    first, second = map(str, salon.ids.resources)
    await data.rows(
        pool,
        "UPDATE staff_assignments SET resource_id = :r WHERE user_id = :u",
        r=salon.ids.resources[0],
        u=salon.staff.id,
    )
    mine = await make(salon.staff, salon, resource_id=first)
    whole = await make(salon.owner, salon)
    body = {"business_id": str(salon.ids.business_id)}
    assert error_of(await salon.staff.post("/calendars", json=body)) == (403, "forbidden")
    assert error_of(await salon.staff.post("/calendars", json={**body, "resource_id": second})) == (403, "forbidden")
    assert error_of(await salon.assistant.post("/calendars", json={**body, "resource_id": first})) == (403, "forbidden")
    assert error_of(await salon.customer.post("/calendars", json=body)) == (404, "not_found")
    assert error_of(await salon.staff.post(f"/calendars/{whole['id']}/rotate")) == (403, "forbidden")
    assert error_of(await salon.staff.delete(f"/calendars/{whole['id']}")) == (403, "forbidden")
    assert error_of(await salon.other_owner.post(f"/calendars/{mine['id']}/rotate")) == (404, "not_found")
    assert error_of(await salon.other_owner.delete(f"/calendars/{mine['id']}")) == (404, "not_found")
    theirs = {**body, "resource_id": str(salon.other.resources[0])}
    assert error_of(await salon.owner.post("/calendars", json=theirs)) == (404, "not_found")
    assert (await salon.staff.delete(f"/calendars/{mine['id']}")).status_code == 200


async def test_feed_token_is_in_no_log(salon: StaffedSalon, caplog: pytest.LogCaptureFixture) -> None:
    feed = await make(salon.owner, salon)
    caplog.clear()
    await fetch(salon.nobody, feed)
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert ours
    token = path_of(feed).rsplit("/", 1)[1].removesuffix(".ics")
    assert not [record for record in ours if token in str(record.msg) or token in record.getMessage()]


@pytest.mark.parametrize("around", ["{}.ics", "{}", "{}/", "{}.ics/", "{}.ICS", "{}.ics.ics", "x/{}/y"])
def test_path_in_a_log_has_no_token_whatever_is_around_it(around: str) -> None:
    token = "0" * 32 + "s" * 43
    path = "/api/v1/calendars/" + around.format(token)
    assert "sss" not in without_tokens(path)
    assert without_tokens("/api/v1/calendars/019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58/rotate").endswith("6c58/rotate")


async def test_feed_ends_with_the_work_of_the_one_who_made_it(salon: StaffedSalon, pool: Pool) -> None:
    first = salon.ids.resources[0]
    own = "UPDATE staff_assignments SET resource_id = :r, role = :role, ended_at = :ended WHERE user_id = :u"

    async def work_as(role: str, resource: UUID | None, ended: datetime | None = None) -> None:
        await data.rows(pool, own, r=resource, role=role, ended=ended, u=salon.staff.id)

    async def opens(feed: dict[str, Any]) -> bool:
        answer = await fetch(salon.nobody, feed)
        assert answer.status_code in {200, 404}
        return answer.status_code == 200

    await work_as("manager", first)
    whole, mine = await make(salon.staff, salon), await make(salon.staff, salon, resource_id=str(first))
    others = await make(salon.owner, salon, resource_id=str(first))
    assert [await opens(feed) for feed in (whole, mine, others)] == [True] * 3
    await work_as("staff", first)
    assert [await opens(feed) for feed in (whole, mine, others)] == [False, True, True]
    await work_as("staff", salon.ids.resources[1])
    assert [await opens(feed) for feed in (whole, mine, others)] == [False, False, True]
    await work_as("assistant", first)
    assert [await opens(feed) for feed in (whole, mine, others)] == [False, False, True]
    await work_as("manager", first, datetime.now(UTC))
    assert [await opens(feed) for feed in (whole, mine, others)] == [False, False, True]
    rotated = (await salon.owner.post(f"/calendars/{mine['id']}/rotate")).json()["data"]
    assert await opens(rotated), "it belongs to the one who knows its address now"


async def test_feeds_of_a_business_are_limited(salon: StaffedSalon, pool: Pool) -> None:
    await make(salon.owner, salon)
    more = (
        "INSERT INTO calendar_feeds (business_id, user_id, token_hash)"
        " SELECT business_id, user_id, token_hash FROM calendar_feeds, generate_series(2, :most)"
    )
    await data.rows(pool, more, most=MAX_FEEDS)
    refused = await salon.owner.post("/calendars", json={"business_id": str(salon.ids.business_id)})
    assert (refused.status_code, refused.json()["error"]["details"]["rule"]) == (422, "too_many_feeds")
    await make(salon.other_owner, salon, business_id=str(salon.other.business_id))
