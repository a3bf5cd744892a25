"""``/bookings/{token}/review``: the review of a visit by its customer, through the link: write, change, delete."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.error_sentences import sentence
from api.http.request_info import request_info
from api.pages.api_client import ApiError
from api.pages.booking.manage import Shown, shown
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.records.fields import body_of, fields_of, sentences
from api.pages.rendering import page, see_other
from api.v1.reviews.reviews.schemas import ReviewUpdate
from domain.booking_status import BookingStatus
from domain.errors import RuleBroken
from domain.reviews.writing import VisitFacts, check_post

_FIELDS = ("rating", "text", "display_name")


async def show_review(request: Request) -> Response:
    """The form, with what was written before."""
    return await _form(request, await shown(request))


async def write(request: Request) -> Response:
    """Save the review, or delete it."""
    request.scope["omotenashi.page_path"] = request.url.path
    form = await read_form(request)
    found = await shown(request)
    known = await _known(found)
    body = body_of(fields_of(ReviewUpdate, _FIELDS), form)
    try:
        if form.get("do") == "delete" and known:
            await found.api.delete(f"/reviews/{known['id']}/delete")
        elif known:
            await found.api.put(f"/reviews/{known['id']}", body)
        else:
            await found.api.post("/reviews", {"booking_id": found.booking["id"], **body}, form.get("key"))
    except ApiError as error:
        return await _form(request, found, form, error)
    return see_other(request, f"{found.address}?reviewed")


async def _known(found: Shown) -> Mapping[str, Any] | None:
    try:
        review: Mapping[str, Any] = await found.api.get(f"{found.path}/review")
    except ApiError as error:
        if error.status != 404:
            raise
        return None
    return review


def _closed(request: Request, booking: Mapping[str, Any]) -> str:
    """Why no review of this visit can be written now, by the rule that the API uses; empty: it can."""
    undo = booking["undo_until"]
    visit = VisitFacts(
        BookingStatus(booking["status"]),
        datetime.fromisoformat(booking["end_at"]),
        datetime.fromisoformat(undo) if undo else None,
    )
    try:
        check_post(visit, request.app.state.services.now())
    except RuleBroken as error:
        return sentence(error.code, error.details, request_info().language)
    return ""


async def _form(request: Request, found: Shown, form: Form | None = None, error: ApiError | None = None) -> Response:
    known = await _known(found)
    if known is None and (closed := _closed(request, found.booking)):
        status = error.status if error else 200
        return page(request, "booking/review_closed", {**found.variables(), "closed": closed}, status=status)
    written = {name: "" if known is None or known[name] is None else str(known[name]) for name in _FIELDS}
    variables = {
        **found.variables(),
        "review": known,
        "typed": {**written, **(form.values if form else {})},
        "errors": sentences(fields_of(ReviewUpdate, _FIELDS), error.fields) if error else {},
        "error": error,
        "key": secrets.token_urlsafe(24),
    }
    return page(request, "booking/review", variables, status=error.status if error else 200)


ROUTES: tuple[Route, ...] = (
    route("/bookings/{token}/review", show_review),
    route("/bookings/{token}/review", write, "POST"),
)
