"""``/console/{business}/analytics``: the figures of a period beside those of the one before, pictures, and files."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.booking.business import today_at
from api.pages.handling import route
from api.pages.records.pages import desk_of
from api.pages.rendering import page, see_other
from api.v1.analytics.figures.insight_handlers import Picture

_USUAL = timedelta(days=27)
_FIGURES = (
    *("bookings", "completed", "cancelled", "no_show", "value", "net", "venue", "new_customers"),
    *("returning_customers", "reviews"),
)
_MONEY = frozenset({"value", "net", "venue"})
_SHARES = ("cancellation_rate", "no_show_rate", "utilisation")


async def show_figures(request: Request) -> Response:
    """The page; ``?from`` and ``?to`` are business days, without them the last four weeks."""
    desk = await desk_of(request)
    today = today_at(desk.business, request)
    first = desk.query.get("from") or (today - _USUAL).isoformat()
    last = desk.query.get("to") or today.isoformat()
    period = {"from": first, "to": last}
    base = f"/businesses/{desk.business['id']}/analytics"
    found: Mapping[str, Any] | None = None
    error: ApiError | None = None
    try:
        found = await desk.api.get(base, **period)
    except ApiError as refused:
        if refused.status not in {400, 422}:
            raise
        error = refused
    variables = {
        "business": desk.business,
        "first": first,
        "last": last,
        "found": found,
        "figures": _FIGURES,
        "money": _MONEY,
        "shares": _SHARES,
        "pictures": list(get_args(Picture)) if found and found["figures"] else [],
        "query": urlencode(period),
        "errors": error.fields if error else {},
        "error": error,
        # More days than the page shows are written to a file.
        "is_too_long": error is not None
        and any(one["rule"] == "too_many_days" for one in error.details.get("fields", ())),
        "exports": await desk.api.rows("/analytics/exports", 20, business_id=desk.business["id"]),
    }
    return page(request, "console/analytics", variables, status=error.status if error else 200)


async def show_picture(request: Request) -> Response:
    """One picture (SVG), for the page's ``img``."""
    desk = await desk_of(request)
    name = request.path_params["picture"]
    if name not in set(get_args(Picture)):
        raise ApiError(404, "not_found", "", {})
    path = f"/businesses/{desk.business['id']}/analytics/pictures/{name}"
    file = await desk.api.download(path, **{key: desk.query.get(key, "") for key in ("from", "to")})
    return Response(file.content, media_type=file.headers["content-type"])


async def download(request: Request) -> Response:
    """The figures of each business day as CSV; for many days back to the page, which lists the file."""
    desk = await desk_of(request)
    asked = {key: desk.query.get(key, "") for key in ("from", "to")}
    file = await desk.api.download("/analytics/export", business_id=desk.business["id"], format="csv", **asked)
    if file.status_code == 202:
        return see_other(request, f"{desk.path}/analytics")
    headers = {"Content-Disposition": 'attachment; filename="figures.csv"'}
    return Response(file.content, media_type=file.headers["content-type"], headers=headers)


async def fetch_export(request: Request) -> Response:
    """To the file of an export, by a link that works for ten minutes."""
    desk = await desk_of(request)
    link = await desk.api.post(f"/analytics/exports/{request.path_params['export_id']}/link", {})
    return see_other(request, link["url"])


ROUTES: tuple[Route, ...] = (
    route("/console/{business_id}/analytics", show_figures),
    route("/console/{business_id}/analytics/figures.csv", download),
    route("/console/{business_id}/analytics/exports/{export_id:uuid}", fetch_export),
    route("/console/{business_id}/analytics/pictures/{picture}", show_picture),
)
