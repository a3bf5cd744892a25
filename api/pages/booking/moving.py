"""``/bookings/{token}/move``: another time for a booking, with what the move costs before it is made."""

import secrets
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiError
from api.pages.booking.business import today_at
from api.pages.booking.days import Strip, day_from, is_moment
from api.pages.booking.manage import Shown, shown
from api.pages.booking.times import times_to_move
from api.pages.forms import read_form
from api.pages.rendering import page, see_other


async def show_move(request: Request) -> Response:
    """The strip of days and the times; with ``start`` in the address, the check of the chosen time."""
    found = await shown(request)
    start = request.query_params.get("start", "")
    return await (_check(request, found, start) if is_moment(start) else _times(request, found))


async def move(request: Request) -> Response:
    """Move the booking."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    found = await shown(request)
    try:
        await found.api.post(f"{found.path}/reschedule", {"start_at": form.get("start")}, form.get("key"))
    except ApiError as error:
        if "alternatives" not in error.details:
            raise
        return await _times(request, found, error, error.status)
    return see_other(request, found.address)


async def _check(request: Request, found: Shown, start: str) -> Response:
    quote = await found.api.post(f"{found.path}/reschedule-quote", {})
    variables = {**found.variables(), "quote": quote, "start": start, "key": secrets.token_urlsafe(24)}
    return page(request, "booking/move_check", variables)


async def _times(request: Request, found: Shown, refused: ApiError | None = None, status: int = 200) -> Response:
    today = today_at(found.business, request)
    day = day_from(request.query_params.get("day", found.booking["start_at"]), today) or today
    strip = Strip.around(day, today)
    period = {"from": strip.first.isoformat(), "to": strip.last.isoformat()}
    answer = await found.api.get(f"{found.path}/availability", **period)
    starts = [one for one in answer["starts"] if one["start_at"] != found.booking["start_at"]]
    alternatives = refused.details["alternatives"] if refused else ()
    variables = {
        **found.variables(),
        **times_to_move(starts, day, strip, partial(_address, found)),
        "error": refused,
        "alternatives": [{"start_at": at, "address": _address(found, start=at)} for at in alternatives],
    }
    return page(request, "booking/move", variables, status=status)


def _address(found: Shown, **query: str) -> str:
    return f"{found.address}/move?{urlencode(query)}"
