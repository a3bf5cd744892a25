"""An owner's day in Chromium: the list of the day, the calendar, moving by drag and by keyboard, live changes."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from stack.seed_logins import OWNER, PASSWORD
from tests.browser.pages import SIZES, check, forward, log_in, opened, press_until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class Owner:
    """The owner at the API, for what happens elsewhere while a page is open."""

    def __init__(self, site: str) -> None:
        self.http = httpx.Client(base_url=f"{site}/api/v1", timeout=60)
        answer = self.http.post("/auth/login", json={"email": OWNER, "password": PASSWORD})
        self.http.headers["Authorization"] = f"Bearer {answer.json()['data']['access_token']}"
        businesses = self.http.get("/owner/businesses", params={"limit": 100}).json()["data"]
        self.business = next(one["id"] for one in businesses if one["slug"] == "salon-hana")
        services = self.http.get(f"/businesses/{self.business}/services").json()["data"]
        self.service = next(one["id"] for one in services if one["name"]["ja"] == "カット")

    def starts(self, day: date) -> list[str]:
        """Free times of the cut."""
        period = {"from": day.isoformat(), "to": day.isoformat()}
        answer = self.http.get("/availability", params={"service_id": self.service, **period})
        return [one["start_at"] for one in answer.json()["data"]["starts"]]

    def book(self, start: str, name: str) -> str:
        """A visit that somebody else books."""
        guest = {"family_name": name, "given_name": "花", "email": "live@example.jp"}
        body = {"service_id": self.service, "start_at": start, "guest": guest}
        answer = self.http.post("/bookings", json=body, headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])

    def start_of(self, booking: str) -> str:
        return str(self.http.get(f"/bookings/{booking}").json()["data"]["start_at"])


@pytest.fixture(scope="module")
def owner(site: str) -> Owner:
    return Owner(site)


@pytest.fixture
def desk(browser: Browser, site: str) -> Iterator[Page]:
    page = opened(browser, "ja", SIZES[1])
    log_in(page, site, OWNER)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def free_day(owner: Owner) -> date:
    """A day with many free times, after the days that other tests book."""
    first = date.today() + timedelta(days=20)  # noqa: DTZ011 - far from today, so the zone does not matter
    return next(day for day in (first + timedelta(days=n) for n in range(7)) if len(owner.starts(day)) > 8)


def test_console_pages_have_no_violations(browser: Browser, site: str, owner: Owner, free_day: date) -> None:
    booking = owner.book(owner.starts(free_day)[0], "検査")
    console = f"{site}/console/{owner.business}"
    for language in ("ja", "en"):
        for size in SIZES:
            page = opened(browser, language, size)
            log_in(page, site, OWNER)
            for path in (
                f"today?day={free_day}",
                f"calendar?day={free_day}",
                f"calendar?day={free_day}&view=week",
                f"new?day={free_day}&minute=600",
                f"bookings/{booking}",
                f"bookings/{booking}/move",
            ):
                answer = page.goto(f"{console}/{path}")
                assert answer is not None
                assert answer.ok, path
                check(page)
            page.context.close()


def test_calendar_shows_a_booking_made_elsewhere_within_a_second(
    desk: Page, site: str, owner: Owner, free_day: date
) -> None:
    desk.goto(f"{site}/console/{owner.business}/calendar?day={free_day}")
    desk.wait_for_timeout(1500)  # until the stream is open
    booking = owner.book(owner.starts(free_day)[0], "速報")
    expect(desk.locator(f"[data-move='{booking}']")).to_be_visible(timeout=1000)


def test_calendar_stays_while_the_server_fails(desk: Page, site: str, owner: Owner, free_day: date) -> None:
    desk.goto(f"{site}/console/{owner.business}/calendar?day={free_day}")
    desk.wait_for_timeout(1500)  # until the stream is open
    desk.route("**/calendar?*", lambda route: route.fulfill(status=503, body="away"))
    with desk.expect_response(lambda answer: answer.status == 503):
        booking = owner.book(owner.starts(free_day)[0], "障害")
    desk.wait_for_timeout(500)
    expect(desk.locator("#live .calendar")).to_be_visible()
    desk.unroute("**/calendar?*")
    expect(desk.locator(f"[data-move='{booking}']")).to_be_visible(timeout=10_000)


def test_drag_asks_the_server_and_moves_after_the_answer(desk: Page, site: str, owner: Owner, free_day: date) -> None:
    times = owner.starts(free_day)
    booking = owner.book(times[0], "移動")
    desk.goto(f"{site}/console/{owner.business}/calendar?day={free_day}")
    card = desk.locator(f"[data-move='{booking}']")
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    assert box is not None
    desk.mouse.move(box["x"] + 20, box["y"] + 5)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 20, box["y"] + 30, steps=4)
    desk.mouse.move(box["x"] + 20, box["y"] + 5 + 2 * box["height"], steps=6)
    desk.mouse.up()
    dialog = desk.locator("dialog[open]")
    dialog.locator("h1").wait_for()
    assert owner.start_of(booking) == times[0], "nothing is saved before the answer"
    check(desk)
    if dialog.locator("[role=alert]").count():
        dialog.locator(".times a").first.click()
        desk.locator("main .go button").wait_for()
        forward(desk)
    else:
        dialog.locator(".go button").click()
    desk.wait_for_url("**/calendar?at=*")
    assert owner.start_of(booking) != times[0]


def test_lost_drag_goes_back_with_its_reason(desk: Page, site: str, owner: Owner, free_day: date) -> None:
    start = owner.starts(free_day)[-1]
    booking = owner.book(start, "戻る")
    desk.goto(f"{site}/console/{owner.business}/calendar?day={free_day}")
    card = desk.locator(f"[data-move='{booking}']")
    card.scroll_into_view_if_needed()
    box, closed = card.bounding_box(), desk.locator(".rows").nth(1).bounding_box()
    assert box is not None
    assert closed is not None
    desk.mouse.move(box["x"] + 20, box["y"] + 5)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 20, box["y"] + 40, steps=4)
    desk.mouse.move(box["x"] + 20, closed["y"] + closed["height"] - 4, steps=6)
    desk.mouse.up()
    dialog = desk.locator("dialog[open]")
    dialog.locator("[role=alert]").wait_for()
    desk.keyboard.press("Escape")
    assert card.bounding_box() == box
    assert owner.start_of(booking) == start


def test_booking_is_moved_by_keyboard_alone(desk: Page, site: str, owner: Owner, free_day: date) -> None:
    start = owner.starts(free_day)[0]
    booking = owner.book(start, "鍵盤")
    desk.goto(f"{site}/console/{owner.business}/bookings/{booking}")
    press_until(desk, "a[href$='/move']")
    desk.keyboard.press("Enter")
    desk.locator(".times a").first.wait_for()
    press_until(desk, ".times a")
    desk.keyboard.press("Enter")
    desk.locator("input[name=start]").wait_for(state="attached")
    press_until(desk, ".go button")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/calendar?at=*")
    assert owner.start_of(booking) != start


def test_tap_on_empty_time_offers_a_booking_and_a_block(desk: Page, site: str, owner: Owner, free_day: date) -> None:
    desk.goto(f"{site}/console/{owner.business}/calendar?day={free_day + timedelta(days=1)}")
    rows = desk.locator(".rows[data-day]").first
    rows.click(position={"x": 40, "y": 300})
    dialog = desk.locator("dialog[open]")
    dialog.locator("#start").wait_for()
    assert dialog.locator("#start").input_value().startswith((free_day + timedelta(days=1)).isoformat())
    check(desk)


def test_booking_is_made_and_moved_without_javascript(
    browser: Browser, site: str, owner: Owner, free_day: date
) -> None:
    page = opened(browser, "en", SIZES[0], javascript=False)
    log_in(page, site, OWNER)
    page.goto(f"{site}/console/{owner.business}/new")
    page.locator("#service").select_option(owner.service)
    page.locator("#start").fill(owner.starts(free_day)[0][:16])
    page.locator("#family_name").fill("Noscript")
    page.locator("#phone").fill("03-5550-0199")
    forward(page)
    page.wait_for_url("**/calendar?at=*")
    page.locator("[data-move]", has_text="Noscript").first.click()
    page.locator("a[href$='/move']").click()
    page.locator(".times a").last.click()
    forward(page)
    page.wait_for_url("**/calendar?at=*")
    page.context.close()
