"""What a browser learns about a page, and what a form from elsewhere may do."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from activities.templates.account_email import FORMS
from api.http import rate_limits
from api.http.request_info import without_tokens
from api.pages.booking.selection import whole_number
from api.pages.static_files import static_files
from db.engine.session import Database as Pool
from domain.platform.rate_limits import RateLimit
from tests.api.conftest import Statements
from tests.api.pages.test_booking_flow import CONTACT, book, choose_time
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, counted
from tests.support import data
from tests.support.cases import for_each

TEMPLATES = sorted(Path("api/pages/templates").rglob("*.j2"))


async def test_pages_forbid_inline_scripts_frames_and_other_hosts(
    visitor: Visitor, salon: StaffedSalon, slug: str
) -> None:
    for address in (f"/{slug}", f"/{slug}/book", f"/{slug}/legal", await book(visitor, salon, slug)):
        page = await visitor.open(address)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers.get_list("content-security-policy") == [policy]


@for_each("template", TEMPLATES, ids=str)
def test_templates_have_no_inline_script_style_or_handler(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert "|safe" not in text


async def test_forms_from_elsewhere_change_nothing(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: object
) -> None:
    await choose_time(visitor, salon, slug)
    await visitor.send(f"/{slug}/book", **CONTACT, step="confirm")
    for token in ("", "A" * 32):
        page = await visitor.send(f"/{slug}/book", step="book", form_token=token)
        assert page.status_code == 403
    visitor.http.cookies.clear()
    assert (await visitor.send(f"/{slug}/book", step="book")).status_code == 403
    assert await counted(pool, "bookings") == {"bookings": 0}


async def test_pages_show_what_people_typed_as_text(visitor: Visitor, salon: StaffedSalon, slug: str) -> None:
    await choose_time(visitor, salon, slug)
    page = await visitor.send(
        f"/{slug}/book", **{**CONTACT, "special_requests": '"><script>alert(1)</script>'}, step="confirm"
    )
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_pages_weigh_little(visitor: Visitor, slug: str) -> None:
    scripts = sum(len(one.packed) for name, one in static_files().items() if name.endswith(".js"))
    assert scripts <= 20_000
    page = await visitor.open(f"/{slug}")
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    total = int(page.headers["content-length"]) + sum(
        len(one.packed) for one in static_files().values() if one.address in files
    )
    assert len(files) >= 2
    assert total <= 60_000


async def test_static_files_are_cacheable_for_a_year(visitor: Visitor, slug: str) -> None:
    page = await visitor.open(f"/{slug}")
    [sheet] = re.findall(r'href="(/static/site\.[^"]+\.css)"', page.text)
    answer = await visitor.open(sheet)
    assert answer.headers.get_list("cache-control") == ["public, max-age=31536000, immutable"]
    assert (await visitor.open("/static/site.000000000000.css")).status_code == 404
    assert (await visitor.open("/static/../routes.py")).status_code == 404


def test_logs_leave_out_the_tokens_of_pages() -> None:
    assert without_tokens("/bookings/secret/cancel") == "/bookings/***/cancel"
    assert without_tokens("/waitlist/secret") == "/waitlist/***"
    assert without_tokens("/messages/secret") == "/messages/***"
    for form in FORMS.values():
        if form.opens is not None:
            assert without_tokens(form.opens.address("secret")) == form.opens.address("***").replace("%2A", "*")
    assert without_tokens("/api/v1/bookings/019a/cancel") == "/api/v1/bookings/019a/cancel"


async def test_pages_count_before_they_work(
    visitor: Visitor, slug: str, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = RateLimit(1, timedelta(hours=1))
    monkeypatch.setattr(rate_limits, "rate_of", lambda *_: one)
    await visitor.open(f"/{slug}")
    statements.clear()
    page = await visitor.open(f"/{slug}")
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert len(statements) == 0


async def test_pages_take_any_name_of_a_browser(visitor: Visitor, slug: str) -> None:
    answer = await visitor.http.get(f"/{slug}", headers={"User-Agent": "アプリ/1".encode()})
    assert answer.status_code == 200


async def test_booking_page_stays_for_customers_of_a_suspended_business(
    visitor: Visitor, salon: StaffedSalon, slug: str, pool: Pool
) -> None:
    address = await book(visitor, salon, slug)
    await data.rows(pool, "UPDATE businesses SET status = 'suspended' WHERE id = :id", id=salon.ids.business_id)
    assert (await visitor.open(f"/{slug}")).status_code == 404
    assert "not listed now" in (await visitor.open(address)).text
    assert "Cancelling is free." in (await visitor.open(f"{address}/cancel")).text


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("1000", 1000), ("1001", None), ("9" * 5000, None), ("１", None)]
)
def test_whole_number_is_bounded(text: str, number: int | None) -> None:
    assert whole_number(text, most=1000) == number


@pytest.mark.parametrize(
    "segment", ["%00", "%01", "a%0ab", "%7F", "%2E%2E", "%2E", "%3Fx=1", "%23", "%25", "%01" * 20_000], ids=range(10)
)
async def test_pages_take_any_address(owner: Visitor, salon: StaffedSalon, segment: str) -> None:
    """A part of an address reaches the API as one segment, and never breaks a page."""
    console = f"/console/{salon.ids.business_id}"
    for address in ("/{}", "/{}/book", console + "/bookings/{}", console + "/blocks/{}", "/admin/businesses/{}"):
        answer = await owner.http.get(address.format(segment), headers={"Accept": "text/html"})
        assert answer.status_code in {400, 404, 422}, (address, answer.status_code)
