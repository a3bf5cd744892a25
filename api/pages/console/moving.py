"""``/console/{business}/bookings/{booking}/move``: another time or another person for a booking. The calendar opens the
check of a drag here; without a drag the page shows the strip of days, so that a keyboard can do the same.
"""

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

from api.http.times import at_venue
from api.pages.api_client import ApiClient, ApiError
from api.pages.booking.business import today_at
from api.pages.booking.days import Strip, day_from, is_moment
from api.pages.booking.selection import whole_number
from api.pages.booking.times import times_to_move
from api.pages.console.today import own_business
from api.pages.forms import Form, read_form
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from domain.scheduling.business_days import moment
from domain.scheduling.hours import DAY

_MOST = 200
ANY = "any"


@dataclass(frozen=True, slots=True)
class Moving:
    """A booking and the people and rooms of its business. ``resource``: the one that was chosen; empty for those that
    it has, ``any`` for anyone."""

    api: ApiClient
    business: Mapping[str, Any]
    booking: Mapping[str, Any]
    resources: list[Mapping[str, Any]]
    resource: str

    @property
    def path(self) -> str:
        """The booking in the API."""
        return f"/bookings/{self.booking['id']}"

    @property
    def preferred(self) -> list[str]:
        """The resources that the new time is looked for with."""
        if self.resource:
            return [] if self.resource == ANY else [self.resource]
        return sorted({one for item in self.booking["items"] for one in item["resource_ids"]})

    def address(self, **query: str) -> str:
        """The page with this query."""
        chosen = {**({"resource": self.resource} if self.resource else {}), **query}
        return f"/console/{self.business['id']}/bookings/{self.booking['id']}/move?{urlencode(chosen)}"

    def variables(self) -> Mapping[str, Any]:
        """What both screens show."""
        return {
            "business": self.business,
            "booking": self.booking,
            "resources": self.resources,
            "resource": self.resource,
            "person": next((one for one in self.resources if one["id"] == self.resource), None),
            "address": self.address(),
        }


async def show_move(request: Request) -> Response:
    """The days and times; with ``?start``, or ``?day`` and ``?minute`` of a drag, the check of the chosen time."""
    query = request.query_params
    found = await _moving(request, query.get("resource", ""))
    start = query.get("start", "") or _dropped(found, query.get("day", ""), query.get("minute", ""))
    return await (_check(request, found, start) if is_moment(start) else _times(request, found))


async def move(request: Request) -> Response:
    """Move the booking, or give it to the chosen person where the time stays."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    found, start = await _moving(request, form.get("resource")), form.get("start")
    if not is_moment(start):
        return await _times(request, found)
    if form.get("resource") != found.resource:  # that person cannot be booked any more: nobody else without a question
        return await _check(request, found, start)
    try:
        await _moved(found, form)
    except ApiError as error:
        if error.status == 404:
            raise
        return await _times(request, found, error, error.status)
    return see_other(request, f"/console/{found.business['id']}/calendar?{urlencode({'at': start})}")


async def _moved(found: Moving, form: Form) -> None:
    start, key = form.get("start"), form.get("key") or secrets.token_urlsafe(24)
    if found.resource not in {"", ANY} and _same(start, found.booking["start_at"]):
        body = {"booking_id": found.booking["id"], "resource_id": found.resource}
        await found.api.post("/staff/assign-to-booking", body, key)
    else:
        body = {"start_at": start, "resource_ids": found.preferred}
        await found.api.post(f"{found.path}/reschedule", body, key)


async def _moving(request: Request, resource: str) -> Moving:
    api, booking_id = await logged_in(request), request.path_params["booking_id"]
    business_id = request.path_params["business_id"]
    business, booking, resources = await asyncio.gather(
        own_business(api, business_id),
        api.get(f"/bookings/{booking_id}"),
        api.rows("/resources", _MOST, business_id=business_id, active=True),
    )
    if booking["business_id"] != business["id"]:
        raise ApiError(404, "not_found", "", {})
    known = resource if resource in {ANY, *(one["id"] for one in resources)} else ""
    return Moving(api, business, booking, resources, known)


async def _check(request: Request, found: Moving, start: str) -> Response:
    """What the move costs, and whether the time is free: the answers of the API, before anything is changed."""
    day = _venue_day(found, start)
    try:
        quote, starts = await asyncio.gather(
            found.api.post(f"{found.path}/reschedule-quote", {}),
            _starts(found, day - timedelta(days=1), day),  # a time after midnight may be of the day before
        )
    except ApiError as error:
        return _refused(request, found, error.message, error.status)
    if not any(_same(one["start_at"], start) for one in starts):
        return await _not_free(request, found, start, day)
    variables = {**found.variables(), "quote": quote, "start": start, "key": secrets.token_urlsafe(24)}
    return page(request, "console/move_check", variables)


async def _not_free(request: Request, found: Moving, start: str, day: date) -> Response:
    starts = await _starts(found, day, day + timedelta(days=13))
    wanted = datetime.fromisoformat(start)
    near = sorted(starts, key=lambda one: abs(datetime.fromisoformat(one["start_at"]) - wanted))[:4]
    variables = {
        **found.variables(),
        "start": start,
        "said": None,
        "alternatives": [
            {"start_at": one["start_at"], "address": found.address(start=one["start_at"])}
            for one in sorted(near, key=lambda one: one["start_at"])
        ],
    }
    return page(request, "console/move_refused", variables, status=409)


def _refused(request: Request, found: Moving, said: str, status: int) -> Response:
    variables = {**found.variables(), "start": "", "said": said, "alternatives": []}
    return page(request, "console/move_refused", variables, status=status)


async def _times(request: Request, found: Moving, error: ApiError | None = None, status: int = 200) -> Response:
    today = today_at(found.business, request)
    day = day_from(request.query_params.get("day", found.booking["start_at"]), today) or today
    strip = Strip.around(day, today)
    try:
        starts = await _starts(found, strip.first, strip.last)
    except ApiError as refused:
        error, starts = error or refused, []
    if not found.resource:  # the present time is no other one, unless it is with somebody else
        starts = [one for one in starts if not _same(one["start_at"], found.booking["start_at"])]
    alternatives = error.details.get("alternatives", ()) if error else ()
    variables = {
        **found.variables(),
        **times_to_move(starts, day, strip, found.address),
        "error": error,
        "alternatives": [{"start_at": at, "address": found.address(start=at)} for at in alternatives],
    }
    return page(request, "console/move", variables, status=status)


async def _starts(found: Moving, first: date, last: date) -> list[Mapping[str, Any]]:
    period = {"from": first.isoformat(), "to": last.isoformat(), "resource_id": found.preferred}
    starts: list[Mapping[str, Any]] = (await found.api.get(f"{found.path}/availability", **period))["starts"]
    return starts


def _dropped(found: Moving, day: str, minute: str) -> str:
    """The moment where a card was dropped; empty for a place that is none."""
    number = whole_number(minute, most=2 * DAY)
    if number is None or not is_moment(f"{day}T00:00:00Z"):
        return ""
    zone = ZoneInfo(found.business["time_zone"])
    return at_venue(moment(date.fromisoformat(day), number, zone), zone).isoformat()


def _venue_day(found: Moving, start: str) -> date:
    return datetime.fromisoformat(start).astimezone(ZoneInfo(found.business["time_zone"])).date()


def _same(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)
