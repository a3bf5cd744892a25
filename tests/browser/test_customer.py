"""A customer's way through the pages in Chromium: both languages, both widths, with and without JavaScript."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: A day for each run, so that they do not take each other's times.
DAYS = iter(range(1, 9, 2))
SIZES = ((360, 740), (1280, 800))


def opened(browser: Browser, language: str, size: tuple[int, int], javascript: bool = True) -> Page:
    """A page of a new visitor."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=language, java_script_enabled=javascript
    )
    context.set_default_timeout(60_000)
    return context.new_page()


@pytest.fixture(params=[(language, size) for language in ("ja", "en") for size in SIZES], ids=str)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = opened(browser, *request.param)
    yield page
    page.context.close()


def check(page: Page) -> None:
    """No violation of WCAG 2.2 AA that axe-core finds, and nothing wider than the screen."""
    # Pages fade into each other; colours are judged when that is over.
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished.catch(() => 0)))")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    violations = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]]
    assert violations == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"


def forward(page: Page) -> None:
    """The button that goes on."""
    page.locator("main .go button").first.click()


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


def press_until(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(80):
        if page.evaluate("([one]) => document.activeElement?.matches(one) ?? false", [selector]):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")
