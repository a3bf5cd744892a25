"""``/bookings/{token}/pay``: the payment of a booking before its hold ends, or another card for a card hold that the
bank does not renew.

The provider's own form reads the card (`payment_forms`). Stripe and PAY.JP's v2 confirm in the browser and send it back
to the booking's page; PAY.JP's v1 gives a token, which comes here. With v1 the payment is finished when the customer
comes back from 3-D Secure (`providers.payments.payjp_v1`); a button does it, because a GET changes nothing. A payment
at a convenience store needs no form: the page shows the numbers of its voucher.
"""

import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiError
from api.pages.booking.manage import Shown, shown, waits_for_card
from api.pages.booking.payment_forms import form_of
from api.pages.forms import read_form
from api.pages.rendering import page, see_other
from domain.payments.vouchers import KONBINI

#: The chains that have a sentence.
STORES = ("familymart", "lawson", "ministop", "seicomart")


async def show_payment(request: Request) -> Response:
    """The amount, the time that is left, and the form; after 3-D Secure of PAY.JP's v1, the button that finishes."""
    found = await shown(request)
    if not waits_for_card(found.booking):
        return see_other(request, found.address)
    back = request.query_params
    if back.get("card") and back.get("payment"):
        names = ("payment", "card", "key")
        variables = {**found.variables(), **{name: back.get(name, "") for name in names}}
        return page(request, "booking/pay_finish", variables, sources=form_of(*await _intent(request, found)).sources)
    return await _form(request, found)


async def pay(request: Request) -> Response:
    """Confirm the payment with a card's token, and go on to 3-D Secure where it is asked for."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    found = await shown(request)
    if not waits_for_card(found.booking):
        return see_other(request, found.address)
    payment, card, key = form.get("payment"), form.get("card"), form.get("key")
    site = str(request.app.state.settings.public_url).rstrip("/")
    back = f"{found.address}?paid=1"
    if card.startswith("tok_"):
        back = f"{found.address}/pay?{urlencode({'payment': payment, 'card': card, 'key': key})}"
    body = {"payment_id": payment, "payment_method": card, "return_url": site + back}
    try:
        confirmed = await found.api.post("/payments/confirm", body, key)
    except ApiError as error:
        if error.code != "payment_declined" and card != KONBINI:
            raise
        return await _form(request, found, error, error.status)
    if confirmed["voucher"]:
        return see_other(request, f"{found.address}/pay")
    return see_other(request, confirmed["action_url"] or f"{found.address}?paid=1")


async def _intent(request: Request, found: Shown) -> tuple[Any, Any]:
    # Each time a key of its own: a repeated one would give the payment of the first time, which may be over by now.
    key = secrets.token_urlsafe(24)
    intent = await found.api.post("/payments/intent", {"booking_id": found.booking["id"]}, key)
    return request.app.state.settings, intent


async def _form(request: Request, found: Shown, error: ApiError | None = None, status: int = 200) -> Response:
    settings, intent = await _intent(request, found)
    form = form_of(settings, intent)
    variables = {
        **found.variables(),
        "intent": intent,
        "form": form,
        "konbini": KONBINI if KONBINI in intent["methods"] else "",
        "stores": STORES,
        "error": error,
        "key": secrets.token_urlsafe(24),
        "pay_until": pay_until(found.booking),
        "left_seconds": _left(request, found.booking),
        # At the deadline for another card the booking is still confirmed, and a card is still taken.
        "is_hold": found.booking["hold_expires_at"] is not None,
        "back_url": f"{str(settings.public_url).rstrip('/')}{found.address}?paid=1",
    }
    return page(request, "booking/pay", variables, status=status, sources=form.sources)


def pay_until(booking: Any) -> str:
    """The end of the hold, or the deadline for another card."""
    return str(booking["hold_expires_at"] or booking["card_due"])


def _left(request: Request, booking: Any) -> int:
    until = datetime.fromisoformat(pay_until(booking))
    return max(int((until - request.app.state.services.now()).total_seconds()), 0)
