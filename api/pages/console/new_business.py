"""``/console/new``: a login makes a business. It is a draft; its page ``…/start`` says what is missing next."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.request_info import request_info
from api.pages.api_client import ApiClient, ApiError
from api.pages.console.single_forms import prefectures
from api.pages.forms import read_form
from api.pages.handling import route
from api.pages.records.fields import Field, body_of, fields_of, sentences, shown, typed
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from api.v1.businesses.businesses.schemas import BusinessCreate

_FIELDS = ("name", "vertical", "slug", "postal_code", "prefecture", "city", "address", "phone")


async def show_form(request: Request) -> Response:
    """The form of a new business."""
    api = await logged_in(request)
    fields = _fields()
    return await _form(request, api, fields, shown(fields, {}))


async def create(request: Request) -> Response:
    """Make it. Its hours are the next page."""
    request.scope["omotenashi.page_path"] = "/console/new"
    form = await read_form(request)
    api = await logged_in(request)
    fields = _fields()
    try:
        made = await api.post("/owner/businesses", body_of(fields, form), form.get("key"))
    except ApiError as error:
        return await _form(request, api, fields, typed(fields, form), error)
    return see_other(request, f"/console/{made['id']}/start?made")


def _fields() -> list[Field]:
    return fields_of(BusinessCreate, _FIELDS, {"prefecture": prefectures(request_info().language.value)})


async def _form(
    request: Request, api: ApiClient, fields: Sequence[Field], values: Mapping[str, Any], error: ApiError | None = None
) -> Response:
    errors = sentences(fields, error.fields) if error else {}
    variables = {
        "fields": fields,
        "values": values,
        "error": error,
        "errors": errors,
        "rest": [said for name, said in error.fields.items() if name.partition(".")[0] not in errors] if error else [],
        "key": secrets.token_urlsafe(24),
        "me": await api.get("/auth/me"),
    }
    return page(request, "console/new_business", variables, status=error.status if error else 200)


ROUTES: tuple[Route, ...] = (route("/console/new", show_form), route("/console/new", create, "POST"))
