"""Moderation of reviews: readers report, the business asks, operators decide."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.operators import Operator, operator
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope
from api.http.idempotency import OptionalKey
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.rate_limits import RateClass, limited
from api.v1.reviews.reviews.moderation_handlers import moderate, report
from api.v1.reviews.reviews.moderation_schemas import (
    ModerationCommand,
    ModerationRequestRead,
    ReviewReportCommand,
    ReviewReportedRead,
)
from api.v1.reviews.reviews.schemas import ReviewDetailRead
from domain.reviews.permissions import ReviewAction

router = routing.router(tags=["reviews"])

MayReport = Annotated[Access, Depends(may(ReviewAction.REPORT, "review", public=True))]
MayModerate = Annotated[Access, Depends(may(ReviewAction.REQUEST_MODERATION, "review"))]
MayList = Annotated[Operator, Depends(operator(ReviewAction.DECIDE))]


@router.post("/reviews/{review_id}/report", summary="Report a review", response_model=Envelope[ReviewReportedRead])
@limited(RateClass.STRICT)
async def report_review(
    review_id: UUID, body: ReviewReportCommand, access: MayReport, now: Now, key: OptionalKey
) -> Response:
    """By anybody, of a published review. One reader counts once; several reports ask an operator to decide."""
    return await report(access, review_id, body, now, key)


@router.post(
    "/reviews/{review_id}/moderate",
    summary="Request or decide the moderation of a review",
    response_model=Envelope[ReviewDetailRead],
)
@raises(moderate)
async def moderate_review(
    review_id: UUID, body: ModerationCommand, access: MayModerate, services: Services, now: Now, key: OptionalKey
) -> Response:
    """The business asks, once for each version of a text, and an operator decides within seven days. Without a decision
    the review is public. Both sides are notified."""
    return await moderate(services, access, review_id, body, now, key)


@router.get(
    "/admin/reviews/moderations",
    summary="List open requests for moderation",
    response_model=ListEnvelope[ModerationRequestRead],
)
async def list_moderations(admin: MayList, page: PageAsked) -> Response:
    """Of all businesses, oldest first."""
    async with admin.work() as work:
        rows = await work.reviews.list_requests(page.after_id, page.fetch)
    return page.answer(rows, ModerationRequestRead.of, lambda row: (row.id,))
