"""``/admin/notices``: which messages did not arrive and why, with the button that sends one again."""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiClient, ApiError
from api.pages.forms import read_form
from api.pages.handling import route
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from api.pages.texts.failures import failure
from api.pages.texts.words import WORDS
from domain.messages.kinds import NoticeStatus
from domain.messages.ledger import PLATFORM_ZONE

_ADDRESS = "/admin/notices"
_MOST = 200
_STATUSES = (NoticeStatus.FAILED, NoticeStatus.BOUNCED, NoticeStatus.DROPPED)
_COUNTED = ("promised", "queued", "sent", "delivered", "failed", "bounced", "dropped")
#: Days of the figures.
_DAYS = 7


async def show_notices(request: Request) -> Response:
    """Those that failed; ``?status`` those that came back or were kept back."""
    return await _shown(request, await logged_in(request))


async def retry(request: Request) -> Response:
    """Send one again."""
    request.scope["omotenashi.page_path"] = _ADDRESS
    form = await read_form(request)
    api = await logged_in(request)
    try:
        await api.post(f"{_ADDRESS}/{request.path_params['notice_id']}/retry", {}, form.get("key"))
    except ApiError as error:
        if error.status == 404:
            raise
        return await _shown(request, api, form.get("status"), error)
    return see_other(request, f"{_ADDRESS}?{urlencode({'status': _known(form.get('status')), 'saved': ''})}")


async def _shown(request: Request, api: ApiClient, asked: str = "", error: ApiError | None = None) -> Response:
    status = _known(asked or request.query_params.get("status", ""))
    today = request.app.state.services.now().astimezone(ZoneInfo(PLATFORM_ZONE)).date()
    period = {"first_day": (today - timedelta(days=_DAYS - 1)).isoformat(), "last_day": today.isoformat()}
    found, figures = await asyncio.gather(
        api.rows(_ADDRESS, _MOST, status=status.value), api.get(f"{_ADDRESS}/stats", **period)
    )
    variables = {
        "notices": [_notice(one) for one in found],
        "counts": {name: sum(one[name] for one in figures["counts"]) for name in _COUNTED},
        "statuses": _STATUSES,
        "status": status,
        "full": len(found) == _MOST,
        "most": _MOST,
        "days": _DAYS,
        "zone": PLATFORM_ZONE,
        "saved": "saved" in request.query_params,
        "error": error,
        "key": secrets.token_urlsafe(24),
    }
    return page(request, "admin/notices", variables, status=error.status if error else 200)


def _known(status: str) -> NoticeStatus:
    return NoticeStatus(status) if status in set(_STATUSES) else NoticeStatus.FAILED


def _notice(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """With its name, the sentence of its failure, and where to look."""
    places = [("admin_business", f"/admin/businesses/{one['business_id']}")] if one["business_id"] else []
    if one["booking_id"]:
        query = urlencode({"entity": "bookings", "entity_id": one["booking_id"]})
        places.append(("audit_of_bookings", f"/admin/audit?{query}"))
    why = failure(one["failure_reason"]) if one["failure_reason"] else ""
    said = {"named": _word("notice_", one["kind"]), "to": _word("to_", one["audience"])}
    return {**one, **said, "by": _word("choice_channel_", one["channel"]), "why": why, "places": places}


def _word(prefix: str, value: str) -> str:
    return f"{prefix}{value}" if f"{prefix}{value}" in WORDS else f"{prefix}other"


ROUTES: tuple[Route, ...] = (
    route(_ADDRESS, show_notices),
    route(f"{_ADDRESS}/{{notice_id}}/retry", retry, "POST"),
)
