"""``/bookings/{token}/pay``: the payment of a booking before its hold ends.

The form that reads a card is the provider's own. With the sandbox, which has no such form, the page offers its test
cards; the sandbox's page of 3-D Secure comes after it. A payment at a convenience store needs no form: the page shows
the numbers of its voucher.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiError
from api.pages.booking.manage import Shown, shown, state_of
from api.pages.forms import read_form
from api.pages.rendering import page, see_other
from domain.payments.vouchers import KONBINI

#: The real Stripe, which has its own form.
STRIPE = "https://api.stripe.com"
#: The chains that have a sentence.
STORES = ("familymart", "lawson", "ministop", "seicomart")
#: Test cards of Stripe's documentation ("Testing"), by the sandbox's name for them, and the sentence of each.
TEST_CARDS = (
    ("pm_card_visa", "card_ok"),
    ("pm_card_threeDSecure2Required", "card_3ds"),
    ("pm_card_chargeDeclined", "card_declined"),
    ("pm_card_chargeDeclinedInsufficientFunds", "card_insufficient"),
)


async def show_payment(request: Request) -> Response:
    """The amount, the time that is left, and the form."""
    found = await shown(request)
    if state_of(found.booking) != "pending_pay":
        return see_other(request, found.address)
    return await _form(request, found)


async def pay(request: Request) -> Response:
    """Confirm the payment with a test card, and go on to 3-D Secure where the card asks for it."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    found = await shown(request)
    if state_of(found.booking) != "pending_pay":
        return see_other(request, found.address)
    body = {
        "payment_id": form.get("payment"),
        "payment_method": form.get("card"),
        "return_url": f"{str(request.app.state.settings.public_url).rstrip('/')}{found.address}?paid=1",
    }
    try:
        confirmed = await found.api.post("/payments/confirm", body, form.get("key"))
    except ApiError as error:
        if error.code != "payment_declined" and form.get("card") != KONBINI:
            raise
        return await _form(request, found, error, error.status)
    if confirmed["voucher"]:
        return see_other(request, f"{found.address}/pay")
    return see_other(request, confirmed["action_url"] or f"{found.address}?paid=1")


async def _form(request: Request, found: Shown, error: ApiError | None = None, status: int = 200) -> Response:
    key = f"page-pay-{found.booking['id']}"
    intent = await found.api.post("/payments/intent", {"booking_id": found.booking["id"]}, key)
    variables = {
        **found.variables(),
        "intent": intent,
        "cards": (*_cards(request, intent), *_konbini(intent)),
        "stores": STORES,
        "sandbox": bool(_provider(request)),
        "error": error,
        "key": secrets.token_urlsafe(24),
        "left_seconds": _left(request, found.booking),
    }
    return page(request, "booking/pay", variables, status=status, forms_to=_provider(request))


def _cards(request: Request, intent: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The test cards where a sandbox replaces the provider, which production refuses (`runtime.settings`)."""
    return TEST_CARDS if _provider(request) and intent["provider"] == "stripe" else ()


def _konbini(intent: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return ((KONBINI, "pay_konbini"),) if KONBINI in intent["methods"] else ()


def _provider(request: Request) -> tuple[str, ...]:
    """The origin of the sandbox, where the form may end after a redirect to 3-D Secure; none with the real provider."""
    base = str(request.app.state.settings.stripe_base_url)
    parts = urlsplit(base)
    return () if base == STRIPE else (f"{parts.scheme}://{parts.netloc}",)


def _left(request: Request, booking: Mapping[str, Any]) -> int:
    until = datetime.fromisoformat(booking["hold_expires_at"])
    return max(int((until - request.app.state.services.now()).total_seconds()), 0)
