"""``/console/{business}/customers/import``: customers from a CSV file: choose it, see how it is read, take it over; and
``…/imports/{id}``: what became of each row.

The file goes from the preview to the import inside the form, so that nothing is stored before somebody has seen it.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.forms import Form, read_file_form
from api.pages.handling import route
from api.pages.records.pages import Desk, desk_of
from api.pages.rendering import page, see_other
from domain.customers.csv_files import MAX_BYTES, MAX_COLUMNS
from domain.customers.importing import ImportField, Outcome

_ROWS = 500
#: A file of the largest size in base64 (RFC 4648, 4), and its columns.
_MOST_BYTES = 4 * (MAX_BYTES // 3 + 1) + 50_000


async def show_form(request: Request) -> Response:
    """The form for the file."""
    return _form(await desk_of(request))


async def send_file(request: Request) -> Response:
    """Show how the file is read, or take it over, as the button says."""
    desk = await desk_of(request)
    request.scope["omotenashi.page_path"] = request.url.path
    form, file = await read_file_form(request, _MOST_BYTES, most_part=_MOST_BYTES)
    content = base64.b64encode(file.content).decode() if file and file.content else form.get("content")
    if not content or not _is_base64(content):
        return _form(desk, ApiError(422, "invalid_input", desk.t("choose_file"), {}))
    take = form.get("do") == "take"
    body = {"business_id": desk.business["id"], "file": content, "columns": _columns(form)}
    refusal: ApiError | None = None
    if take:
        try:
            begun = await desk.api.post("/customers/import", {**body, "dry_run": False}, form.get("key"))
            return see_other(request, f"{desk.path}/imports/{begun['id']}")
        except ApiError as error:
            refusal = error
    try:
        found = await desk.api.post("/customers/import", {**body, "dry_run": True})
    except ApiError as error:
        return _form(desk, refusal or error)
    variables = {
        "error": refusal,
        "said": list(refusal.fields.values()) if refusal else [],
        "business": desk.business,
        "found": found,
        "content": content,
        "fields": list(ImportField),
        "key": secrets.token_urlsafe(24),
    }
    return page(request, "console/import_check", variables, status=refusal.status if refusal else 200)


async def show_import(request: Request) -> Response:
    """How far it is, and its rows; ``?outcome`` some of them."""
    desk = await desk_of(request)
    path, outcome = f"/customers/imports/{request.path_params['import_id']}", desk.query.get("outcome", "")
    found = await desk.api.get(path)
    if found["business_id"] != desk.business["id"]:
        raise ApiError(404, "not_found", "", {})
    asked = {"outcome": outcome} if outcome in set(Outcome) else {}
    rows = await desk.api.rows(f"{path}/rows", _ROWS, **asked)
    variables = {
        "business": desk.business,
        "found": found,
        "rows": rows,
        "outcome": outcome if asked else "",
        "outcomes": list(Outcome),
        "full": len(rows) == _ROWS,
        "most": _ROWS,
    }
    return page(request, "console/import", variables)


def _form(desk: Desk, error: ApiError | None = None) -> Response:
    said = list(error.fields.values()) if error else []
    variables = {"business": desk.business, "error": error, "said": said}
    return page(desk.request, "console/import_new", variables, status=error.status if error else 200)


def _columns(form: Form) -> Mapping[str, Any]:
    """What somebody chose for a column, by the column's name."""
    chosen = ((form.get(f"column.{at}.name"), form.get(f"column.{at}.field")) for at in range(MAX_COLUMNS))
    return {name: field for name, field in chosen if name and field}


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


ROUTES: tuple[Route, ...] = (
    route("/console/{business_id}/customers/import", show_form),
    route("/console/{business_id}/customers/import", send_file, "POST"),
    route("/console/{business_id}/imports/{import_id}", show_import),
)
