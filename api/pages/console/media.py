"""``/console/{business}/media``: the pictures and films of a business: upload, caption, order, removal."""

import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.forms import read_file_form, read_form
from api.pages.handling import route
from api.pages.records.fields import body_of, fields_of
from api.pages.records.pages import MOST, Desk, desk_of
from api.pages.rendering import page, see_other
from api.v1.media.media.schemas import MediaUpdate

#: What a button may ask for.
_COMMANDS = frozenset({"first", "earlier", "remove", "restore", "caption"})


async def show_media(request: Request) -> Response:
    """Everything in its order; ``?show=removed`` what was removed."""
    return await _shown(await desk_of(request))


async def upload(request: Request) -> Response:
    """Take a file."""
    request.scope["omotenashi.page_path"] = request.url.path
    desk = await desk_of(request)
    _, file = await read_file_form(request, request.app.state.settings.max_media_bytes)
    if file is None:
        return await _shown(desk, ApiError(422, "invalid_input", desk.t("choose_file"), {}))
    try:
        sent = (file.name, file.content, file.media_type)
        await desk.api.send_file("/media", sent, {"business_id": desk.business["id"]})
    except ApiError as error:
        return await _shown(desk, error)
    return see_other(request, f"{desk.path}/media?saved")


async def command(request: Request) -> Response:
    """Change one: what the button says."""
    request.scope["omotenashi.page_path"] = request.url.path.partition("/media/")[0] + "/media"
    form = await read_form(request)
    desk, what, media = await desk_of(request), request.path_params["command"], request.path_params["record_id"]
    if what not in _COMMANDS:
        raise ApiError(404, "not_found", "", {})
    try:
        if what == "caption":
            body = body_of(fields_of(MediaUpdate, ("captions",)), form, change=True)
            await desk.api.put(f"/media/{media}", body)
        elif what == "first":
            await desk.api.put(f"/media/{media}", {"featured": True})
            await desk.api.post("/media/reorder", {"business_id": desk.business["id"], "ids": [media]}, form.get("key"))
        elif what == "earlier":
            await _earlier(desk, media, form.get("key"))
        elif what == "remove":
            await desk.api.delete(f"/media/{media}")
        else:
            await desk.api.post(f"/media/{media}/restore", {}, form.get("key"))
    except ApiError as error:
        if error.status == 404:
            raise
        return await _shown(desk, error)
    return see_other(request, f"{desk.path}/media?saved")


async def _earlier(desk: Desk, media: str, key: str) -> None:
    ids = [one["id"] for one in await desk.api.rows("/media", MOST, business_id=desk.business["id"])]
    at = ids.index(media) if media in ids else 0
    if at:
        ids[at - 1], ids[at] = ids[at], ids[at - 1]
        await desk.api.post("/media/reorder", {"business_id": desk.business["id"], "ids": ids}, key)


async def _shown(desk: Desk, error: ApiError | None = None) -> Response:
    removed = desk.query.get("show") == "removed"
    variables = {
        "business": desk.business,
        "media": await desk.api.rows("/media", MOST, business_id=desk.business["id"], deleted=removed),
        "removed": removed,
        "caption_fields": fields_of(MediaUpdate, ("captions",)),
        "error": error,
        "saved": "saved" in desk.query,
        "key": secrets.token_urlsafe(24),
    }
    return page(desk.request, "console/media", variables, status=error.status if error else 200)


ROUTES: tuple[Route, ...] = (
    route("/console/{business_id}/media", show_media),
    route("/console/{business_id}/media", upload, "POST"),
    route("/console/{business_id}/media/{record_id}/{command}", command, "POST"),
)
