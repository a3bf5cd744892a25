"""``/console/{business}/analytics``: the figures of a period beside those of the one before, pictures, and files."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.booking.business import today_at
from api.pages.forms import read_form
from api.pages.handling import route
from api.pages.records.pages import Desk, desk_of
from api.pages.rendering import page, see_other
from api.v1.analytics.figures.insight_handlers import Picture
from domain.analytics.periods import LONGEST

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
    return await _shown(desk, desk.query)


async def _shown(
    desk: Desk, asked: Mapping[str, str], refusal: ApiError | None = None, file: Mapping[str, Any] | None = None
) -> Response:
    """``refusal``: why a form did nothing. ``file``: an export with its ``url``."""
    today = today_at(desk.business, desk.request)
    first = asked.get("from") or (today - _USUAL).isoformat()
    last = asked.get("to") or today.isoformat()
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
        "refusal": refusal,
        "file": file and _with_days(desk, file),
        "exports": [
            _with_days(desk, one)
            for one in await desk.api.rows("/analytics/exports", 20, business_id=desk.business["id"])
        ],
    }
    failed = refusal or error
    return page(desk.request, "console/analytics", variables, status=failed.status if failed else 200)


def _with_days(desk: Desk, export: Mapping[str, Any]) -> Mapping[str, Any]:
    first, last = (desk.f.dated(date.fromisoformat(export[name])) for name in ("first_day", "last_day"))
    return {**export, "days": desk.t("days_from_to", first=first, last=last)}


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
    """The figures of each business day as CSV; for many days to the page, whose form asks for a file. A link alone must
    not: any site can send a browser to it."""
    desk = await desk_of(request)
    asked = {key: desk.query.get(key, "") for key in ("from", "to")}
    if not _is_answered_at_once(asked):
        return see_other(request, f"{desk.path}/analytics?{urlencode(asked)}")
    file = await desk.api.download("/analytics/export", business_id=desk.business["id"], format="csv", **asked)
    headers = {"Content-Disposition": 'attachment; filename="figures.csv"'}
    return Response(file.content, media_type=file.headers["content-type"], headers=headers)


async def ask_for_export(request: Request) -> Response:
    """Ask for a file of many days, and go back to the page, which lists it."""
    request.scope["omotenashi.page_path"] = request.url.path.rpartition("/")[0]
    form = await read_form(request)
    desk = await desk_of(request)
    asked = {key: form.get(key) for key in ("from", "to")}
    if _is_answered_at_once(asked):
        return see_other(request, f"{desk.path}/analytics?{urlencode(asked)}")
    try:
        await desk.api.download("/analytics/export", business_id=desk.business["id"], format="csv", **asked)
    except ApiError as error:
        return await _shown(desk, asked, error)
    return see_other(request, f"{desk.path}/analytics")


async def fetch_export(request: Request) -> Response:
    """The page with a link to the file, which works for ten minutes. It is no redirect: browsers do not follow one from
    a form to another origin than ``form-action`` names (CSP Level 3, 6.4.1)."""
    request.scope["omotenashi.page_path"] = request.url.path.rpartition("/exports/")[0]
    await read_form(request)
    desk = await desk_of(request)
    path = f"/analytics/exports/{request.path_params['export_id']}"
    export = await desk.api.get(path)
    if export["business_id"] != desk.business["id"]:
        raise ApiError(404, "not_found", "", {})
    try:
        link = await desk.api.post(f"{path}/link", {})
    except ApiError as error:
        return await _shown(desk, {}, error)
    return await _shown(desk, {}, file={**export, "url": link["url"]})


def _is_answered_at_once(asked: Mapping[str, str]) -> bool:
    """Whether the API answers with the days themselves; false too for days that nobody can read."""
    try:
        first, last = (date.fromisoformat(asked[name]) for name in ("from", "to"))
    except ValueError:
        return False
    return (last - first).days < LONGEST


ROUTES: tuple[Route, ...] = (
    route("/console/{business_id}/analytics", show_figures),
    route("/console/{business_id}/analytics/figures.csv", download),
    route("/console/{business_id}/analytics/exports", ask_for_export, "POST"),
    route("/console/{business_id}/analytics/exports/{export_id:uuid}", fetch_export, "POST"),
    route("/console/{business_id}/analytics/pictures/{picture}", show_picture),
)
