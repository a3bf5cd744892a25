"""``/console/{business}/bookings/{booking}``: everything about one booking, and the commands to it."""

import asyncio
import secrets
from collections.abc import Awaitable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.http.request_info import request_info
from api.pages.api_client import ApiClient, ApiError
from api.pages.console.today import allergies_of, own_business, visit
from api.pages.forms import Form, read_form
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from api.pages.texts.failures import failure
from api.pages.texts.words import word

#: What a button may ask for: the last part of the operation's path.
_COMMANDS = frozenset({"confirm", "decline", "check-in", "complete", "no-show", "undo", "cancel"})


async def show_booking(request: Request) -> Response:
    """The page."""
    return await _shown(request, await logged_in(request))


async def execute(request: Request) -> Response:
    """A command; afterwards back to where its button was."""
    form = await read_form(request)
    api = await logged_in(request)
    command, booking_id = request.path_params["command"], request.path_params["booking_id"]
    if command not in _COMMANDS:
        raise ApiError(404, "not_found", "", {})
    body = {"reason": form.get("reason")} if form.get("reason") else {}
    try:
        await api.post(f"/bookings/{booking_id}/{command}", body, form.get("key") or secrets.token_urlsafe(24))
    except ApiError as error:
        if error.status == 404:
            raise
        return await _shown(request, api, error, form)
    business = request.path_params["business_id"]
    day = form.get("day")
    return see_other(request, f"/console/{business}/today?day={day}" if _is_day(day) else _address(request))


async def _shown(request: Request, api: ApiClient, error: ApiError | None = None, form: Form | None = None) -> Response:
    path = f"/bookings/{request.path_params['booking_id']}"
    business, booking, timeline, payments = await asyncio.gather(
        own_business(api, request.path_params["business_id"]),
        api.get(path),
        api.get(f"{path}/timeline"),
        _allowed(api.get("/payments", booking_id=request.path_params["booking_id"])),
    )
    if booking["business_id"] != business["id"]:
        raise ApiError(404, "not_found", "", {})
    customer, allergies, quote = await asyncio.gather(
        _allowed(api.get(f"/customers/{booking['customer_id']}")),
        allergies_of(
            api,
            business["id"],
            booking_id=booking["id"],
            **{"from": booking["start_at"], "to": booking["end_at"]},
        ),
        _quote(api, path, booking),
    )
    variables = {
        "business": business,
        "booking": visit(booking, request.app.state.services.now()),
        "timeline": [{**one, "reason_text": _reason(one)} for one in timeline["entries"]],
        "payments": payments or (),
        "customer": customer,
        "allergies": allergies.get(booking["id"], ()),
        "quote": quote,
        "reason": form.get("reason") if form else "",
        "error": error,
        "key": secrets.token_urlsafe(24),
    }
    return page(request, "console/booking", variables, status=error.status if error else 200)


def _reason(entry: Mapping[str, Any]) -> str:
    """What a person gave as reason, or why a message did not arrive; the codes of providers stay out."""
    if not entry["reason"] or entry["source"] in {"money", "provider"}:
        return ""
    if entry["source"] == "message":
        return word(failure(entry["reason"]), request_info().language, {})
    return str(entry["reason"])


async def _quote(api: ApiClient, path: str, booking: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a cancellation by the business would do now; None where it is not possible."""
    if booking["status"] not in {"pending", "confirmed"}:
        return None
    try:
        found: Mapping[str, Any] = await api.post(f"{path}/cancellation-quote", {})
    except ApiError:
        return None
    return found


async def _allowed(asked: Awaitable[Any]) -> Any:
    """None for those who may not see it, such as an assistant the money."""
    try:
        return await asked
    except ApiError as error:
        if error.status not in {403, 404}:
            raise
        return None


def _address(request: Request) -> str:
    return f"/console/{request.path_params['business_id']}/bookings/{request.path_params['booking_id']}"


def _is_day(text: str) -> bool:
    return len(text) == 10 and text.replace("-", "").isdecimal() and text.isascii()
