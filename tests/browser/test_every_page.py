"""Every page that needs no record, in Chromium: axe-core in both languages and at both widths, and no other host."""

import httpx
import pytest
from playwright.sync_api import Browser
from starlette.routing import Route

from api.pages.routes import ROUTES
from stack.seed_logins import ADMIN, CUSTOMER, OWNER
from tests.api.pages.test_all_pages import _FILES, _NAMED
from tests.browser.pages import SIZES, check, log_in, opened
from tests.browser.test_customer import note_foreign

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PATHS = sorted(
    {
        one.path
        for one in ROUTES
        if isinstance(one, Route)
        and "GET" in (one.methods or ())
        and not _NAMED.search(one.path)
        and not _FILES.search(one.path)
    }
)
WHO = {"/admin": ADMIN, "/account": CUSTOMER, "/console": OWNER}


@pytest.mark.parametrize("start", ["", *WHO])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_pages_have_no_violation_and_ask_no_other_host(browser: Browser, site: str, start: str, language: str) -> None:
    business = httpx.get(f"{site}/api/v1/businesses/slug/salon-hana").json()["data"]["id"]
    own = [one for one in PATHS if (one.startswith(start) if start else not one.startswith(tuple(WHO)))]
    assert own
    for size in SIZES:
        page = opened(browser, language, size)
        others: list[str] = []
        page.on("request", lambda asked, seen=others: note_foreign(asked, site, seen))  # type: ignore[misc]
        if start:
            log_in(page, site, WHO[start])
        for path in own:
            address = path.replace("{business_id}", business).replace("{slug}", "salon-hana")
            answer = page.goto(f"{site}{address}")
            assert answer is not None
            assert answer.status == 200, address
            check(page)
        assert others == []
        page.context.close()


def test_service_is_added_without_javascript(browser: Browser, site: str) -> None:
    business = httpx.get(f"{site}/api/v1/businesses/slug/salon-hana").json()["data"]["id"]
    page = opened(browser, "ja", SIZES[0], javascript=False)
    log_in(page, site, OWNER)
    page.goto(f"{site}/console/{business}/services/new")
    page.locator("[name='name.ja']").fill("眉カット")
    page.locator("#price").fill("1200")
    page.locator("#duration_minutes").fill("15")
    page.locator("[name=need_staff]").first.check()
    page.locator("main form .go button").first.click()
    page.locator("[role=status]").wait_for()
    assert page.get_by_text("眉カット").count() == 1
    page.context.close()
