"""Reviews: write, change, delete, read, answer; and the stars of a business."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.listing import Listing, may_list
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked, moment_of
from api.v1.reviews.reviews.handlers import ReviewsAsked, change, post, public_page, read
from api.v1.reviews.reviews.schemas import (
    PublicReviewRead,
    ReplyCommand,
    ReviewCreate,
    ReviewDetailRead,
    ReviewStatsRead,
    ReviewUpdate,
)
from domain.errors import WrongState
from domain.reviews.permissions import ReviewAction
from domain.reviews.status import PublicationStatus

router = routing.router(tags=["reviews"])

MayRead = Annotated[Access, Depends(may(ReviewAction.READ, "review", public=True))]
MayReadPublic = Annotated[Access, Depends(may(ReviewAction.READ, "business", public=True))]
MayReadAll = Annotated[Access, Depends(may(ReviewAction.READ_ALL, "business"))]
MayListOwn = Annotated[Listing, Depends(may_list(ReviewAction.WRITE))]
MayPost = Annotated[Access, Depends(may(ReviewAction.WRITE, "booking", link=True))]
MayWrite = Annotated[Access, Depends(may(ReviewAction.WRITE, "review", link=True))]
MayReply = Annotated[Access, Depends(may(ReviewAction.REPLY, "review"))]


@router.get("/reviews", summary="List the reviews of a business", response_model=ListEnvelope[PublicReviewRead])
async def list_reviews(
    business_id: Annotated[UUID, Query(description="Id of the business (UUID).")],
    access: MayReadPublic,
    page: PageAsked,
    wanted: Annotated[ReviewsAsked, Depends()],
) -> Response:
    """Published ones, the newest first."""
    return await public_page(access, business_id, wanted, page)


@router.get("/reviews/mine", summary="List my reviews", response_model=ListEnvelope[ReviewDetailRead])
async def list_my_reviews(access: MayListOwn, page: PageAsked) -> Response:
    """At every business, newest first, with their status."""
    after = page.after(moment_of, UUID)
    async with access.mine() as work:
        rows = await work.reviews.list_of_user(access.me.id, after and (after[0], after[1]), page.fetch)
    return page.answer(rows, ReviewDetailRead.of, lambda row: (row.created_at.isoformat(), row.id))


@router.get(
    "/reviews/{review_id}", summary="Get a review", response_model=Envelope[PublicReviewRead | ReviewDetailRead]
)
async def get_review(review_id: UUID, access: MayRead) -> Response:
    """A published one for everybody; its author, the business and operators see it with its status before, too."""
    return ok(await read(access, review_id))


@router.get(
    "/bookings/{booking_id}/review", summary="Get the review of a booking", response_model=Envelope[ReviewDetailRead]
)
async def get_booking_review(booking_id: UUID, access: MayPost) -> Response:
    """For its author, by login or link."""
    async with access.work(booking_id) as work:
        return ok(ReviewDetailRead.of(await work.reviews.of_booking(booking_id)))


@router.get(
    "/businesses/{business_id}/reviews/stats",
    summary="Get the stars of a business",
    response_model=Envelope[ReviewStatsRead],
)
async def get_review_stats(business_id: UUID, access: MayReadPublic) -> Response:
    """Count, mean and distribution of published reviews, also for each service and staff member."""
    async with access.work(business_id) as work:
        return ok(ReviewStatsRead.of_business(await work.reviews.stars(business_id)))


@router.get(
    "/owner/businesses/{business_id}/reviews",
    summary="List all reviews of my business",
    response_model=ListEnvelope[ReviewDetailRead],
)
async def list_business_reviews(
    business_id: UUID,
    access: MayReadAll,
    page: PageAsked,
    status: Annotated[PublicationStatus | None, Query(description="Only those with this status.")] = None,
) -> Response:
    """Newest first, with those that are not public."""
    after = page.after(moment_of, UUID)
    async with access.work(business_id) as work:
        rows = await work.reviews.list_of_business(business_id, status, after and (after[0], after[1]), page.fetch)
    return page.answer(rows, ReviewDetailRead.of, lambda row: (row.created_at.isoformat(), row.id))


@router.post("/reviews", status_code=201, summary="Create a review", response_model=Envelope[ReviewDetailRead])
@raises(post)
async def create_review(body: ReviewCreate, access: MayPost, now: Now, key: OptionalKey) -> Response:
    """One for each completed visit, within 90 days, by its customer: with a login, or with the link of a message. It is
    published one to three days later."""
    return await post(access, body, now, key)


@router.put("/reviews/{review_id}", summary="Update my review", response_model=Envelope[ReviewDetailRead])
@raises(change)
async def update_review(review_id: UUID, body: ReviewUpdate, access: MayWrite, now: Now) -> Response:
    """Within 90 days of the visit, while no operator decides about it."""
    return await change(access, review_id, body, now)


@router.delete("/reviews/{review_id}/delete", summary="Delete my review", response_model=Envelope[DeletedRead])
async def delete_review(review_id: UUID, access: MayWrite, now: Now) -> Response:
    """Text, reply and stars are gone at once. The visit cannot be reviewed again."""
    async with access.work(review_id) as work:
        await work.reviews.delete(review_id, now)
        return ok(DeletedRead(id=review_id), SuccessMessage.DELETED)


@router.post(
    "/reviews/{review_id}/respond", summary="Set the reply to a review", response_model=Envelope[ReviewDetailRead]
)
@raises(WrongState)
async def respond_to_review(
    review_id: UUID, body: ReplyCommand, access: MayReply, now: Now, key: OptionalKey
) -> Response:
    """One reply, shown under the published review; a later one replaces it. The author is notified of the first one."""
    async with access.work(review_id, key) as work:
        await work.reviews.reply(review_id, body.text, access.user_id, now)
        answer = ok(ReviewDetailRead.of(await work.reviews.get(review_id)), SuccessMessage.UPDATED)
        return await store_response(work, answer)
