"""The booking flow in a frame on the business's own site."""

import re
from urllib.parse import urlsplit

import pytest

from api.pages.booking.embedding import origins_of
from api.pages.static_files import static_files
from db.engine.session import Database as Pool
from tests.api.pages.test_booking_flow import CONTACT
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, counted
from tests.support import data


@pytest.mark.parametrize(
    ("website", "origins"),
    [
        ("https://hana.example/salon", ("https://hana.example", "https://www.hana.example")),
        ("https://www.hana.example", ("https://hana.example", "https://www.hana.example")),
        (None, ()),
        ("javascript:alert(1)", ()),
        ("https://日本語.example/", ("https://xn--wgv71a119e.example", "https://www.xn--wgv71a119e.example")),
        ("HTTPS://Hana.Example:8443/", ("https://hana.example:8443", "https://www.hana.example:8443")),
        ("https://hana.example:/", ("https://hana.example", "https://www.hana.example")),
        ("https://*.example", ()),
        ("https://hana.example;sandbox", ()),
        ("https://hana.example,sandbox", ()),
        ("https://hana..example", ()),
    ],
)
def test_origins_are_those_of_the_website(website: str | None, origins: tuple[str, ...]) -> None:
    assert origins_of(website) == origins


async def test_frame_books_without_a_cookie_on_the_site_of_the_business_alone(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool
) -> None:
    await data.rows(pool, "UPDATE businesses SET website = 'https://hana.example' RETURNING id")
    day = salon.at(10).date().isoformat()
    page = await visitor.open(f"/{slug}/embed", service=str(salon.ids.service_id), day=day)
    assert "frame-ancestors https://hana.example https://www.hana.example" in page.headers["content-security-policy"]
    await visitor.open(visitor.links("start=")[0])
    visitor.http.cookies.clear()
    await visitor.send(f"/{slug}/embed", **CONTACT, step="confirm")
    visitor.http.cookies.clear()
    page = await visitor.send(f"/{slug}/embed", step="book")
    assert page.status_code == 200, page.text
    assert urlsplit(str(page.url)).path == f"/{slug}/embed"
    assert 'data-booked="1"' in page.text
    assert await counted(pool, "bookings") == {"bookings": 1}
    assert "frame-ancestors 'none'" in (await visitor.open(f"/{slug}/book")).headers["content-security-policy"]


async def test_frame_refuses_a_form_without_its_token(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool
) -> None:
    await visitor.open(f"/{slug}/embed", service=str(salon.ids.service_id), day=salon.at(10).date().isoformat())
    await visitor.open(visitor.links("start=")[0])
    for token in ("", "A" * 40):
        page = await visitor.send(f"/{slug}/embed", **CONTACT, step="confirm", form_token=token)
        assert page.status_code == 403
    assert await counted(pool, "bookings") == {"bookings": 0}


async def test_frame_of_a_business_without_a_website_is_shown_nowhere(visitor: Visitor, slug: str) -> None:
    page = await visitor.open(f"/{slug}/embed")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_script_is_small_and_loads_from_other_sites(visitor: Visitor) -> None:
    script = await visitor.open("/embed.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert len(static_files()["embed.js"].content) < 3000
    assert re.search(r"event\.origin !== site", script.text)
