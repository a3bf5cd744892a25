"""``/admin``: businesses and their verification, with the documents beside the facts, and the decisions."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.http.error_sentences import sentence
from api.http.request_info import request_info
from api.pages.api_client import ApiClient, ApiError
from api.pages.forms import Form, read_form
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from domain.business_status import BusinessStatus
from domain.onboarding.errors import VerificationIncomplete
from domain.onboarding.verification import ReviewStatus

_MOST = 100
#: What a button may ask for: the last part of the operation's path.
_DECISIONS = frozenset({"approve", "reject", "request-info", "suspend", "reinstate"})
#: The decisions that each status of a review, or of a business without one that is open, has buttons for.
_OF_REVIEW: Mapping[str, tuple[str, ...]] = {
    ReviewStatus.WAITING: ("approve", "request-info", "reject"),
    ReviewStatus.INFO_REQUESTED: ("approve", "reject"),
}
_OF_BUSINESS: Mapping[str, tuple[str, ...]] = {
    BusinessStatus.APPROVED: ("suspend",),
    BusinessStatus.SUSPENDED: ("reinstate",),
}


async def show_queue(request: Request) -> Response:
    """Reviews that wait for an operator; with ``?review`` or ``?status`` others."""
    api, query = await logged_in(request), request.query_params
    review, status = query.get("review", ""), query.get("status", "")
    review = review if review in set(ReviewStatus) else ""
    status = status if status in set(BusinessStatus) else ""
    if not review and not status and query.get("all") != "1":
        review = ReviewStatus.WAITING
    asked = {name: value for name, value in (("review_status", review), ("status", status)) if value}
    variables = {
        "businesses": await api.rows("/admin/businesses", _MOST, **asked),
        "review": review,
        "status": status,
        "reviews": list(ReviewStatus),
        "statuses": list(BusinessStatus),
        "most": _MOST,
    }
    return page(request, "admin/queue", variables)


async def show_business(request: Request) -> Response:
    """One business: its facts, documents, decisions."""
    return await _shown(request, await logged_in(request))


async def decide(request: Request) -> Response:
    """A decision about the business."""
    request.scope["omotenashi.page_path"] = _address(request)
    form = await read_form(request)
    api, decision = await logged_in(request), request.path_params["decision"]
    if decision not in _DECISIONS:
        raise ApiError(404, "not_found", "", {})
    body = {"version": form.get("version")} if decision == "approve" else {"reason": form.get("reason")}
    key = form.get("key") or secrets.token_urlsafe(24)
    try:
        await api.post(f"{_path(request)}/{decision}", {} if decision == "reinstate" else body, key)
    except ApiError as error:
        if error.status == 404:
            raise
        return await _shown(request, api, error, form)
    return see_other(request, _address(request))


async def judge_document(request: Request) -> Response:
    """Accept or refuse one document."""
    request.scope["omotenashi.page_path"] = _address(request)
    form = await read_form(request)
    api = await logged_in(request)
    found = await api.get(_path(request))
    if found["review"] is None:
        raise ApiError(404, "not_found", "", {})
    note = {"note": form.get("note")} if form.get("note") else {}
    judged = {"document_id": request.path_params["document_id"], "status": form.get("status"), **note}
    try:
        await api.put(f"/admin/verifications/{found['review']['id']}", {"documents": [judged]})
    except ApiError as error:
        if error.status == 404:
            raise
        return await _shown(request, api, error, form)
    return see_other(request, _address(request))


async def _shown(request: Request, api: ApiClient, error: ApiError | None = None, form: Form | None = None) -> Response:
    found = await api.get(_path(request))
    review = found["review"]
    buttons = (*_OF_REVIEW.get(review["status"] if review else "", ()), *_OF_BUSINESS.get(found["status"], ()))
    absent = {"missing": found["missing"]}
    business = None
    with suppress(ApiError):  # a draft has no profile that others than its owner read
        business = await api.get(f"/businesses/{found['business_id']}")
    variables = {
        "found": found,
        "profile": business,
        "decisions": buttons,
        "absent": sentence(VerificationIncomplete.code, absent, request_info().language) if found["missing"] else "",
        "audit": "/admin/audit?" + urlencode({"business_id": found["business_id"]}),
        "reason": form.get("reason") if form else "",
        "error": error,
        "key": secrets.token_urlsafe(24),
    }
    return page(request, "admin/business", variables, status=error.status if error else 200)


def _path(request: Request) -> str:
    return f"/admin/businesses/{request.path_params['business_id']}"


def _address(request: Request) -> str:
    return f"/admin/businesses/{request.path_params['business_id']}"
