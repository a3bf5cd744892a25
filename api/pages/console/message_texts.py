"""``/console/{business}/texts``: the messages that a business words itself: list, one text with its check and its
earlier versions, the message as it is sent, and the way back to the platform's words."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.records.pages import Desk, desk_of
from api.pages.rendering import page, see_other
from api.v1.messages.texts.schemas import MessageTextUpdate
from domain.messages.texts import STANDARD

_NAMES = ("subject", "body")
#: Earlier versions on the page.
_VERSIONS = 20
#: Entries of the audit trail that have the whole row, and so say which text they are about.
_WHOLE = ("insert", "delete")
#: Entries that are read at most, of each kind and of each text.
_MOST = 500
#: Of the message itself: mail has its styles inside. Nothing runs in it, and it has an origin of its own
#: (Content Security Policy Level 3, 6.3.2).
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; sandbox"
_LIMITS = {name: field["maxLength"] for name, field in MessageTextUpdate.model_json_schema()["properties"].items()}


async def show_list(request: Request) -> Response:
    """Every text that can be changed."""
    desk = await desk_of(request)
    variables = {"business": desk.business, "texts": await _texts(desk), "saved": "saved" in desk.query}
    return page(request, "console/texts", variables)


async def show_text(request: Request) -> Response:
    """One text."""
    desk = await desk_of(request)
    return await _shown(desk, await _text(desk))


async def change_text(request: Request) -> Response:
    """Check, save or reset it, as the button says."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    desk = await desk_of(request)
    text, do = await _text(desk), form.get("do")
    query = {"business_id": desk.business["id"]}
    try:
        if do == "check":
            return await _shown(desk, text, form, preview=await _preview(desk, text, form))
        if do == "reset":
            await desk.api.delete(_path(text), **query)
        else:
            await desk.api.put(_path(text), _typed(form), query)
    except ApiError as error:
        return await _shown(desk, text, form, error)
    return see_other(request, f"{desk.path}/texts?saved")


async def show_message(request: Request) -> Response:
    """The whole message as HTML, with example data."""
    request.scope["omotenashi.page_path"] = request.url.path.rpartition("/")[0]
    form = await read_form(request)
    desk = await desk_of(request)
    text = await _text(desk)
    try:
        preview = await _preview(desk, text, form)
    except ApiError as error:
        return await _shown(desk, text, form, error)
    return HTMLResponse(preview["html"], headers={"Content-Security-Policy": _POLICY})


async def _texts(desk: Desk) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = (await desk.api.get("/notifications/texts", business_id=desk.business["id"]))[
        "texts"
    ]
    return found


async def _text(desk: Desk) -> Mapping[str, Any]:
    wanted = (desk.request.path_params["kind"], desk.request.path_params["code"])
    for one in await _texts(desk):
        if (one["kind"], one["language"]) == wanted:
            return one
    raise ApiError(404, "not_found", "", {})


async def _preview(desk: Desk, text: Mapping[str, Any], form: Form) -> Mapping[str, Any]:
    about = {"business_id": desk.business["id"], "kind": text["kind"], "language": text["language"]}
    found: Mapping[str, Any] = await desk.api.post("/notifications/texts/preview", {**about, **_typed(form)})
    return found


async def _shown(
    desk: Desk,
    text: Mapping[str, Any],
    form: Form | None = None,
    error: ApiError | None = None,
    preview: Mapping[str, Any] | None = None,
) -> Response:
    values = _typed(form) if form else {name: text[name] or _beginning(text, name) for name in _NAMES}
    variables = {
        "business": desk.business,
        "text": text,
        "values": values,
        "limits": _LIMITS,
        "errors": error.fields if error else {},
        "error": error,
        "preview": preview,
        "versions": await _versions(desk, text),
        "address": f"{desk.path}/texts/{text['kind']}/{text['language']}",
        "key": secrets.token_urlsafe(24),
    }
    return page(desk.request, "console/text", variables, status=error.status if error else 200)


def _beginning(text: Mapping[str, Any], name: str) -> str:
    """What a new text begins with: what it must name."""
    if name == "body":
        return f"{{{{ {STANDARD} }}}}"
    return " ".join(f"{{{{ {one} }}}}" for one in (*text["required_in_subject"], "business"))


async def _versions(desk: Desk, text: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Earlier versions from the audit trail, newest first; none for those who may not read it."""
    query = {"business_id": desk.business["id"], "entity": "message_texts"}
    try:
        whole = [one for action in _WHOLE for one in await desk.api.rows("/audit", _MOST, action=action, **query)]
    except ApiError as error:
        if error.status != 403:
            raise
        return []
    own = {key: text[key] for key in ("kind", "language")}
    # A text that was reset and written again is another row.
    ids = {one["entity_id"]: None for one in whole if own.items() <= (one["before"] or one["after"]).items()}
    found: list[Mapping[str, Any]] = []
    for entity_id in ids:
        found += _versions_of(await desk.api.rows("/audit", _MOST, entity_id=entity_id, **query))
    return sorted(found, key=lambda one: datetime.fromisoformat(one["at"]), reverse=True)[:_VERSIONS]


def _versions_of(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The versions of one row, newest first. The trail has of a change only what changed: the rest is what it was."""
    found: list[Mapping[str, Any]] = []
    values: dict[str, Any] = {}
    for one in reversed(entries):
        values |= {**(one["before"] or {}), **(one["after"] or {})}
        found.append({"at": one["at"], "action": one["action"], **{name: values.get(name, "") for name in _NAMES}})
    return found[::-1]


def _typed(form: Form) -> dict[str, str]:
    return {name: form.get(name).replace("\r\n", "\n") for name in _NAMES}


def _path(text: Mapping[str, Any]) -> str:
    return f"/notifications/texts/{text['kind']}/{text['language']}"


_ONE = "/console/{business_id}/texts/{kind}/{code}"
ROUTES: tuple[Route, ...] = (
    route("/console/{business_id}/texts", show_list),
    route(_ONE, show_text),
    route(_ONE, change_text, "POST"),
    route(f"{_ONE}/message", show_message, "POST"),
)
