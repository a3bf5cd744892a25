"""``/bookings/{token}``: one booking through its link: its state, payment, calendar file, cancelling."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.http.request_info import request_info
from api.pages.api_client import ApiClient, ApiError
from api.pages.booking.business import ACCENTS, map_address, with_colour
from api.pages.formats import Formats
from api.pages.forms import read_form
from api.pages.rendering import page, see_other
from domain.booking_status import BookingStatus
from domain.errors import Gone, Unauthenticated
from runtime.calendar_files import CalendarEvent, booking_uid, calendar_file, certainty, has_ended, sequence

_NOT_LISTED: Mapping[str, Any] = {
    **dict.fromkeys(("phone", "phone_as_typed", "email", "postal_code", "prefecture", "city", "address", "location")),
    "slug": "",
    "vertical": "",
    "name": {"ja": "現在掲載されていないお店", "en": "A business that is not listed now"},
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A booking and its business, as the holder of the link sees them."""

    api: ApiClient
    token: str
    booking: Mapping[str, Any]
    business: Mapping[str, Any]

    @property
    def path(self) -> str:
        """Of the booking in the API."""
        return f"/bookings/{self.booking['id']}"

    @property
    def address(self) -> str:
        """Of the booking's page."""
        return f"/bookings/{self.token}"

    def variables(self) -> dict[str, Any]:
        """For the templates."""
        return {
            "business": self.business,
            "booking": self.booking,
            "accent": ACCENTS.get(self.business["vertical"], ""),
            "address": self.address,
            "state": state_of(self.booking),
        }


async def shown(request: Request) -> Shown:
    """The booking of the link in the address. Raises ApiError."""
    token = request.path_params["token"]
    api = ApiClient(request).with_booking(token)
    booking = await api.get(f"/bookings/{_booking_id(request, token)}")
    return Shown(api, token, booking, await business_for(api, booking["business_id"], booking["time_zone"]))


async def business_for(api: ApiClient, business_id: str, zone: str) -> Mapping[str, Any]:
    """The business of a booking or entry. One that is no longer public has no page, but its customers still see and
    cancel what they booked. Raises ApiError."""
    try:
        found = await with_colour(api, await api.get(f"/businesses/{business_id}"))
    except ApiError as error:
        if error.status != 404:
            raise
        return {**_NOT_LISTED, "time_zone": zone}
    return found


def _booking_id(request: Request, token: str) -> UUID:
    services = request.app.state.services
    try:
        found: UUID = services.booking_links.read(token, services.now())
    except (Unauthenticated, Gone) as error:
        raise ApiError(404, "not_found", "", {}) from error
    return found


def state_of(booking: Mapping[str, Any]) -> str:
    """What the booking waits for, or its status: the last part of the keys ``state_`` and ``say_``."""
    if booking["status"] != "pending":
        return str(booking["status"])
    if booking["approval_deadline"]:
        return "pending_approval"
    if booking["proof_deadline"]:
        return "pending_proof"
    return "pending_pay" if booking["amount_due"]["amount"] else "pending"


def waits_for_card(booking: Mapping[str, Any]) -> bool:
    """Whether the customer can enter a card: to pay, or because the bank does not renew a card hold."""
    return state_of(booking) == "pending_pay" or booking["card_due"] is not None


async def show_booking(request: Request) -> Response:
    """The page of the booking."""
    found = await shown(request)
    proof = request.query_params.get("proof", "")
    # What Stripe adds to the address when 3-D Secure ended without a payment ("redirect_status").
    failed = request.query_params.get("redirect_status") == "failed"
    variables = {
        **found.variables(),
        "proof": proof,
        "reviewed": "reviewed" in request.query_params,
        "map": map_address(found.business),
        # The provider has said so in the browser; the webhook comes moments later, and the page asks again.
        "checking": "paid" in request.query_params and not failed and waits_for_card(found.booking),
        "failed": failed and waits_for_card(found.booking),
    }
    return page(request, "booking/manage", variables)


async def prove_address(request: Request) -> Response:
    """Confirm the address with the token of the message. A button does it, because programs that check mail open every
    link."""
    form = await read_form(request)
    found = await shown(request)
    await found.api.post(f"{found.path}/confirm-address", {"token": form.get("proof")}, secrets.token_urlsafe(24))
    return see_other(request, found.address)


async def ask_cancel(request: Request) -> Response:
    """What cancelling would cost now."""
    return await _ask(request, await shown(request))


async def cancel(request: Request) -> Response:
    """Cancel the booking. After a refusal the form is there again, with the reason."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    found = await shown(request)
    body = {"reason": form.get("reason")} if form.get("reason") else {}
    try:
        await found.api.post(f"{found.path}/cancel", body, form.get("key"))
    except ApiError as error:
        return await _ask(request, found, form.get("reason"), error)
    return see_other(request, found.address)


async def _ask(request: Request, found: Shown, reason: str = "", error: ApiError | None = None) -> Response:
    """What cancelling costs now, and its form. Raises ApiError for a booking that cannot be cancelled at all."""
    quote = await found.api.post(f"{found.path}/cancellation-quote", {})
    variables = {
        **found.variables(),
        "quote": quote,
        "key": secrets.token_urlsafe(24),
        "reason": reason,
        "error": error,
        "errors": error.fields if error else {},
    }
    return page(request, "booking/cancel", variables, status=error.status if error else 200)


async def calendar(request: Request) -> Response:
    """The booking as an iCalendar file (RFC 5545), with the UID and SEQUENCE that the messages use."""
    found = await shown(request)
    booking, language = found.booking, request_info().language.value
    status, texts = BookingStatus(booking["status"]), Formats(language)
    services = " / ".join(texts.text(one["name"]) for one in booking["items"])
    event = CalendarEvent(
        uid=booking_uid(UUID(booking["id"])),
        sequence=sequence(booking["version"], status),
        stamp=request.app.state.services.now(),
        starts_at=datetime.fromisoformat(booking["start_at"]),
        ends_at=datetime.fromisoformat(booking["end_at"]),
        summary=f"{texts.text(found.business['name'])} {services}",
        status=certainty(status),
        location=texts.text(found.business["address"]),
        organizer=(found.business["email"], texts.text(found.business["name"])) if found.business["email"] else None,
    )
    file = calendar_file([event], method="CANCEL" if has_ended(status) else "PUBLISH")
    headers = {"Content-Disposition": 'attachment; filename="booking.ics"'}
    return Response(file, media_type="text/calendar; charset=utf-8", headers=headers)
