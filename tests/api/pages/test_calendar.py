"""The console's calendar: what it shows, moving, adding, blocking, and its live events."""

import asyncio
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from api.pages.console.live import without_names
from api.pages.static_files import static_files
from db.engine.session import Database as Pool
from tests.api.conftest import Clock
from tests.api.pages.console import booked, entered
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, counted, keyed
from tests.support import data


def console(salon: StaffedSalon) -> str:
    return f"/console/{salon.ids.business_id}"


async def starts(pool: Pool) -> list[str]:
    found = await data.rows(pool, "SELECT start_at FROM bookings ORDER BY start_at")
    return [row["start_at"].isoformat() for row in found]


async def test_calendar_shows_visits_by_person_and_by_week(owner: Visitor, salon: StaffedSalon) -> None:
    booking = await booked(salon)
    day = salon.at(10).date().isoformat()
    page = await owner.open(f"{console(salon)}/calendar", day=day)
    assert page.status_code == 200, page.text
    assert page.text.count(f'data-move="{booking}"') == 1
    assert f'data-resource="{salon.ids.resources[0]}"' in page.text
    week = await owner.open(f"{console(salon)}/calendar", day=day, view="week")
    assert week.text.count('class="column"') == 7
    assert week.text.count(f'data-move="{booking}"') == 1
    own = await owner.open(f"{console(salon)}/calendar", day=day, view="week", who=str(salon.ids.resources[0]))
    assert own.text.count(f'data-move="{booking}"') == 1
    rooms = await owner.open(f"{console(salon)}/calendar", day=day, by="room")
    assert "Nobody assigned" in rooms.text
    for nonsense in ("9999-12-31", "0001-01-01", "tomorrow", "2026-02-31"):
        assert (await owner.open(f"{console(salon)}/calendar", day=nonsense, view="week")).status_code == 200
        assert (await owner.open(f"{console(salon)}/calendar", at=nonsense)).status_code == 200


