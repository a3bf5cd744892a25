"""``/console/{business}/setup``: everything that is set up, with a link each; ``…/start``: what is missing before the
business can be public; ``…/days``: days with other hours; ``…/share``: the link, the QR code, the script for a site."""

import io
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.forms import read_file_form, read_form
from api.pages.handling import route
from api.pages.records.pages import Desk, desk_of
from api.pages.rendering import page, see_other
from domain.onboarding.verification import DocumentKind

#: The pages of the hub, by part.
HUB: Mapping[str, tuple[str, ...]] = {
    "hub_offer": ("services", "resources", "policies"),
    "hub_time": ("hours", "days", "time-off"),
    "hub_look": ("profile", "media", "brand", "texts", "share"),
    "hub_rules": ("settings", "team", "notices", "moved", "receipts", "till"),
}
#: Where each thing that a verification misses is typed; the words are those of the API (`domain.onboarding`).
PLACES: Mapping[str, str] = {
    "hours": "hours",
    "active_service": "services/new",
    "owner_email_verified": "/account/profile",
}
_DOCUMENTS = frozenset(DocumentKind)


async def show_setup(request: Request) -> Response:
    """The hub."""
    desk = await desk_of(request)
    return page(request, "console/setup", {"business": desk.business, "hub": HUB})


async def show_start(request: Request) -> Response:
    """What is missing, the documents, and the button that submits."""
    return await _start(await desk_of(request))


async def submit(request: Request) -> Response:
    """Submit the business for verification."""
    request.scope["omotenashi.page_path"] = request.url.path.rpartition("/")[0]
    form = await read_form(request)
    desk = await desk_of(request)
    try:
        await desk.api.post(f"/owner/businesses/{desk.business['id']}/submit", {}, form.get("key"))
    except ApiError as error:
        return await _start(desk, error)
    return see_other(request, f"{desk.path}/start?saved")


async def _start(desk: Desk, error: ApiError | None = None) -> Response:
    found = await desk.api.get(f"/owner/businesses/{desk.business['id']}/verification")
    variables = {
        "business": desk.business,
        "found": found,
        "steps": await _steps(desk, found["missing"]),
        "kinds": list(DocumentKind),
        "error": error,
        "saved": "saved" in desk.query,
        "made": "made" in desk.query,
        "key": secrets.token_urlsafe(24),
    }
    return page(desk.request, "console/start_up", variables, status=error.status if error else 200)


async def _steps(desk: Desk, missing: Sequence[str]) -> list[tuple[str, str]]:
    """What is missing, with its page, in the order in which it can be done: a service that can be booked needs somebody
    or something first."""
    steps = [(one.replace(".", "_"), _place(desk, one)) for one in missing]
    if "active_service" in missing and not await desk.api.rows("/resources", 1, business_id=desk.business["id"]):
        steps.insert(missing.index("active_service"), ("resource", f"{desk.path}/resources/new"))
    return steps


def _place(desk: Desk, missing: str) -> str:
    if missing.startswith("document."):
        return "#documents"
    place = PLACES.get(missing, "profile")
    return place if place.startswith("/") else f"{desk.path}/{place}"


async def show_days(request: Request) -> Response:
    """The days with other hours."""
    return await _days(await desk_of(request))


