"""``/account``: what a login booked at every business, its profile, devices, and its data."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiClient, ApiError
from api.pages.booking.manage import business_for
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.rendering import page, see_other
from api.pages.sessions import forget_session, logged_in
from domain.identity.devices import device_of

_MOST = 1000
_ADDRESS = "/account"
_ADDRESS_OF_SECRET = re.compile(r"otpauth://totp/[!-~]{1,1000}")
#: Bookings that are still to come, whatever they wait for.
_OPEN = frozenset({"pending", "confirmed", "checked_in"})


async def show_bookings(request: Request) -> Response:
    """Bookings at all businesses: those to come, then the others; and waitlist entries."""
    api = await logged_in(request)
    bookings, waiting = await asyncio.gather(api.rows("/bookings", _MOST), api.rows("/waitlist", _MOST))
    ids = {one["business_id"] for one in (*bookings, *waiting)}
    found = await asyncio.gather(*(business_for(api, one, "Asia/Tokyo") for one in ids))
    coming = sorted((one for one in bookings if one["status"] in _OPEN), key=lambda one: str(one["start_at"]))
    past = sorted((one for one in bookings if one["status"] not in _OPEN), key=lambda one: str(one["start_at"]))
    variables = {
        "groups": [("account_coming", coming), ("account_past", past[::-1])],
        "waiting": [one for one in waiting if one["status"] in {"unproven", "waiting", "offered"}],
        "places": dict(zip(ids, found, strict=True)),
    }
    return page(request, "account/bookings", variables)


async def open_booking(request: Request) -> Response:
    """Go to the page of an own booking, by a link like that of its messages."""
    api, booking = await logged_in(request), request.path_params["booking_id"]
    mine = {one["id"] for one in await api.rows("/bookings", _MOST)}
    if booking not in mine:
        raise ApiError(404, "not_found", "", {})
    return see_other(request, f"/bookings/{request.app.state.services.booking_links.token(UUID(booking))}")


async def open_entry(request: Request) -> Response:
    """Go to the page of an own waitlist entry, in the same way."""
    api, entry = await logged_in(request), request.path_params["entry_id"]
    mine = {one["id"] for one in await api.rows("/waitlist", _MOST)}
    if entry not in mine:
        raise ApiError(404, "not_found", "", {})
    return see_other(request, f"/waitlist/{request.app.state.services.waitlist_links.token(UUID(entry))}")


async def show_profile(request: Request) -> Response:
    """Name, address, password, and the second factor."""
    return await _profile(request, await logged_in(request))


async def change_password(request: Request) -> Response:
    """Another password; every other session ends."""
    body = ("current_password", "new_password")
    return await _change(request, lambda api, form: api.post("/auth/change-password", _of(form, body)))


async def send_proof(request: Request) -> Response:
    """Send the e-mail that proves the address again."""
    api, _ = await _sent(request)
    me = await api.get("/auth/me")
    await api.post("/auth/resend-verification", {"email": me["email"]})
    return see_other(request, f"{_ADDRESS}/profile?saved")


async def set_up_factor(request: Request) -> Response:
    """A new secret for an authenticator app, with its QR code; nothing is switched on yet."""
    api, _ = await _sent(request)
    made = await api.post("/auth/2fa/setup", {})
    return _factor(request, made["secret"], made["otpauth_uri"])


async def switch_factor(request: Request) -> Response:
    """Switch the second factor on, and show the recovery codes once; or off."""
    api, form = await _sent(request)
    what = "disable" if form.get("do") == "disable" else "enable"
    try:
        made = await api.post(f"/auth/2fa/{what}", _of(form, ("password", "code")))
    except ApiError as error:
        # What no QR code can hold, or is no address of a secret, did not come from our page.
        if what == "enable" and form.get("secret") and _ADDRESS_OF_SECRET.fullmatch(form.get("uri")):
            return _factor(request, form.get("secret"), form.get("uri"), error)
        return await _profile(request, api, error)
    if what == "disable":
        return see_other(request, f"{_ADDRESS}/profile?saved")
    return page(request, "account/codes", {"codes": made["recovery_codes"]})


def _factor(request: Request, secret: str, uri: str, error: ApiError | None = None) -> Response:
    variables = {"secret": secret, "uri": uri, "code": segno.make(uri, error="m").png_data_uri(scale=5), "error": error}
    return page(request, "account/factor", variables, status=error.status if error else 200)


async def _profile(request: Request, api: ApiClient, error: ApiError | None = None) -> Response:
    variables = {
        "me": await api.get("/auth/me"),
        "error": error,
        "errors": error.fields if error else {},
        "saved": "saved" in request.query_params,
    }
    return page(request, "account/profile", variables, status=error.status if error else 200)


async def show_sessions(request: Request) -> Response:
    """Where the login is used."""
    api = await logged_in(request)
    found = [{**one, "device": device_of(one["user_agent"] or "")} for one in await api.rows("/auth/sessions", _MOST)]
    variables = {"sessions": found, "saved": "saved" in request.query_params}
    return page(request, "account/sessions", variables)


async def end_sessions(request: Request) -> Response:
    """End one session, or all others."""
    api, form = await _sent(request)
    await api.delete(f"/auth/sessions/{form.get('session')}" if form.get("session") else "/auth/sessions")
    return see_other(request, f"{_ADDRESS}/sessions?saved")


async def show_data(request: Request) -> Response:
    """Export and erasure."""
    return await _data(request, await logged_in(request))


async def export(request: Request) -> Response:
    """Ask for an export; the link comes by e-mail."""
    return await _change(request, lambda api, form: api.post("/auth/me/export", {}, form.get("key")), "data")


async def erase(request: Request) -> Response:
    """Close the account. The session ends with it."""
    api, form = await _sent(request)
    try:
        await api.post("/auth/me/erasure", _of(form, ("password",)), form.get("key"))
    except ApiError as error:
        return await _data(request, api, error)
    response = page(
        request, "message", {"title_key": "erased_title", "say_key": "erased_say", "ways": [("way_start", "/")]}
    )
    forget_session(request, response)
    return response


async def _data(request: Request, api: ApiClient, error: ApiError | None = None) -> Response:
    try:
        newest = await api.get("/auth/me/export")
    except ApiError as missing:
        if missing.status != 404:
            raise
        newest = None
    variables = {
        "export": newest,
        "error": error,
        "errors": error.fields if error else {},
        "saved": "saved" in request.query_params,
        "key": secrets.token_urlsafe(24),
    }
    return page(request, "account/data", variables, status=error.status if error else 200)


async def _sent(request: Request) -> tuple[ApiClient, Form]:
    request.scope["omotenashi.page_path"] = _ADDRESS
    form = await read_form(request)
    return await logged_in(request), form


async def _change(request: Request, do: Callable[[ApiClient, Form], Awaitable[Any]], back: str = "profile") -> Response:
    api, form = await _sent(request)
    try:
        await do(api, form)
    except ApiError as error:
        return await (_data if back == "data" else _profile)(request, api, error)
    return see_other(request, f"{_ADDRESS}/{back}?saved")


def _of(form: Form, names: tuple[str, ...]) -> Mapping[str, str]:
    return {name: form.get(name) for name in names}


ROUTES: tuple[Route, ...] = (
    route("/account", show_bookings),
    route("/account/bookings/{booking_id}", open_booking),
    route("/account/waitlist/{entry_id}", open_entry),
    route("/account/profile", show_profile),
    route("/account/password", change_password, "POST"),
    route("/account/proof", send_proof, "POST"),
    route("/account/second-factor/new", set_up_factor, "POST"),
    route("/account/second-factor", switch_factor, "POST"),
    route("/account/sessions", show_sessions),
    route("/account/sessions", end_sessions, "POST"),
    route("/account/data", show_data),
    route("/account/data/export", export, "POST"),
    route("/account/data/erasure", erase, "POST"),
)
