"""Every page, with one record where its address names one: its policy, its weight, its language, and that nothing is
inline."""

import re

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from api.pages.routes import ROUTES
from api.pages.static_files import static_files
from db.engine.session import Database as Pool
from tests.api.conftest import Clock
from tests.api.pages.console import entered
from tests.api.pages.records import detail_addresses
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon
from tests.support import data

#: What a route without a record is filled with.
_NAMED = re.compile(r"{(?!business_id|slug)[a-z_]+(?::[a-z]+)?}")
#: Files and streams are no pages.
_FILES = re.compile(r"\.(css|js|svg|csv|txt|pdf|ics)$|/events$|/pictures/|^/static/")
PAGES = sorted(
    {
        one.path
        for one in ROUTES
        if isinstance(one, Route) and "GET" in (one.methods or ()) and not _NAMED.search(one.path)
    }
)

#: Pages of one record, and files.
DETAILS = frozenset(
    one.path for one in ROUTES if isinstance(one, Route) and "GET" in (one.methods or ()) and _NAMED.search(one.path)
)
#: They answer with the address of another page.
SENDS_ON = {
    "/m/{code}",
    "/account/bookings/{booking_id}",
    "/account/waitlist/{entry_id}",
}


@pytest.fixture
def addresses(salon: StaffedSalon, slug: str) -> list[str]:
    """Every page that can be opened without another id."""
    filled = [one.replace("{business_id}", str(salon.ids.business_id)).replace("{slug}", slug) for one in PAGES]
    return [one for one in filled if not _FILES.search(one)]


async def test_pages_are_strict_and_light(
    app: FastAPI, pool: Pool, clock: Clock, salon: StaffedSalon, addresses: list[str]
) -> None:
    """`check_page` for every page without a record."""
    owner = await entered(app, pool, clock, salon.ids.owner_id)
    operator = await entered(app, pool, clock, await data.add_user(pool, platform_role="admin"))
    assert len(addresses) > 50
    for address in addresses:
        await check_page(operator if address.startswith("/admin") else owner, address)


async def test_pages_of_records_are_strict_and_light(
    app: FastAPI, pool: Pool, clock: Clock, salon: StaffedSalon, owner: Visitor
) -> None:
    """A page of a record that is not known here fails this test: it is added to `detail_addresses`."""
    found = await detail_addresses(app, pool, clock, salon)
    assert {path for path in DETAILS if not _FILES.search(path)} - found.keys() == SENDS_ON
    for address in found.values():
        await check_page(owner, address)


async def check_page(browser: Visitor, address: str) -> None:
    """60 kB with style sheet and scripts, compressed; scripts 20 kB; no other host; no inline code; one heading."""
    for language in ("ja", "en"):
        page = await browser.open(address, lang=language)
        assert page.status_code == 200, (address, page.status_code, page.text[:300])
        policy = page.headers["content-security-policy"]
        # The payment screen alone names its provider (`api.pages.booking.payment_forms`).
        paying = address.endswith("/pay")
        assert paying or "script-src 'self';" in policy, address
        assert "style-src 'self';" in policy, address
        assert "unsafe" not in policy, address
        assert "frame-ancestors 'none'" in policy, address
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|<style|\son[a-z]+=", page.text), address
        if page.url.path == address:  # a page that sends on shows the browser's language
            assert f'<html lang="{language}"' in page.text, address
        assert len(re.findall(r"<h1\b", page.text)) == 1, address
        files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
        known = [one for one in static_files().values() if one.address in files]
        scripts = sum(len(one.packed) for one in known if one.address.endswith(".js"))
        assert scripts <= 20_000, address
        assert int(page.headers["content-length"]) + sum(len(one.packed) for one in known) <= 60_000, address
        assert paying or not re.search(r'(?:src|srcset)="https?://', page.text), address
        for form in re.findall(r'<form method="post".*?</form>', page.text, re.DOTALL):
            assert 'name="form_token"' in form, (address, form[:200])


async def test_pages_of_logins_send_others_to_the_login(visitor: Visitor, addresses: list[str]) -> None:
    closed = [one for one in addresses if one.startswith(("/console", "/account", "/admin")) and "login" not in one]
    assert len(closed) > 40
    for address in closed:
        page = await visitor.open(address)
        assert page.url.path == "/console/login", address


async def test_head_of_the_live_events_opens_no_stream(owner: Visitor, salon: StaffedSalon) -> None:
    answer = await owner.http.head(f"/console/{salon.ids.business_id}/events")
    assert answer.status_code == 200
    assert answer.content == b""
