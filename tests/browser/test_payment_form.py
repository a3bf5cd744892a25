"""The script of the payment screen with stand-ins for the providers' scripts, under the real policy of the screen."""

import json

import pytest
from playwright.sync_api import Browser, Page, Route

from api.http.request_info import Language
from api.pages.booking.payment_forms import PaymentForm, form_of
from api.pages.formats import Formats
from api.pages.rendering import environment, policy
from api.pages.texts.words import word
from runtime.settings import Environment, Settings
from tests.browser.pages import SIZES, check, opened

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: What the scripts say they are (`stripe/stripe-js` and `payjp/payments-js`, their types; pay.jp/docs/payjs).
STAND_INS = {
    "stripe": """window.Stripe = (key, options) => ({
      elements: ({ clientSecret }) => ({
        create: (kind) => ({ mount: (place) => { place.textContent = kind + clientSecret; } }) }),
      confirmPayment: async ({ confirmParams }) => {
        window.asked = { key, back: confirmParams.return_url };
        return { error: { message: "このカードは使えません。" } };
      } });""",
    "payjp_v2": """window.PayjpPayments = (key) => ({ widgets: (asked) => ({
      createForm: (kind) => ({ mount: (place) => { place.textContent = kind + asked.clientSecret; } }),
      confirmPayment: async ({ return_url }) => {
        window.asked = { key, back: return_url };
        return { error: { type: "payment_error", message: "このカードは使えません。" } };
      } }) });""",
    "payjp_v1": """window.Payjp = (key) => ({
      elements: () => ({ create: (kind) => ({ mount: (place) => { place.textContent = kind; } }) }),
      createToken: async (element, { card }) => {
        window.asked = { key, back: card.name };
        return { error: { message: "このカードは使えません。" } };
      } });""",
}
BUSINESS = {"slug": "hana", "name": {"ja": "花", "en": "Hana"}, "phone": None, "phone_as_typed": None}
BOOKING = {
    "code": "K7M2XQ4R",
    "start_at": "2026-12-01T10:00:00+09:00",
    "end_at": "2026-12-01T11:00:00+09:00",
    "time_zone": "Asia/Tokyo",
    "payment_mode": "prepay",
    "hold_expires_at": "2026-11-30T10:00:00+09:00",
}


def screen(form: PaymentForm, left: int) -> str:
    """The real template with a booking of nobody."""
    return (
        environment()
        .get_template("booking/pay.html.j2")
        .render(
            {
                "language": "ja",
                "t": lambda key, **values: word(key, Language.JA, values),
                "f": Formats("ja"),
                "form_token": "t",
                "form_field": "form_token",
                "other_language": {"code": "en", "address": "?"},
                "accent": "plum",
                "business": BUSINESS,
                "booking": BOOKING,
                "address": "/bookings/x",
                "intent": {
                    "payment_id": "1",
                    "client_secret": "secret",
                    "voucher": None,
                    "amount": {"amount": 5000, "currency": "JPY"},
                },
                "form": form,
                "konbini": "konbini",
                "stores": (),
                "error": None,
                "key": "k",
                "left_seconds": left,
                "pay_until": "2026-11-21T10:10:00+09:00",
                "is_hold": True,
                "back_url": "https://booking.example/bookings/x?paid=1",
            }
        )
    )


def shown(browser: Browser, site: str, provider: str, left: int = 600) -> Page:
    settings = Settings(_env_file=None, environment=Environment.TEST)
    form = form_of(settings, {"provider": provider, "public_key": "pk_live_x"})
    page = opened(browser, "ja", SIZES[0])

    def answer(route: Route) -> None:
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy(form.sources)}
        route.fulfill(body=screen(form, left), headers=headers)

    page.route(f"{site}/bookings/x/pay", answer)
    page.route(form.script, lambda route: route.fulfill(body=STAND_INS[provider], content_type="text/javascript"))
    page.goto(f"{site}/bookings/x/pay")
    return page


@pytest.mark.parametrize("provider", STAND_INS)
def test_provider_form_is_shown_and_its_refusal_said(browser: Browser, site: str, provider: str) -> None:
    page = shown(browser, site, provider)
    place = page.locator("#provider-form")
    place.get_by_text("card" if provider == "payjp_v1" else "paymentsecret").wait_for()
    check(page)
    if provider == "payjp_v1":
        page.locator("#holder").fill("TARO TANAKA")
        page.locator("#email").fill("taro@example.jp")
    page.locator("#payment .go button").click()
    page.locator("#problem:not([hidden])").wait_for()
    assert page.locator("#problem").inner_text() == "このカードは使えません。"
    assert page.locator("#payment .go button").is_enabled()
    asked = json.loads(page.evaluate("JSON.stringify(window.asked)"))
    wanted = "TARO TANAKA" if provider == "payjp_v1" else "https://booking.example/bookings/x?paid=1"
    assert asked == {"key": "pk_live_x", "back": wanted}
    check(page)
    page.context.close()


def test_end_of_the_hold_takes_the_form_away(browser: Browser, site: str) -> None:
    page = shown(browser, site, "stripe", left=1)
    page.locator("[data-after-end]:not([hidden])").wait_for()
    assert page.locator("#payment .go button").is_hidden()
    check(page)
    page.context.close()


def test_missing_script_of_the_provider_says_what_to_do(browser: Browser, site: str) -> None:
    settings = Settings(_env_file=None, environment=Environment.TEST)
    page = opened(browser, "ja", SIZES[0])
    form = form_of(settings, {"provider": "stripe", "public_key": "pk"})
    page.route(
        f"{site}/bookings/x/pay",
        lambda route: route.fulfill(body=screen(form, 600), headers={"Content-Type": "text/html; charset=utf-8"}),
    )
    page.route("https://js.stripe.com/**", lambda route: route.abort())
    page.goto(f"{site}/bookings/x/pay")
    page.locator("#problem:not([hidden])").wait_for()
    assert page.locator("#payment .go button").is_disabled()
    page.context.close()
