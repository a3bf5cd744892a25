"""``/console/{business}/new``: a booking for a customer, or time that is kept free;
``/console/{business}/blocks/{block}``: one block."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiClient, ApiError
from api.pages.booking.days import is_moment
from api.pages.booking.selection import whole_number
from api.pages.console.today import own_business
from api.pages.forms import Form, read_form
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from domain.businesses.profile import AsksKana
from domain.scheduling.business_days import moment
from domain.scheduling.hours import DAY

_MOST = 200
_CONTACT = ("family_name", "given_name", "family_name_kana", "given_name_kana", "email", "phone")
#: What the field of a date and time sends (HTML, local date and time).
_WALL = "%Y-%m-%dT%H:%M"
#: How long a block is where a time was tapped.
_BLOCK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A business with what can be booked there."""

    api: ApiClient
    business: Mapping[str, Any]
    services: list[Mapping[str, Any]]
    resources: list[Mapping[str, Any]]
    asks_kana: bool

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the venue."""
        return ZoneInfo(self.business["time_zone"])

    def instant(self, wall: str) -> str:
        """The moment that a field of local time names; what is none goes to the API, which says so."""
        try:
            return datetime.strptime(wall, _WALL).replace(tzinfo=self.zone).isoformat()
        except ValueError:
            return wall


async def show_new(request: Request) -> Response:
    """The forms, for the time and the person of the address."""
    place = await _place(request)
    query = request.query_params
    start = _start(place, query.get("day", ""), query.get("minute", ""), request.app.state.services.now())
    typed = {
        "start": start.strftime(_WALL),
        "block_start": start.strftime(_WALL),
        "block_end": (start + _BLOCK).strftime(_WALL),
        "resource": query.get("resource", ""),
    }
    return _form(request, place, typed)


async def add(request: Request) -> Response:
    """Book, or keep the time free."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    place = await _place(request)
    key = form.get("key") or secrets.token_urlsafe(24)
    block = form.get("what") == "block"
    try:
        if block:
            made = await place.api.post("/blocks", _block(place, form), key, {"confirm": form.get("confirm") == "yes"})
            at = made["times"][0]["starts_at"]
        else:
            at = (await place.api.post("/bookings", _booking(place, form), key))["start_at"]
    except ApiError as error:
        if error.status == 404:
            raise
        return _form(request, place, form.values, error, error.status)
    return see_other(request, f"/console/{place.business['id']}/calendar?{urlencode({'at': at})}")


async def show_block(request: Request) -> Response:
    """One block with its occurrences."""
    return await _shown_block(request)


async def remove_block(request: Request) -> Response:
    """Give its time free: one occurrence, it and the following, or all."""
    form = await read_form(request)
    api = await logged_in(request)
    business = await own_business(api, request.path_params["business_id"])
    at = form.get("at")
    chosen = {"scope": form.get("scope"), "starts_at": at} if form.get("scope") in {"one", "following"} else {}
    await api.delete(f"/blocks/{request.path_params['block_id']}", **chosen)
    query = f"?{urlencode({'at': at})}" if is_moment(at) else ""
    return see_other(request, f"/console/{business['id']}/calendar{query}")


async def _shown_block(request: Request) -> Response:
    api, business_id = await logged_in(request), request.path_params["business_id"]
    business, block, resources = await asyncio.gather(
        own_business(api, business_id),
        api.get(f"/blocks/{request.path_params['block_id']}"),
        api.rows("/resources", _MOST, business_id=business_id),
    )
    if block["business_id"] != business["id"]:
        raise ApiError(404, "not_found", "", {})
    at = request.query_params.get("at", "")
    variables = {
        "business": business,
        "block": block,
        "who": next((one for one in resources if one["id"] == block["resource_id"]), None),
        "at": at if is_moment(at) else block["times"][0]["starts_at"],
    }
    return page(request, "console/block", variables)


async def _place(request: Request) -> Place:
    api, business_id = await logged_in(request), request.path_params["business_id"]
    business, services, resources, settings = await asyncio.gather(
        own_business(api, business_id),
        api.rows(f"/businesses/{business_id}/services", _MOST),
        api.rows("/resources", _MOST, business_id=business_id, active=True),
        api.get(f"/businesses/{business_id}/settings"),
    )
    asks = settings["asks_kana"] != AsksKana.OFF
    return Place(api, business, [one for one in services if one["is_active"]], resources, asks)


def _start(place: Place, day: str, minute: str, now: datetime) -> datetime:
    """The wall-clock time of a tap; without one the next full hour."""
    number = whole_number(minute, most=2 * DAY)
    if is_moment(f"{day}T00:00:00Z") and number is not None:
        return moment(date.fromisoformat(day), number, place.zone).astimezone(place.zone)
    return (now.astimezone(place.zone) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)


def _booking(place: Place, form: Form) -> Mapping[str, Any]:
    guest = {name: form.get(name) for name in _CONTACT if form.get(name)}
    return {
        "service_id": form.get("service") or None,
        "start_at": place.instant(form.get("start")),
        "resource_ids": [form.get("resource")] if form.get("resource") else [],
        "guest": {"family_name": "", **guest},
        **({"special_requests": form.get("requests")} if form.get("requests") else {}),
    }


def _block(place: Place, form: Form) -> Mapping[str, Any]:
    return {
        "business_id": place.business["id"],
        "resource_id": form.get("resource") or None,
        "starts_at": place.instant(form.get("block_start")),
        "ends_at": place.instant(form.get("block_end")),
        "reason": form.get("reason") or None,
    }


def _form(
    request: Request, place: Place, typed: Mapping[str, str], error: ApiError | None = None, status: int = 200
) -> Response:
    fields = {name.rpartition(".")[2]: said for name, said in (error.fields.items() if error else ())}
    named = {"start_at": "start", "starts_at": "block_start", "ends_at": "block_end", "service_id": "service"}
    known = dict.fromkeys((*_CONTACT, "requests", "service", "reason"), "")
    times = {"start": "", "block_start": "", "block_end": "", "resource": "", "what": "booking"}
    variables = {
        "business": place.business,
        "services": place.services,
        "resources": place.resources,
        "asks_kana": place.asks_kana,
        "typed": {**known, **times, **typed},
        "errors": {named.get(name, name): said for name, said in fields.items()},
        "error": error,
        "stranded": error.details.get("bookings", ()) if error and error.code == "would_break_bookings" else (),
        "alternatives": error.details.get("alternatives", ()) if error else (),
        "key": secrets.token_urlsafe(24),
    }
    return page(request, "console/new", variables, status=status)
