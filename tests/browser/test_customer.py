"""A customer's way through the pages in Chromium: both languages, both widths, with and without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.browser.pages import SIZES, check, forward, opened, press_until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: A day for each run, so that they do not take each other's times.
DAYS = iter(range(1, 9, 2))


@pytest.fixture(params=[(language, size) for language in ("ja", "en") for size in SIZES], ids=str)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = opened(browser, *request.param)
    yield page
    page.context.close()


def contact(page: Page, email: str) -> None:
    page.locator("#family_name").fill("佐藤")
    page.locator("#given_name").fill("愛")
    page.locator("#email").fill(email)


def test_customer_books_pays_moves_and_cancels(page: Page, site: str) -> None:
    day = next(DAYS)
    others: list[str] = []
    page.on("request", lambda asked: note_foreign(asked, site, others))
    page.goto(f"{site}/salon-hana")
    check(page)
    page.goto(f"{site}/salon-hana/book")
    check(page)
    page.get_by_role("checkbox").first.check()
    forward(page)
    page.locator(".day:not(.full)").nth(day).click()
    check(page)
    page.locator(".times a").first.click()
    contact(page, "wrong")
    forward(page)
    assert page.locator("[aria-invalid]").count() == 1
    check(page)
    contact(page, f"visitor{day}@example.jp")
    forward(page)
    check(page)
    forward(page)
    assert page.url.endswith("/pay")
    check(page)
    page.get_by_role("radio").nth(2).check()
    forward(page)
    assert page.locator(".alert").is_visible(), "a declined card says so"
    page.get_by_role("radio").nth(0).check()
    forward(page)
    page.locator(".state.confirmed").wait_for()
    check(page)
    page.locator("a[href$='/move']").click()
    check(page)
    page.locator(".times a").first.click()
    check(page)
    forward(page)
    page.locator(".state.confirmed").wait_for()
    page.locator("a[href$='/cancel']").click()
    check(page)
    forward(page)
    page.locator(".state.cancelled").wait_for()
    check(page)
    assert others == [], "nothing was asked of another host"


def note_foreign(asked: Request, site: str, others: list[str]) -> None:
    if not asked.url.startswith((site, "data:")):
        others.append(asked.url)


def test_customer_books_without_javascript(browser: Browser, site: str) -> None:
    page = opened(browser, "ja", SIZES[0], javascript=False)
    page.goto(f"{site}/salon-hana/book")
    page.get_by_role("checkbox").nth(1).check()
    forward(page)
    page.locator(".day:not(.full)").nth(9).click()
    page.locator(".times a").first.click()
    contact(page, "noscript@example.jp")
    forward(page)
    forward(page)
    page.locator(".state").wait_for()
    assert "/bookings/" in page.url
    page.context.close()


def test_customer_books_by_keyboard_alone(browser: Browser, site: str) -> None:
    page = opened(browser, "en", SIZES[1])
    page.goto(f"{site}/salon-hana/book")
    press_until(page, "input[name=service]")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    press_until(page, "main .go button")
    page.keyboard.press("Enter")
    page.locator(".times").first.wait_for()
    press_until(page, ".times a")
    page.keyboard.press("Enter")
    page.locator("#family_name").wait_for()
    press_until(page, "#family_name")
    page.keyboard.type("Sato")
    press_until(page, "#email")
    page.keyboard.type("keyboard@example.jp")
    press_until(page, "main .go button")
    page.keyboard.press("Enter")
    page.locator("button[value=book]").wait_for()
    press_until(page, "button[value=book]")
    page.keyboard.press("Enter")
    page.locator(".state").wait_for()
    page.context.close()
