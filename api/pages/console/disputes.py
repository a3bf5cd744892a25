"""``/console/{business}/payments/{payment}/disputes/{dispute}``: its deadline, its evidence and its outcome."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.pages.api_client import ApiError
from api.pages.forms import read_form
from api.pages.handling import route
from api.pages.records.pages import Desk, desk_of
from api.pages.rendering import page, see_other
from api.pages.texts.words import WORDS
from domain.payments.status import DisputeStatus
from domain.roles import Role


async def disputes_of(desk: Desk, payment_id: str) -> list[Any]:
    """Those of a payment, oldest first; none for who may not read them."""
    try:
        found: list[Any] = await desk.api.get(f"/payments/{payment_id}/disputes")
    except ApiError as error:
        if error.status != 403:
            raise
        return []
    return found


async def show_dispute(request: Request) -> Response:
    """One dispute."""
    return await _dispute(await desk_of(request))


async def submit(request: Request) -> Response:
    """Submit the evidence to the bank."""
    request.scope["omotenashi.page_path"] = request.url.path.rpartition("/")[0]
    await read_form(request)
    desk = await desk_of(request)
    try:
        await desk.api.post(f"{_path(request)}/submit", {})
    except ApiError as error:
        return await _dispute(desk, error)
    return see_other(request, f"/console/{desk.business['id']}{_path(request)}?saved")


async def download(request: Request) -> Response:
    """The evidence as a text."""
    desk = await desk_of(request)
    file = await desk.api.download(f"{_path(request)}/evidence")
    headers = {"Content-Disposition": file.headers.get("content-disposition", 'attachment; filename="dispute.txt"')}
    return Response(file.content, media_type=file.headers["content-type"], headers=headers)


def _path(request: Request) -> str:
    """The same in the API and below the console of the business."""
    return f"/payments/{request.path_params['record_id']}/disputes/{request.path_params['dispute_id']}"


async def _dispute(desk: Desk, error: ApiError | None = None) -> Response:
    request, services = desk.request, desk.request.app.state.services
    payment_id = request.path_params["record_id"]
    payment = await desk.api.get(f"/payments/{payment_id}")
    found = await desk.api.get(f"/payments/{payment_id}/disputes")
    dispute = next((one for one in found if one["id"] == request.path_params["dispute_id"]), None)
    if dispute is None or payment["business_id"] != desk.business["id"]:
        raise ApiError(404, "not_found", "", {})
    has_text = dispute["evidence"] is not None
    provider = payment["provider"]
    takes = provider in services.payments and services.payments[provider].takes_evidence
    say = _say(dispute, takes, services.now())
    is_owner = desk.business["role"] == Role.OWNER
    variables = {
        "business": desk.business,
        "dispute": dispute,
        "say": say,
        "reason": dispute["reason"] if f"dispute_reason_{dispute['reason']}" in WORDS else "other",
        "text": (await desk.api.download(f"{_path(request)}/evidence")).text if has_text else "",
        "takes_evidence": takes,
        "may_submit": has_text and say == "unsent" and is_owner,
        "for_the_owner": say == "unsent" and not is_owner,
        "error": error,
        "saved": "saved" in desk.query,
        "payment_address": f"{desk.path}/payments/{payment_id}",
        "address": f"{desk.path}{_path(request)}",
    }
    return page(request, "console/dispute", variables, status=error.status if error else 200)


def _say(dispute: Mapping[str, Any], takes_evidence: bool, now: datetime) -> str:
    """The end of the key of the sentence that says what is to be done."""
    if dispute["status"] != DisputeStatus.OPEN:
        return str(dispute["status"])
    if dispute["evidence_sent_at"]:
        return "sent"
    if dispute["due_at"] and datetime.fromisoformat(dispute["due_at"]) <= now:
        return "late"
    return "unsent" if takes_evidence and dispute["due_at"] else "by_hand"


_BASE = "/console/{business_id}/payments/{record_id}/disputes/{dispute_id}"
ROUTES: tuple[Route, ...] = (
    route(_BASE, show_dispute),
    route(f"{_BASE}/evidence.txt", download),
    route(f"{_BASE}/submit", submit, "POST"),
)
