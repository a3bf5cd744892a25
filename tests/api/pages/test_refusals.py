"""What a browser sees where something is refused: a page with a way on, in the frame of a business's site too."""

import re

import pytest

from api.pages.console.messages import failure
from api.pages.texts.words import WORDS
from db.engine.session import Database as Pool
from tests.api.pages.console import booked
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon
from tests.support import data

HTML = {"Accept": "text/html"}


async def test_refusal_in_the_frame_is_shown_on_the_site_of_the_business(
    visitor: Visitor, slug: str, pool: Pool
) -> None:
    await data.rows(pool, "UPDATE businesses SET website = 'https://hana.example' RETURNING id")
    await visitor.open(f"/{slug}/embed")
    page = await visitor.send(f"/{slug}/embed", step="confirm", form_token="A" * 40)
    assert page.status_code == 403
    assert "frame-ancestors https://hana.example https://www.hana.example" in page.headers["content-security-policy"]
    assert visitor.links(f"/{slug}/embed")
    assert visitor.alert() == "This page has expired. Please go back and try again."


async def test_refusal_of_an_unknown_business_in_a_frame_is_shown(visitor: Visitor) -> None:
    page = await visitor.open("/no-such-business/embed")
    assert page.status_code == 404
    assert page.headers["content-security-policy"].endswith("frame-ancestors *")
    assert "<form" not in page.text


@pytest.mark.parametrize(
    ("method", "address", "status", "way"),
    [
        ("GET", "/no/such/page", 404, "/"),
        ("GET", "/no-such-business", 404, "/"),
        ("GET", "/bookings/not-a-token", 404, "/"),
        ("GET", "/console/login/code", 405, "/console"),
        ("PATCH", "/console/login", 405, "/console"),
        ("GET", "/account/password", 405, "/account"),
    ],
)
async def test_refusal_is_a_page_with_a_way_on(
    visitor: Visitor, method: str, address: str, status: int, way: str
) -> None:
    answer = await visitor.http.request(method, address, headers={**HTML, "Accept-Language": "en"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html"), answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert re.search(rf'<a class="button" href="{way}"', answer.text), answer.text


async def test_refusal_of_a_body_that_is_too_large_is_a_page(owner: Visitor, salon: StaffedSalon) -> None:
    answer = await owner.http.post(
        f"/console/{salon.ids.business_id}/days",
        content=b"a=" + b"x" * 1_100_000,
        headers={**HTML, "Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("text/html")


async def test_refusal_for_programs_stays_json(visitor: Visitor) -> None:
    for address in ("/no/such/page", "/no-such-business"):
        answer = await visitor.http.get(address, headers={"Accept": "application/json"})
        assert answer.json()["error"]["code"] == "not_found"
    assert (await visitor.http.get("/api/v1/nowhere", headers=HTML)).json()["error"]["code"] == "not_found"


async def test_start_lists_businesses_for_browsers_and_paths_for_programs(
    visitor: Visitor, slug: str, pool: Pool
) -> None:
    await data.rows(
        pool, """UPDATE businesses SET name = '{"ja": "椿サロン"}' WHERE slug = :slug RETURNING id""", slug=slug
    )
    page = await visitor.open("/")
    assert page.headers["content-type"].startswith("text/html")
    assert visitor.links(f"/{slug}") == [f"/{slug}"]
    await visitor.open("/", q="椿")
    assert visitor.links(f"/{slug}")
    assert "Nothing was found" in (await visitor.open("/", q="寿司屋")).text
    assert (await visitor.open("/", q="あ い う え お か き")).status_code == 422
    assert (await visitor.http.get("/")).json()["data"]["api"] == "/api/v1"


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        ("sender_unproven", "failure_sender_unproven"),
        ("bounced: 550 5.1.1 <ai@example.jp> unknown", "failure_returned"),
        ("http_400_21211", "failure_refused"),
        ("something_new", "failure_other"),
    ],
)
def test_failure_has_a_sentence(reason: str, key: str) -> None:
    assert failure(reason) == key
    assert key in WORDS


async def test_notices_say_in_words_why_one_failed(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    booking = await booked(salon)
    await data.rows(
        pool,
        """UPDATE notification_outbox SET status = 'failed', failure_reason = 'bounced: 550 5.1.1 unknown'
            WHERE booking_id = :id RETURNING id""",
        id=booking,
    )
    for path in ("notices", f"bookings/{booking}"):
        page = await owner.open(f"/console/{salon.ids.business_id}/{path}")
        assert "server returned it" in page.text, page.text
        assert "5.1.1" not in page.text
