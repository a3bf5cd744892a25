"""``/console/{business}/reviews``: what customers wrote, the replies, and requests for moderation."""

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.records.pages import MOST, Desk, desk_of
from api.pages.rendering import page, see_other
from domain.reviews.status import PublicationStatus, RemovalReason


async def show_reviews(request: Request) -> Response:
    """All reviews, newest first; ``?status`` shows those of one status."""
    return await _shown(await desk_of(request))


async def reply(request: Request) -> Response:
    """Write or change the reply."""
    desk, form = await _sent(request)
    return await _done(desk, form, "respond", {"text": form.get("text")})


async def ask_moderation(request: Request) -> Response:
    """Ask an operator to look at a review."""
    desk, form = await _sent(request)
    note = {"note": form.get("note")} if form.get("note") else {}
    return await _done(desk, form, "moderate", {"reason": form.get("reason") or None, **note})


async def _sent(request: Request) -> tuple[Desk, Form]:
    request.scope["omotenashi.page_path"] = request.url.path.partition("/reviews/")[0] + "/reviews"
    form = await read_form(request)
    return await desk_of(request), form


async def _done(desk: Desk, form: Form, command: str, body: dict[str, Any]) -> Response:
    review = desk.request.path_params["record_id"]
    try:
        await desk.api.post(f"/reviews/{review}/{command}", body, form.get("key"))
    except ApiError as error:
        if error.status == 404:
            raise
        return await _shown(desk, form, error)
    return see_other(desk.request, f"{desk.path}/reviews?saved")


async def _shown(desk: Desk, form: Form | None = None, error: ApiError | None = None) -> Response:
    status = desk.query.get("status", "")
    asked = {"status": status} if status in set(PublicationStatus) else {}
    base = f"/businesses/{desk.business['id']}/reviews/stats"
    variables = {
        "business": desk.business,
        "reviews": await desk.api.rows(f"/owner/businesses/{desk.business['id']}/reviews", MOST, **asked),
        "stars": await desk.api.get(base),
        "status": status,
        "statuses": list(PublicationStatus),
        "reasons": list(RemovalReason),
        "error": error,
        "errors": error.fields if error else {},
        "failed": desk.request.path_params.get("record_id", ""),
        "typed": form.values if form else {},
        "saved": "saved" in desk.query,
        "key": secrets.token_urlsafe(24),
    }
    return page(desk.request, "console/reviews", variables, status=error.status if error else 200)


ROUTES: tuple[Route, ...] = (
    route("/console/{business_id}/reviews", show_reviews),
    route("/console/{business_id}/reviews/{record_id}/respond", reply, "POST"),
    route("/console/{business_id}/reviews/{record_id}/moderate", ask_moderation, "POST"),
)
