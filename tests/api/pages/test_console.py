"""The console: who may enter, a day's visits, and the commands to them."""

from fastapi import FastAPI

from api.pages.console.login import own_path
from db.engine.session import Database as Pool
from tests.api.conftest import PASSWORD, Clock, Login
from tests.api.pages.console import booked, entered
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon
from tests.support import data


async def test_console_sends_anonymous_callers_to_the_login(visitor: Visitor, salon: StaffedSalon) -> None:
    page = await visitor.open(f"/console/{salon.ids.business_id}/today")
    assert page.url.path == "/console/login"
    assert f'value="/console/{salon.ids.business_id}/today"' in page.text


async def test_login_opens_a_session_that_the_api_lists(visitor: Visitor, log_in: Login) -> None:
    person = await log_in()
    await visitor.open("/console/login")
    wrong = await visitor.send("/console/login", email=person.email, password="Wrong-2026")
    assert wrong.status_code == 401
    page = await visitor.send("/console/login", email=person.email, password=PASSWORD)
    assert (page.status_code, page.url.path) == (200, "/console")
    sessions = (await person.get("/auth/sessions")).json()["data"]
    assert len(sessions) == 2
    await visitor.send("/console/logout")
    assert len((await person.get("/auth/sessions")).json()["data"]) == 1
    assert (await visitor.open("/console")).url.path == "/console/login"


async def test_session_ends_at_once_when_the_api_ends_it(visitor: Visitor, log_in: Login) -> None:
    person = await log_in()
    await visitor.open("/console/login")
    await visitor.send("/console/login", email=person.email, password=PASSWORD)
    assert (await person.delete("/auth/sessions")).status_code == 200
    assert (await visitor.open("/console")).url.path == "/console/login"


def test_login_goes_on_to_pages_of_the_console_alone() -> None:
    assert own_path("/console/1/today") == "/console/1/today"
    for elsewhere in (
        "https://evil.example",
        "//evil.example",
        "/console/..//evil.example",
        "/console/\\evil",
        "",
        "/x",
    ):
        assert own_path(elsewhere) == "/console"


async def test_day_lists_the_visits_with_their_commands(owner: Visitor, salon: StaffedSalon) -> None:
    booking = await booked(salon)
    day = salon.at(10).date().isoformat()
    page = await owner.open(f"/console/{salon.ids.business_id}/today", day=day)
    assert page.status_code == 200, page.text
    assert "佐藤 愛" in page.text
    assert f"/bookings/{booking}/check-in" in page.text
    before = await owner.open(f"/console/{salon.ids.business_id}/today", day="2020-01-01")
    assert "There are no bookings on this day." in before.text
    for nonsense in ("9999-12-31", "0001-01-01", "tomorrow", "2026-02-31"):
        assert (await owner.open(f"/console/{salon.ids.business_id}/today", day=nonsense)).status_code == 200


async def test_booking_page_shows_people_money_and_timeline(owner: Visitor, salon: StaffedSalon) -> None:
    booking = await booked(salon)
    page = await owner.open(f"/console/{salon.ids.business_id}/bookings/{booking}")
    assert page.status_code == 200, page.text
    assert "Timeline" in page.text


async def test_command_without_the_form_token_changes_nothing(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    booking = await booked(salon)
    await owner.open(f"/console/{salon.ids.business_id}/bookings/{booking}")
    page = await owner.send(f"/console/{salon.ids.business_id}/bookings/{booking}/check-in", form_token="A" * 32)
    assert page.status_code == 403
    [row] = await data.rows(pool, "SELECT status FROM bookings")
    assert row["status"] == "confirmed"


async def test_console_hides_other_businesses(app: FastAPI, pool: Pool, clock: Clock, salon: StaffedSalon) -> None:
    booking = await booked(salon)
    other = await entered(app, pool, clock, salon.other.owner_id)
    mine, theirs = salon.other.business_id, salon.ids.business_id
    for address in (
        f"/console/{theirs}/today",
        f"/console/{theirs}/bookings/{booking}",
        f"/console/{mine}/bookings/{booking}",
        f"/console/{mine}/bookings/nonsense",
    ):
        page = await other.open(address)
        assert page.status_code in {404, 422}, address
        assert "佐藤" not in page.text
