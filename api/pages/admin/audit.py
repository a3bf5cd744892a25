"""``/admin/audit``: who changed what, found by business, record, login, request or time."""

from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from api.pages.api_client import ApiError
from api.pages.rendering import page
from api.pages.sessions import logged_in

_MOST = 100
FIELDS = ("business_id", "entity", "entity_id", "actor_id", "request_id")


async def show_audit(request: Request) -> Response:
    """The form, and what it found. Times are UTC, as the trail has them."""
    api = await logged_in(request)
    query = request.query_params
    typed = {name: query.get(name, "").strip() for name in (*FIELDS, "action", "from", "to")}
    error, entries = None, []
    try:
        entries = await api.rows("/audit", _MOST, **_asked(typed))
    except ApiError as refused:
        if refused.status not in {400, 422}:
            raise
        error = refused
    variables = {
        "typed": typed,
        "fields": FIELDS,
        "entries": entries,
        "full": len(entries) == _MOST,
        "errors": error.fields if error else {},
        "error": error,
    }
    return page(request, "admin/audit", variables, status=error.status if error else 200)


def _asked(typed: Mapping[str, str]) -> Mapping[str, str]:
    return {name: _moment(value) if name in {"from", "to"} else value for name, value in typed.items() if value}


def _moment(text: str) -> str:
    """A field of local time is UTC; anything else goes to the API, which says what is wrong."""
    try:
        return f"{datetime.strptime(text, '%Y-%m-%dT%H:%M').isoformat()}Z"  # noqa: DTZ007 - the Z says it
    except ValueError:
        return text
