"""Handlers of reviews: post, change, and read by everybody."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.access.callers import Access
from api.http.envelope import SuccessMessage, created, ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.http.paging import Page
from api.v1.reviews.reviews.schemas import PublicReviewRead, ReviewCreate, ReviewDetailRead, ReviewUpdate
from db.reviews.queries import ReviewFilter
from domain.errors import AlreadyExists, RuleBroken, WrongState


@dataclass(frozen=True, slots=True)
class ReviewsAsked:
    """The filters of the public list."""

    rating: Annotated[int | None, Query(ge=1, le=5, description="Only those with this number of stars.")] = None
    service_id: Annotated[UUID | None, Query(description="Only visits with this service.")] = None
    resource_id: Annotated[UUID | None, Query(description="Only visits with this staff member.")] = None
    with_text: Annotated[bool, Query(description="Leave out stars without a text.")] = False


async def public_page(access: Access, business_id: UUID, asked: ReviewsAsked, page: Page) -> Response:
    """A page of published reviews. The cursor holds the day of publication and a random id, no time."""
    after = page.after(date.fromisoformat, UUID)
    wanted = ReviewFilter(
        asked.rating, asked.service_id, asked.resource_id, asked.with_text, after and (after[0], after[1])
    )
    async with access.work(business_id) as work:
        rows = await work.reviews.list_public(business_id, wanted, page.fetch)
    return page.answer(rows, PublicReviewRead.of, lambda row: (row.published_on, row.id))


async def read(access: Access, review_id: UUID) -> PublicReviewRead | ReviewDetailRead:
    """One review: whole for its author, the business and operators, else only if it is public. Raises NotFound."""
    async with access.work(review_id) as work:
        whole = access.works_here or work.entered.own
        row = await work.reviews.get(review_id, public_only=not whole)
    return ReviewDetailRead.of(row) if whole else PublicReviewRead.of(row)


@raises(RuleBroken, AlreadyExists)
async def post(access: Access, body: ReviewCreate, now: datetime, key: Key | None) -> Response:
    """Write a review; 201. Raises the errors of `ReviewWriteStore.post`."""
    async with access.work(body.booking_id, key) as work:
        by_team = work.entered.role is not None
        review_id = await work.reviews.post(body.booking_id, body.draft(), now, by_team=by_team)
        return await store_response(work, created(ReviewDetailRead.of(await work.reviews.get(review_id))))


@raises(RuleBroken, WrongState)
async def change(access: Access, review_id: UUID, body: ReviewUpdate, now: datetime) -> Response:
    """Change a review. Raises the errors of `ReviewWriteStore.edit`."""
    async with access.work(review_id) as work:
        await work.reviews.edit(review_id, body.draft(), now)
        return ok(ReviewDetailRead.of(await work.reviews.get(review_id)), SuccessMessage.UPDATED)
