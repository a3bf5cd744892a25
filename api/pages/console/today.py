"""``/console/{business}/today``: a day's visits in order, with what can be done to each."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiClient, ApiError
from api.pages.console.hours import asked_day, calendar_of
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from domain.business_status import BusinessStatus
from domain.roles import MANAGERS
from domain.scheduling.business_days import beginning

#: The commands of a status, the most likely one first.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "pending": ("confirm", "decline"),
    "confirmed": ("check-in", "no-show"),
    "checked_in": ("complete",),
}
#: A business in these takes no bookings until its owner has done something.
UNPUBLISHED = frozenset({BusinessStatus.DRAFT, BusinessStatus.REJECTED})
_MOST = 100
#: Some of those who come have several.
_MOST_ALLERGIES = 1000
_A_DAY = timedelta(days=1)


async def show_start(request: Request) -> Response:
    """The businesses of the login; with one alone, its day, or what it lacks before it is public."""
    api = await logged_in(request)
    businesses = await api.get("/owner/businesses", limit=_MOST)
    if len(businesses) == 1:
        managed = businesses[0]["role"] in MANAGERS
        place = "start" if managed and businesses[0]["status"] in UNPUBLISHED else "today"
        return see_other(request, f"/console/{businesses[0]['id']}/{place}")
    return page(request, "console/start", {"businesses": businesses})


async def show_day(request: Request) -> Response:
    """The business day: today, or that of ``?day`` or of the moment ``?at``."""
    api = await logged_in(request)
    business = await own_business(api, request.path_params["business_id"])
    day, today = await asked_day(request, api, business)
    zone, now = ZoneInfo(business["time_zone"]), request.app.state.services.now()
    calendar = await calendar_of(api, business, day, day + _A_DAY)
    since, until = beginning(calendar, day, zone), beginning(calendar, day + _A_DAY, zone)
    period = {"from": since.isoformat(), "to": until.isoformat()}
    found, allergies = await asyncio.gather(
        api.get("/bookings", business_id=business["id"], limit=_MOST, **period),
        allergies_of(api, business["id"], **period),
    )
    return page(
        request,
        "console/today",
        {
            "business": business,
            "day": day,
            "is_today": day == today,
            "before": (day - _A_DAY).isoformat(),
            "after": (day + _A_DAY).isoformat(),
            "visits": [{**visit(one, now), "allergies": allergies.get(one["id"], ())} for one in found],
            "counts": _counts(found),
            "full": len(found) == _MOST,
        },
    )


async def own_business(api: ApiClient, business_id: str) -> Mapping[str, Any]:
    """A business where the login works. Raises ApiError."""
    for one in await api.get("/owner/businesses", limit=_MOST):
        if one["id"] == business_id:
            found: Mapping[str, Any] = one
            return found
    raise ApiError(404, "not_found", "", {})


def visit(booking: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """A booking with what can be done to it. ``is_late``: the customer should be here."""
    late = booking["status"] == "confirmed" and datetime.fromisoformat(booking["start_at"]) < now
    waits = booking["status"] == "pending" and not booking["approval_deadline"]
    undo = booking["undo_until"] is not None and datetime.fromisoformat(booking["undo_until"]) > now
    commands = () if waits else COMMANDS.get(booking["status"], ())
    buttons = (*commands, *(("undo",) if undo else ()))
    return {**booking, "is_late": late, "commands": buttons, "key": secrets.token_urlsafe(18)}


async def allergies_of(api: ApiClient, business_id: str, **asked: str) -> Mapping[str, Sequence[str]]:
    """What customers are allergic to, by booking; nothing for those who may not read it."""
    try:
        rows = await api.rows("/customers/allergies", _MOST_ALLERGIES, business_id=business_id, **asked)
    except ApiError as error:
        if error.status != 403:
            raise
        return {}
    found: dict[str, list[str]] = {}
    for one in rows:
        found.setdefault(one["booking_id"], []).append(one["body"] or "")
    return found


def _counts(bookings: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    expected = [one for one in bookings if one["status"] in {"confirmed", "checked_in", "completed"}]
    return {
        "expected": len(expected),
        "arrived": sum(one["status"] in {"checked_in", "completed"} for one in bookings),
        "to_answer": sum(one["status"] == "pending" and one["approval_deadline"] is not None for one in bookings),
        "cancelled": sum(one["status"] in {"cancelled", "no_show", "declined"} for one in bookings),
    }
