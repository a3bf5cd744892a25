"""Operators' decisions about businesses. Decisions are updates on the review's workflow; the answer is their
outcome."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.operators import Operator, operator
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, ok
from api.http.idempotency import OptionalKey, command_id, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.onboarding.verification import handlers
from api.v1.onboarding.verification.handlers import DecisionRequest
from api.v1.onboarding.verification.list_handlers import read_verification
from api.v1.onboarding.verification.review_handlers import write_review
from api.v1.onboarding.verification.schemas import (
    ApprovalCommand,
    BusinessUnderReviewRead,
    DecisionCommand,
    SuspendedRead,
    VerificationRead,
    VerificationUpdate,
)
from db.onboarding.verifications import Deciding
from domain.business_status import BusinessStatus
from domain.errors import Conflict, Unavailable, WrongState
from domain.onboarding.errors import VerificationIncomplete
from domain.onboarding.permissions import OnboardingAction
from domain.onboarding.verification import Decision, ReviewStatus

router = routing.router("/admin", tags=["admin"])

MayList = Annotated[Operator, Depends(operator(OnboardingAction.DECIDE))]
MayDecide = Annotated[Access, Depends(may(OnboardingAction.DECIDE, on="business"))]
MaySuspend = Annotated[Access, Depends(may(OnboardingAction.SUSPEND, on="business"))]
MayWork = Annotated[Access, Depends(may(OnboardingAction.DECIDE, on="business_verifications"))]


@router.get(
    "/businesses",
    summary="List businesses for operators",
    response_model=ListEnvelope[BusinessUnderReviewRead],
)
async def list_businesses_under_review(
    admin: MayList,
    page: PageAsked,
    status: Annotated[BusinessStatus | None, Query(description="Only businesses with this status.")] = None,
    review_status: Annotated[ReviewStatus | None, Query(description="Only reviews with this status.")] = None,
) -> Response:
    """Newest first, each with its newest review."""
    async with admin.work() as work:
        rows = await work.onboarding.lists.list_businesses(
            status=status, review_status=review_status, after=page.after_id, limit=page.fetch
        )
    return page.answer(rows, BusinessUnderReviewRead.of, lambda row: (row.id,))


@router.get(
    "/businesses/{business_id}",
    summary="Get a business's review",
    response_model=Envelope[VerificationRead],
)
async def get_business_under_review(business_id: UUID, access: MayDecide, services: Services) -> Response:
    """With links to its documents, valid for ten minutes."""
    async with access.work(business_id) as work:
        return ok(await read_verification(work, services, business_id, to_operator=True))


@router.post(
    "/businesses/{business_id}/approve",
    summary="Approve a business",
    response_model=Envelope[VerificationRead],
)
@raises(handlers.decide, VerificationIncomplete, Conflict)
async def approve_business(
    business_id: UUID, body: ApprovalCommand, access: MayDecide, services: Services, key: OptionalKey
) -> Response:
    """The business becomes public and takes bookings. ``version`` is what the operator has seen: if identity or
    documents have changed since, the answer is 409 `conflict`. For an approved business that changed its identity, an
    approval ends the review and changes nothing else; a rejection suspends it."""
    request = DecisionRequest(Decision.APPROVED, seen=body.version)
    return await handlers.decide(services, access, business_id, key, request)


@router.post(
    "/businesses/{business_id}/reject",
    summary="Reject a business",
    response_model=Envelope[VerificationRead],
)
@raises(handlers.decide)
async def reject_business(
    business_id: UUID, body: DecisionCommand, access: MayDecide, services: Services, key: OptionalKey
) -> Response:
    """The owner can read the reason, and may submit again."""
    return await handlers.decide(services, access, business_id, key, DecisionRequest(Decision.REJECTED, body.reason))


@router.post(
    "/businesses/{business_id}/request-info",
    summary="Request more information from a business",
    response_model=Envelope[VerificationRead],
)
@raises(handlers.decide)
async def request_info(
    business_id: UUID, body: DecisionCommand, access: MayDecide, services: Services, key: OptionalKey
) -> Response:
    """The owner has 30 days to answer; without one the review is closed."""
    return await handlers.decide(
        services, access, business_id, key, DecisionRequest(Decision.INFO_REQUESTED, body.reason)
    )


@router.post(
    "/businesses/{business_id}/suspend",
    summary="Suspend a business",
    response_model=Envelope[SuspendedRead],
)
@raises(WrongState, Unavailable)
async def suspend_business(
    business_id: UUID, body: DecisionCommand, access: MaySuspend, now: Now, key: OptionalKey
) -> Response:
    """It is no longer public and takes no new bookings. Its open bookings are listed for the operator to decide about;
    they are not changed automatically."""
    async with access.work(business_id, key) as work:
        decision = Deciding(Decision.SUSPENDED, command_id(work.idempotency_key), access.user_id, body.reason)
        bookings = await work.onboarding.verifications.suspend(business_id, decision, now)
        return await store_response(work, ok(SuspendedRead.of(business_id, bookings), SuccessMessage.UPDATED))


@router.post(
    "/businesses/{business_id}/reinstate",
    summary="Reinstate a business",
    response_model=Envelope[VerificationRead],
)
@raises(WrongState, Unavailable)
async def reinstate_business(business_id: UUID, access: MaySuspend, services: Services, key: OptionalKey) -> Response:
    """It is public and takes bookings as before."""
    async with access.work(business_id, key) as work:
        decision = Deciding(Decision.REINSTATED, command_id(work.idempotency_key), access.user_id)
        await work.onboarding.verifications.reinstate(business_id, decision)
        return await store_response(
            work,
            ok(
                await read_verification(work, services, business_id, to_operator=True, with_links=False),
                SuccessMessage.UPDATED,
            ),
        )


@router.put(
    "/verifications/{verification_id}",
    summary="Update the review of a business",
    response_model=Envelope[VerificationRead],
)
@raises(WrongState)
async def update_verification(
    verification_id: UUID, body: VerificationUpdate, access: MayWork, services: Services
) -> Response:
    """Notes for other operators, and documents accepted or refused one by one. It does not decide the review."""
    async with access.work(verification_id) as work:
        return ok(await write_review(work, services, verification_id, body), SuccessMessage.UPDATED)
