"""What goes wrong while people book, in Chromium: a double click, a tab that comes too late, a login that ended. And
the frame on another site, and what a screen reader reads out."""

import re
from datetime import datetime
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route

from stack.seed_logins import OWNER
from tests.browser.pages import SIZES, forward, log_in, opened
from tests.browser.test_customer import contact

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: Roles that a screen reader names alone where they have no name.
_UNNAMED = re.compile(r"^\s*- (button|link|textbox|checkbox|radio|combobox|img|group|table|dialog)(?=:|$| \[)")
_HEADING = re.compile(r'- heading ".+" \[level=([1-6])\]')


def to_check(page: Page, site: str, day: int, email: str) -> None:
    """From the menu to the screen before the booking."""
    page.goto(f"{site}/salon-hana/book")
    page.get_by_role("checkbox").nth(1).check()
    forward(page)
    page.locator(".day:not(.full)").nth(day).click()
    page.locator(".times a").first.click()
    contact(page, email)
    forward(page)
    page.locator("button[value=book]").wait_for()


def test_impatient_double_click_books_once(browser: Browser, site: str) -> None:
    page = opened(browser, "en", SIZES[0])
    to_check(page, site, 10, "twice@example.jp")
    answers: list[str] = []
    page.on("response", lambda answer: answers.append(answer.headers.get("location", "")))
    page.locator("button[value=book]").dblclick()
    page.locator(".state").wait_for()
    booked = {one.rpartition("/bookings/")[2] for one in answers if "/bookings/" in one}
    assert len(booked) == 1
    page.context.close()


def test_tab_that_comes_too_late_is_offered_other_times(browser: Browser, site: str) -> None:
    """It stands before the last step while other visitors take everybody who is free then."""
    late = opened(browser, "en", SIZES[1])
    to_check(late, site, 11, "late@example.jp")
    chosen = dict(parse_qsl(urlsplit(late.url).query)) | {
        name: str(late.locator(f"input[name={name}]").first.input_value()) for name in ("service", "start")
    }
    taken = 0
    for number in range(12):
        body = {
            "items": [{"service_id": chosen["service"]}],
            "start_at": datetime.fromisoformat(chosen["start"]).isoformat(),
            "guest": {"family_name": "佐藤", "given_name": "愛", "email": f"early{number}@example.jp"},
        }
        answer = httpx.post(f"{site}/api/v1/bookings", json=body, headers={"Idempotency-Key": f"early-{number}"})
        if answer.status_code == 409:
            break
        assert answer.status_code == 201, answer.text
        taken += 1
    assert 0 < taken < 12
    forward(late)
    late.locator(".times a").first.wait_for()
    assert late.locator("[role=alert]").first.is_visible()
    late.locator(".times a").first.click()
    late.locator("#family_name").wait_for()
    late.context.close()


def test_login_that_ended_asks_for_it_and_leads_back(browser: Browser, site: str) -> None:
    business = httpx.get(f"{site}/api/v1/businesses/slug/salon-hana").json()["data"]["id"]
    page = opened(browser, "en", SIZES[1])
    log_in(page, site, OWNER)
    page.goto(f"{site}/console/{business}/services/new")
    page.locator("[name='name.ja']").fill("前髪カット")
    page.locator("#price").fill("900")
    page.locator("#duration_minutes").fill("15")
    page.context.clear_cookies(name="session")
    page.locator("main form .go button").first.click()
    page.locator("#password").wait_for()
    assert "/login" in page.url
    log_in(page, site, OWNER)
    page.goto(f"{site}/console/{business}/services")
    assert page.get_by_text("前髪カット").count() == 0, "nothing was written for nobody"
    page.context.close()


def test_frame_on_another_site_books_and_that_site_hears_of_it(browser: Browser, site: str) -> None:
    business = httpx.get(f"{site}/api/v1/businesses/slug/salon-hana").json()["data"]
    own = business["website"].rstrip("/")
    page = opened(browser, "en", SIZES[1])

    def answer(route: Route) -> None:
        script = f'<script src="{site}/embed.js" data-business="salon-hana" defer></script>'
        heard = '<script>document.addEventListener("omotenashi:booked", () => { document.title = "booked" })</script>'
        route.fulfill(body=f'<html lang="en"><title>own</title>{heard}{script}</html>', content_type="text/html")

    page.route(f"{own}/**", answer)
    page.goto(f"{own}/")
    page.get_by_role("button", name="Book").click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("checkbox").nth(1).check()
    frame.locator("main .go button").first.click()
    frame.locator(".day:not(.full)").nth(8).click()
    frame.locator(".times a").first.click()
    frame.locator("#family_name").fill("佐藤")
    frame.locator("#given_name").fill("愛")
    frame.locator("#email").fill("frame@example.jp")
    frame.locator("main .go button").first.click()
    frame.locator("button[value=book]").click()
    frame.locator("h1").wait_for()
    page.wait_for_function("document.title === 'booked'")
    assert page.locator("dialog").is_visible()
    page.get_by_role("button", name="Close").click()
    assert not page.locator("dialog").is_visible()
    page.context.close()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_screen_reader_has_a_name_for_every_step(browser: Browser, site: str, language: str) -> None:
    """Each screen has one first heading, headings that leave no level out, and a name for whatever can be used."""
    page = opened(browser, language, SIZES[0])
    seen: list[str] = []

    def listen() -> None:
        page.locator("main h1").wait_for()
        tree = page.locator("body").aria_snapshot()
        assert [line for line in tree.splitlines() if _UNNAMED.match(line)] == [], page.url
        levels = [int(one) for one in _HEADING.findall(tree)]
        assert levels.count(1) == 1, (page.url, tree)
        assert all(after <= before + 1 for before, after in pairwise(levels)), (page.url, levels)
        seen.append(page.locator("main h1").inner_text())

    page.goto(f"{site}/salon-hana")
    listen()
    page.goto(f"{site}/salon-hana/book")
    listen()
    page.get_by_role("checkbox").nth(1).check()
    forward(page)
    page.locator(".day").first.wait_for()
    listen()
    page.locator(".day:not(.full)").nth(6).click()
    page.locator(".times a").first.click()
    page.locator("#family_name").wait_for()
    listen()
    contact(page, "wrong")
    forward(page)
    page.locator("[aria-invalid]").wait_for()
    listen()
    invalid = page.locator("[aria-invalid=true]").first
    described = invalid.get_attribute("aria-describedby")
    assert described, "the error is read with its field"
    assert page.locator(f"#{described.split()[0]}").inner_text()
    contact(page, f"reader-{language}@example.jp")
    forward(page)
    page.locator("button[value=book]").wait_for()
    listen()
    forward(page)
    page.locator(".state").wait_for()
    listen()
    assert len(set(seen)) >= 5, seen
    page.context.close()
