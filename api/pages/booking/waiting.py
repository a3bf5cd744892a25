"""``/{slug}/waitlist``: join the waitlist of a service; ``/waitlist/{token}``: one entry through its link."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.http.request_info import request_info
from api.pages.api_client import ApiClient, ApiError
from api.pages.booking.business import ACCENTS, by_category, today_at
from api.pages.booking.choose import BusinessView, place_of
from api.pages.booking.days import day_from
from api.pages.booking.manage import business_for
from api.pages.booking.selection import Selection
from api.pages.forms import read_form
from api.pages.rendering import page, see_other
from domain.errors import Gone, Unauthenticated

_GUEST = ("family_name", "given_name", "family_name_kana", "given_name_kana", "email")
_TYPED = (*_GUEST, "first_day", "last_day")


async def show_join(request: Request) -> Response:
    """What the waitlist is, and the form: from which day to which, and the contact. Before it, which service."""
    place = await place_of(request)
    selection = Selection.of(request.query_params.multi_items())
    if len(place.chosen(selection)) != 1:
        return _choose(request, place, len(selection.services) > 1)
    today = today_at(place.business, request)
    first = day_from(selection.day, today) or today
    typed = {"first_day": first.isoformat(), "last_day": (first + timedelta(days=6)).isoformat()}
    return await _form(request, place, selection, typed, {})


async def join(request: Request) -> Response:
    """Join, and go to the entry's page."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    place = await place_of(request)
    selection = Selection.of(form.fields)
    if len(place.chosen(selection)) != 1:
        return _choose(request, place, len(selection.services) > 1, 422)
    body = {
        "service_id": selection.services[0],
        "first_day": form.get("first_day"),
        "last_day": form.get("last_day"),
        "resource_ids": selection.preferred,
        "party_size": selection.party,
        "guest": {name: form.get(name) or None for name in _GUEST},
        "language": request_info().language.value,
    }
    try:
        entry = await place.api.post("/waitlist", body, form.get("key"))
    except ApiError as error:
        errors = {name.rpartition(".")[2]: said for name, said in error.fields.items()}
        return await _form(request, place, selection, form.values, {"form": error.message, **errors}, error.status)
    return see_other(request, f"/waitlist/{entry['guest_token']}" if entry["guest_token"] else f"/{place.slug}")


def _choose(request: Request, place: BusinessView, several: bool, status: int = 200) -> Response:
    """Which service: somebody waits for one. ``several`` are chosen."""
    groups = by_category(list(place.services.values()))
    variables = {**place.variables("what"), "groups": groups, "several": several}
    return page(request, "booking/waitlist_what", variables, status=status)


async def _form(
    request: Request,
    place: BusinessView,
    selection: Selection,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    status: int = 200,
) -> Response:
    variables = {
        **place.variables("when"),
        "selection": replace(selection, start="", day=""),
        "services": place.chosen(selection),
        "typed": {name: typed.get(name, "") for name in _TYPED},
        "errors": errors,
        "key": typed.get("key") or secrets.token_urlsafe(24),
        "back": selection.address(place.flow),
        "asks": await place.asks_kana(),
    }
    return page(request, "booking/waitlist_join", variables, status=status)


async def show_entry(request: Request) -> Response:
    """The entry: its place, its offer with the deadline, and what can be done."""
    entry, _, business = await _entry(request)
    variables = {
        "entry": entry,
        "business": business,
        "accent": ACCENTS.get(business["vertical"], ""),
        "address": f"/waitlist/{request.path_params['token']}",
        "key": secrets.token_urlsafe(24),
        "proof": request.query_params.get("proof", ""),
        "left_seconds": _left(request, entry["offer"]),
    }
    return page(request, "booking/waitlist", variables)


def _left(request: Request, offer: Mapping[str, Any] | None) -> int:
    if offer is None:
        return 0
    until = datetime.fromisoformat(offer["expires_at"])
    return max(int((until - request.app.state.services.now()).total_seconds()), 0)


async def answer_entry(request: Request) -> Response:
    """Accept or decline the offer, leave, or confirm the address: what the button says."""
    form = await read_form(request)
    entry, api, _ = await _entry(request)
    path, what, key = f"/waitlist/{entry['id']}", form.get("do"), form.get("key")
    if what == "accept":
        booked = await api.post(f"{path}/accept", {}, key)
        token = booked.get("guest_token")
        due = booked["amount_due"]["amount"] and booked["status"] == "pending"
        if token:
            return see_other(request, f"/bookings/{token}" + ("/pay" if due else ""))
    elif what == "decline":
        await api.post(f"{path}/decline", {}, key)
    elif what == "prove":
        await api.post(f"{path}/confirm-address", {"token": form.get("proof")}, key)
    elif what == "leave":
        await api.delete(path)
    return see_other(request, f"/waitlist/{request.path_params['token']}")


async def _entry(request: Request) -> tuple[Any, ApiClient, Any]:
    token = request.path_params["token"]
    api = ApiClient(request).with_waitlist(token)
    entry = await api.get(f"/waitlist/{_entry_id(request, token)}")
    return entry, api, await business_for(api, entry["business_id"], "UTC")


def _entry_id(request: Request, token: str) -> UUID:
    services = request.app.state.services
    try:
        found: UUID = services.waitlist_links.read(token, services.now())
    except (Unauthenticated, Gone) as error:
        raise ApiError(404, "not_found", "", {}) from error
    return found
