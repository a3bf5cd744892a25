"""``/account``: a customer's own bookings, password, second factor, devices, messages and data."""

import re

import pyotp
from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.conftest import PASSWORD, Login, client_of
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, keyed
from tests.support import data


async def log_in_page(visitor: Visitor, email: str) -> None:
    await visitor.open("/console/login", next="/account")
    page = await visitor.send("/console/login", email=email, password=PASSWORD)
    assert page.url.path == "/account", page.text


async def test_account_lists_own_bookings_and_opens_them(visitor: Visitor, salon: StaffedSalon, log_in: Login) -> None:
    person = await log_in()
    answer = await person.post("/bookings", json=salon.booking_body(salon.at(10)), headers=keyed())
    assert answer.status_code == 201, answer.text
    booking = answer.json()["data"]["id"]
    await log_in_page(visitor, person.email)
    page = await visitor.open(visitor.links(f"/account/bookings/{booking}")[0])
    assert page.url.path.startswith("/bookings/")
    assert page.status_code == 200


async def test_account_opens_no_booking_of_somebody_else(visitor: Visitor, salon: StaffedSalon, log_in: Login) -> None:
    person, other = await log_in(), await log_in()
    answer = await person.post("/bookings", json=salon.booking_body(salon.at(10)), headers=keyed())
    await log_in_page(visitor, other.email)
    assert (await visitor.open(f"/account/bookings/{answer.json()['data']['id']}")).status_code == 404


async def test_password_is_changed_and_the_wrong_one_says_so(visitor: Visitor, log_in: Login) -> None:
    person = await log_in()
    await log_in_page(visitor, person.email)
    await visitor.open("/account/profile")
    page = await visitor.send("/account/password", current_password="Wrong-2026", new_password="Tsubaki-2027")
    assert page.status_code >= 400
    assert visitor.alert()
    page = await visitor.send("/account/password", current_password=PASSWORD, new_password="Tsubaki-2027")
    assert "Saved." in page.text, page.text


async def test_second_factor_is_switched_on_with_a_code(visitor: Visitor, log_in: Login, pool: Pool) -> None:
    person = await log_in()
    await data.rows(pool, "UPDATE users SET email_verified_at = now() WHERE id = :id RETURNING id", id=person.id)
    await log_in_page(visitor, person.email)
    await visitor.open("/account/profile")
    page = await visitor.send("/account/second-factor/new")
    [secret] = re.findall(r"<code>([A-Z2-7]+)</code>", page.text)
    page = await visitor.send("/account/second-factor", password=PASSWORD, code="000000")
    assert page.status_code >= 400
    page = await visitor.send("/account/second-factor", password=PASSWORD, code=pyotp.TOTP(secret).now())
    assert visitor.heading() == "Recovery codes", page.text
    assert "Two-factor login is on." in (await visitor.open("/account/profile")).text


async def test_other_devices_are_logged_out(visitor: Visitor, log_in: Login) -> None:
    person = await log_in()
    await log_in_page(visitor, person.email)
    page = await visitor.open("/account/sessions")
    assert page.text.count('name="session"') == 1
    page = await visitor.send("/account/sessions")
    assert 'name="session"' not in page.text


async def test_sessions_end_one_device(app: FastAPI, visitor: Visitor, log_in: Login) -> None:
    person = await log_in()
    await log_in_page(visitor, person.email)
    await visitor.open("/account/sessions")
    await visitor.send("/account/sessions")
    await log_in_page(Visitor(client_of(app)), person.email)
    page = await visitor.open("/account/sessions")
    [session] = re.findall(r'name="session" value="([^"]+)"', page.text)
    page = await visitor.send("/account/sessions", session=session)
    assert (page.status_code, page.url.path) == (200, "/account/sessions"), page.text
    assert session not in page.text


async def test_messages_are_chosen(visitor: Visitor, log_in: Login) -> None:
    person = await log_in()
    await log_in_page(visitor, person.email)
    page = await visitor.open("/account/messages")
    kinds = re.findall(r'name="kind" value="([a-z_]+)/', page.text)
    assert len(set(kinds)) == page.text.count("<fieldset") == page.text.count("<legend>"), "one group for each kind"
    page = await visitor.send("/account/messages", kind="booking_reminder/email")
    assert "Saved." in page.text
    choices = (await person.get("/notifications/preferences")).json()["data"]["choices"]
    assert {one["enabled"] for one in choices if (one["kind"], one["channel"]) == ("booking_reminder", "email")} <= {
        True
    }


async def test_account_is_closed_with_the_password(visitor: Visitor, log_in: Login) -> None:
    person = await log_in()
    await log_in_page(visitor, person.email)
    await visitor.open("/account/data")
    await visitor.send("/account/data/erasure", password="Wrong-2026")
    assert visitor.alert()
    page = await visitor.send("/account/data/erasure", password=PASSWORD)
    assert "Your account is being closed" in page.text, page.text
    assert (await visitor.open("/account")).url.path == "/console/login"
