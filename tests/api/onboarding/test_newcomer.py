"""An owner who begins with nothing goes from page to page without JavaScript: registers, makes a business, adds what is
missing, submits it, and takes the first booking. Through the real workflow and storage."""

import re

import pytest_asyncio
from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.conftest import PASSWORD, Person, client_of
from tests.api.identity.account_emails import account_emails, link_in
from tests.api.onboarding.conftest import PDF
from tests.api.pages.visitor import Visitor
from tests.support import data

EMAIL = "hajime@example.jp"
NEW = {
    **{"name.ja": "はじめ理容室", "name.en": "Hajime Barber", "vertical": "barber", "slug": "hajime-barber"},
    **{"postal_code": "150-0001", "prefecture": "東京都", "city": "渋谷区", "phone": "03-5550-0199"},
    "address.ja": "神宮前4丁目1-2",
}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEK = {f"week.{day}.0.{edge}": at for day in DAYS for edge, at in (("opens", "09:00"), ("closes", "18:00"))}


@pytest_asyncio.fixture
async def browser(app: FastAPI) -> Visitor:
    """Registers and logs in on the pages."""
    browser = Visitor(client_of(app))
    await browser.open("/console")
    await browser.open(browser.links("/register")[0])
    typed = {"family_name": "一", "given_name": "初", "email": EMAIL, "password": PASSWORD}
    await browser.send("/register", **typed)
    await browser.open(browser.links("/console/login")[0])
    await browser.send("/console/login", email=EMAIL, password=PASSWORD)
    return browser


async def next_step(browser: Visitor, business: str) -> str:
    """What the page says comes next, and its address."""
    page = await browser.open(f"/console/{business}/start")
    found = re.search(r'<a class="button" href="([^"]+)">Next: ([^<]+)</a>', page.text)
    assert found, page.text
    return f"{found[2]} {found[1].removeprefix(f'/console/{business}')}"


async def upload(browser: Visitor, business: str, kind: str) -> None:
    page = await browser.open(f"/console/{business}/start")
    hidden = dict(reversed(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)))
    files = {"kind": (None, kind), "file": ("document.pdf", PDF, "application/pdf")}
    address = f"/console/{business}/start/documents"
    answer = await browser.http.post(address, data=hidden, files=files, headers={"Accept": "text/html"})
    assert answer.status_code == 303, answer.text


async def made_business(browser: Visitor) -> str:
    """The id of the business that the newest page belongs to."""
    assert browser.page is not None
    return browser.page.url.path.split("/")[2]


async def test_newcomer_comes_from_registering_to_the_first_booking(
    app: FastAPI, pool: Pool, browser: Visitor, admin: Person
) -> None:
    services = app.state.services
    assert browser.heading() == "Businesses"
    await browser.open(browser.links("/console/new")[0])
    page = await browser.send("/console/new", **NEW)
    assert page.url.path.endswith("/start"), page.text
    assert "Here is what comes next" in page.text
    business = await made_business(browser)

    assert await next_step(browser, business) == "Opening hours /hours"
    page = await browser.send_on(f"/console/{business}/hours", **WEEK)
    assert "Not public yet: see what is missing" in page.text
    assert await next_step(browser, business) == "Staff, a room or equipment /resources/new"
    await browser.send_on(f"/console/{business}/resources/new", kind="staff", **{"name.ja": "初"})
    assert await next_step(browser, business) == "A service that can be booked /services/new"
    page = await browser.open(f"/console/{business}/services/new")
    assert re.search(r'name="is_active" value="1" checked', page.text)
    [staff] = re.findall(r'name="need_staff" value="([^"]+)"', page.text)
    service = {"name.ja": "カット", "price": "4000", "duration_minutes": "45", "tax_percent": "10", "is_active": "1"}
    page = await browser.send(f"/console/{business}/services/new", payment_mode="at_venue", **service)
    assert page.status_code == 422
    assert "Please choose at least one." in page.text
    await browser.send(f"/console/{business}/services/new", need_staff=staff, payment_mode="at_venue", **service)

    assert await next_step(browser, business) == "Confirmation of your e-mail address /account/profile"
    [row] = await data.rows(pool, "SELECT id FROM users WHERE email = :email", email=EMAIL)
    [mail] = await account_emails(services, row["id"], "email_verification")
    await browser.open(link_in(mail))
    await browser.send(link_in(mail))
    assert await next_step(browser, business) == "Proof of registration #documents"
    for kind in ("registration", "identity", "permit"):
        await upload(browser, business, kind)

    page = await browser.open(f"/console/{business}/start")
    assert "Everything that is needed is here." in page.text, page.text
    page = await browser.send(f"/console/{business}/start/submit")
    assert page.status_code == 200, page.text
    page = await browser.open("/console")
    assert "Being verified: see how far it is" in page.text
    about = (await admin.get(f"/admin/businesses/{business}")).json()["data"]
    approved = await admin.post(f"/admin/businesses/{business}/approve", json={"version": about["version"]})
    assert approved.status_code == 200, approved.text

    page = await browser.open(f"/console/{business}/start")
    assert "Customers can book on its page." in page.text
    assert browser.links("/hajime-barber")[0] == "/hajime-barber"
    customer = Visitor(client_of(app))
    page = await customer.open("/hajime-barber")
    assert (page.status_code, customer.heading()) == (200, "Hajime Barber")
    await customer.open(customer.links("/hajime-barber/book?service=")[0])
    await customer.open(customer.links("start=")[0])
    contact = {"family_name": "佐藤", "given_name": "愛", "email": "ai@example.jp"}
    await customer.send("/hajime-barber/book", **contact, step="confirm")
    page = await customer.send("/hajime-barber/book", step="book")
    assert page.url.path.startswith("/bookings/"), page.text
