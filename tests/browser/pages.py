"""What the tests of the pages share: a visitor, a login, and the check of a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from stack.seed_logins import PASSWORD

SIZES = ((360, 740), (1280, 800))


def opened(browser: Browser, language: str, size: tuple[int, int], javascript: bool = True) -> Page:
    """A page of a new visitor."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=language, java_script_enabled=javascript
    )
    context.set_default_timeout(60_000)
    return context.new_page()


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


def press_until(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(80):
        if page.evaluate("([one]) => document.activeElement?.matches(one) ?? false", [selector]):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def log_in(page: Page, site: str, email: str) -> None:
    """Enter the console."""
    page.goto(f"{site}/console/login")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    forward(page)
    page.locator("main h1").wait_for()