async def test_day_after_midnight_is_of_the_evening_before(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    booking = await booked(salon)
    evening, night = salon.at(0), salon.at(0, minute=30, days=1)
    await data.rows(pool, "UPDATE business_hours SET closes = 1500 WHERE weekday = :day", day=evening.weekday())
    await data.rows(
        pool,
        "UPDATE bookings SET start_at = :start, end_at = :end WHERE id = :id",
        start=night,
        end=night + timedelta(hours=1),
        id=booking,
    )
    [row] = await data.rows(pool, "SELECT customer_id FROM bookings WHERE id = :id", id=booking)
    note = {"customer_id": str(row["customer_id"]), "kind": "allergy", "body": "ラテックス"}
    assert (await salon.owner.post("/customers/notes", json=note, headers=keyed())).status_code == 201
    page = await owner.open(f"{console(salon)}/today", day=evening.date().isoformat())
    assert "24:30" in page.text
    assert "ラテックス" in page.text
    assert "ラテックス" in (await owner.open(f"{console(salon)}/bookings/{booking}")).text
    after = await owner.open(f"{console(salon)}/today", day=night.date().isoformat())
    assert booking not in after.text
    calendar = await owner.open(f"{console(salon)}/calendar", at=night.isoformat())
    assert "24:30" in calendar.text


async def test_move_checks_before_it_changes_anything(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    booking = await booked(salon)
    address = f"{console(salon)}/bookings/{booking}/move"
    before = await starts(pool)
    day = salon.at(14).date().isoformat()
    page = await owner.open(address, day=day, minute="840", resource=str(salon.ids.resources[0]))
    assert (page.status_code, owner.heading()) == (200, "Check the change")
    assert await starts(pool) == before
    # No worker runs in these tests: what cannot be done now is said, and the times are offered again.
    page = await owner.send(address)
    assert page.status_code == 503
    assert owner.alert()
    assert await starts(pool) == before


@pytest.mark.parametrize("start", ["", "x", "2026-11-30T10:00:00"])
async def test_move_without_a_time_offers_times(owner: Visitor, salon: StaffedSalon, start: str) -> None:
    booking = await booked(salon)
    address = f"{console(salon)}/bookings/{booking}/move"
    await owner.open(address, start=salon.at(14).isoformat(), resource=str(salon.ids.resources[0]))
    page = await owner.send(address, start=start)
    assert (page.status_code, owner.heading()) == (200, "Change the time")


async def test_move_to_a_person_who_has_left_asks_again(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    booking = await booked(salon)
    address = f"{console(salon)}/bookings/{booking}/move"
    other = str(salon.ids.resources[1])
    await owner.open(address, start=salon.at(14).isoformat(), resource=other)
    assert owner.heading() == "Check the change"
    await data.rows(pool, "UPDATE resources SET is_active = false WHERE id = :id", id=other)
    page = await owner.send(address)
    assert (page.status_code, owner.heading()) == (200, "Check the change")
    assert 'name="resource" value=""' in page.text


async def test_move_to_a_taken_time_says_so_and_offers_others(owner: Visitor, salon: StaffedSalon) -> None:
    booking = await booked(salon)
    await booked(salon, 14)
    address = f"{console(salon)}/bookings/{booking}/move"
    page = await owner.open(address, start=salon.at(14).isoformat())
    assert page.status_code == 409
    assert "Nothing is free" in owner.alert()
    assert len(owner.links("start=")) >= 2


@pytest.mark.parametrize(
    "query", [{"day": "x", "minute": "1"}, {"start": "x"}, {"day": "2026-11-30", "minute": "9" * 9}, {"resource": "x"}]
)
async def test_move_takes_any_address(owner: Visitor, salon: StaffedSalon, query: dict[str, str]) -> None:
    booking = await booked(salon)
    assert (await owner.open(f"{console(salon)}/bookings/{booking}/move", **query)).status_code == 200


async def test_new_books_once_for_a_customer(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    address = f"{console(salon)}/new"
    await owner.open(address, day=salon.at(10).date().isoformat(), minute="600")
    token = re.search(r'name="key" value="([^"]+)"', owner.page.text if owner.page else "")
    assert token
    typed = {
        "what": "booking",
        "service": str(salon.ids.service_id),
        "start": salon.at(10).strftime("%Y-%m-%dT%H:%M"),
        "family_name": "鈴木",
        "key": token[1],
    }
    page = await owner.send(address, **typed)
    assert page.status_code == 422
    assert "鈴木" in page.text
    for _ in range(2):
        await owner.open(address)
        page = await owner.send(address, **typed, email="suzuki@example.jp", resource="")
        assert page.url.path.endswith("/calendar"), page.text
    assert await counted(pool, "bookings") == {"bookings": 1}


async def test_block_over_a_booking_asks_first(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    booking = await booked(salon)
    address = f"{console(salon)}/new"
    day = salon.at(10).strftime("%Y-%m-%dT")
    typed = {"what": "block", "resource": str(salon.ids.resources[0]), "reason": "研修"}
    typed |= {"block_start": f"{day}10:00", "block_end": f"{day}12:00"}
    await owner.open(address)
    page = await owner.send(address, **typed)
    assert page.status_code == 409
    assert f"/bookings/{booking}" in page.text
    assert await counted(pool, "blocks") == {"blocks": 0}
    page = await owner.send(address, **typed, confirm="yes")
    assert page.url.path.endswith("/calendar"), page.text
    assert "研修" in page.text
    [link] = [one for one in owner.links("/blocks/") if "at=" in one]
    page = await owner.open(link)
    assert page.status_code == 200, page.text
    await owner.send(f"{link.partition('?')[0]}/remove")
    page = await owner.open(f"{console(salon)}/calendar", day=salon.at(10).date().isoformat())
    assert "研修" not in page.text


async def test_calendar_and_its_forms_hide_other_businesses(
    app: FastAPI, pool: Pool, clock: Clock, salon: StaffedSalon
) -> None:
    booking = await booked(salon)
    other = await entered(app, pool, clock, salon.other.owner_id)
    theirs, mine = console(salon), f"/console/{salon.other.business_id}"
    for address in (
        f"{theirs}/calendar",
        f"{theirs}/new",
        f"{theirs}/events",
        f"{theirs}/bookings/{booking}/move",
        f"{mine}/bookings/{booking}/move",
        f"{mine}/blocks/{booking}",
    ):
        page = await other.open(address)
        assert page.status_code in {404, 422}, address
        assert "佐藤" not in page.text
    await other.open(f"{mine}/new")
    before = await starts(pool)
    query = urlencode({"start": salon.at(15).isoformat()})
    page = await other.send(f"{mine}/bookings/{booking}/move?{query}", start=salon.at(15).isoformat())
    assert page.status_code == 404
    assert await starts(pool) == before


async def test_events_reach_a_browser_by_its_cookie(app: FastAPI, owner: Visitor, salon: StaffedSalon) -> None:
    """The stream is read as ASGI messages, because a test client waits for the end of an answer."""
    cookie = "; ".join(f"{key}={value}" for key, value in owner.http.cookies.items())
    sent: asyncio.Queue[bytes] = asyncio.Queue()
    ended = asyncio.Event()

    async def receive() -> dict[str, object]:
        if not ended.is_set():
            await ended.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            assert isinstance(body, bytes)
            await sent.put(body)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"{console(salon)}/events",
        "raw_path": f"{console(salon)}/events".encode(),
        "query_string": b"client=tab",
        "root_path": "",
        "headers": [(b"cookie", cookie.encode()), (b"host", b"test")],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    task = asyncio.create_task(app(scope, receive, send))  # type: ignore[arg-type]
    try:
        assert b"retry" in await asyncio.wait_for(sent.get(), 10)
    finally:
        ended.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_without_names_leaves_ids_and_data() -> None:
    event = b'id: 1\nevent: booking.confirmed\ndata: {"at": "event: x"}\n\n'
    assert without_names(event) == b'id: 1\nkind: booking.confirmed\ndata: {"at": "event: x"}\n\n'


async def test_calendar_of_a_full_week_weighs_little(owner: Visitor, salon: StaffedSalon) -> None:
    page = await owner.open(f"{console(salon)}/calendar", view="week", day=salon.at(10).date().isoformat())
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    weight = sum(len(one.packed) for one in static_files().values() if one.address in files)
    assert len(files) >= 4
    assert weight <= 30_000