async def change_days(request: Request) -> Response:
    """Add or remove one day: the API takes the whole list."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    desk = await desk_of(request)
    known = await _known_days(desk)
    if form.get("do") == "remove":
        days = [one for one in known if one["day"] != form.get("day")]
    else:
        span = {"opens": form.get("opens"), "closes": form.get("closes")}
        name = {"name": form.get("name")} if form.get("name") else {}
        days = [one for one in known if one["day"] != form.get("day")]
        days.append({"day": form.get("day"), "ranges": [span] if any(span.values()) else [], **name})
    query = {"confirm": True} if form.get("confirm") else {}
    try:
        await desk.api.put(f"/owner/businesses/{desk.business['id']}/holidays", {"days": days}, query)
    except ApiError as error:
        return await _days(desk, form.values, error)
    return see_other(request, f"{desk.path}/days?saved")


async def _known_days(desk: Desk) -> list[dict[str, Any]]:
    found = await desk.api.get(f"/businesses/{desk.business['id']}/hours")
    return [{key: value for key, value in one.items() if value is not None} for one in found["one_off"]]


async def _days(desk: Desk, typed: Mapping[str, str] | None = None, error: ApiError | None = None) -> Response:
    stranded = error.details.get("bookings", ()) if error and error.code == "would_break_bookings" else ()
    variables = {
        "business": desk.business,
        "days": await _known_days(desk),
        "typed": {"day": "", "opens": "", "closes": "", "name": "", "do": "", **(typed or {})},
        "stranded": stranded,
        "errors": {name.rpartition(".")[2]: said for name, said in error.fields.items()} if error else {},
        "error": error,
        "saved": "saved" in desk.query,
    }
    return page(desk.request, "console/days", variables, status=error.status if error else 200)


async def show_share(request: Request) -> Response:
    """The link, the QR code, and the script."""
    desk = await desk_of(request)
    site = str(request.app.state.settings.public_url).rstrip("/")
    variables = {
        "business": desk.business,
        "link": f"{site}/{desk.business['slug']}",
        "script": f'<script src="{site}/embed.js" data-business="{desk.business["slug"]}" defer></script>',
        "website": desk.business["website"],
        "host": urlsplit(desk.business["website"] or "").netloc,
    }
    return page(request, "console/share", variables)


async def show_code(request: Request) -> Response:
    """The QR code of the business's page (ISO/IEC 18004), as SVG with space around it."""
    desk = await desk_of(request)
    site = str(request.app.state.settings.public_url).rstrip("/")
    written = io.BytesIO()
    code = segno.make(f"{site}/{desk.business['slug']}", error="m")
    code.save(written, kind="svg", scale=8, border=4, light="#ffffff")
    headers = {"Content-Disposition": f'inline; filename="{desk.business["slug"]}.svg"'}
    return Response(written.getvalue(), media_type="image/svg+xml", headers=headers)


async def send_document(request: Request) -> Response:
    """Upload a document for the verification: a ticket of the API, and the file to the storage in its name."""
    request.scope["omotenashi.page_path"] = request.url.path.rpartition("/")[0]
    desk = await desk_of(request)
    form, file = await read_file_form(request, request.app.state.settings.max_media_bytes)
    kind = form.get("kind")
    if file is None or kind not in _DOCUMENTS:
        return await _start(desk, ApiError(422, "invalid_input", desk.t("choose_file"), {}))
    path = f"/owner/businesses/{desk.business['id']}/documents"
    try:
        ticket = await desk.api.post(path, {"kind": kind, "content_type": file.media_type}, form.get("key"))
        if len(file.content) > ticket["upload"]["max_bytes"]:
            raise ApiError(413, "too_large", desk.t("file_too_large"), {})
        fields, storage = ticket["upload"]["fields"], request.app.state.services.storage
        await storage.put(fields["key"], file.content, file.media_type)
        await desk.api.post(f"{path}/{ticket['document']['id']}/complete", {}, f"{form.get('key')}-done")
    except ApiError as error:
        return await _start(desk, error)
    return see_other(request, f"{desk.path}/start?saved")


ROUTES: tuple[Route, ...] = (
    route("/console/{business_id}/setup", show_setup),
    route("/console/{business_id}/start", show_start),
    route("/console/{business_id}/start/submit", submit, "POST"),
    route("/console/{business_id}/start/documents", send_document, "POST"),
    route("/console/{business_id}/days", show_days),
    route("/console/{business_id}/days", change_days, "POST"),
    route("/console/{business_id}/share", show_share),
    route("/console/{business_id}/share/code.svg", show_code),
)
