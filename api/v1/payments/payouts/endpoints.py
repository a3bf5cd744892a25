"""Payouts of the providers to the bank, what each consists of, and the fees of a payment."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from api.access.callers import Access
from api.access.operators import Operator, operator
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, ok
from api.http.paging import PageAsked
from api.v1.payments.payouts.schemas import PayoutEntryRead, PayoutRead
from domain.payments.permissions import PaymentAction

router = routing.router("/payouts", tags=["payments"])
fees = routing.router("/payments", tags=["payments"])
admin_router = routing.router("/admin/payouts", tags=["admin"])

MayRead = Annotated[Access, Depends(may(PaymentAction.READ_PAYOUTS, "business"))]
MayReadPayout = Annotated[Access, Depends(may(PaymentAction.READ_PAYOUTS, "payment_payouts"))]
MayReadFees = Annotated[Access, Depends(may(PaymentAction.READ_PAYOUTS, "payment"))]
MayReadPlatform = Annotated[Operator, Depends(operator(PaymentAction.READ_PLATFORM_PAYOUTS))]


@router.get("", summary="List payouts", response_model=ListEnvelope[PayoutRead])
async def list_payouts(business_id: Annotated[UUID, Query()], access: MayRead, page: PageAsked) -> Response:
    """Payouts of the business's own accounts, the newest first. They are read at night."""
    async with access.work(business_id) as work:
        rows = await work.payments.payouts.list_(business_id, page.after_id, page.fetch)
    return page.answer(rows, PayoutRead.of, lambda row: (row.id,))


@router.get(
    "/{payout_id}/entries", summary="List the entries of a payout", response_model=ListEnvelope[PayoutEntryRead]
)
async def list_payout_entries(payout_id: UUID, access: MayReadPayout, page: PageAsked) -> Response:
    """What the payout consists of: payments, refunds, disputes and fees."""
    async with access.work(payout_id) as work:
        rows = await work.payments.payouts.entries(payout_id, page.after_id, page.fetch)
    return page.answer(rows, PayoutEntryRead.of, lambda row: (row.id,))


@fees.get(
    "/{payment_id}/fees",
    summary="Get the fees of a payment",
    response_model=Envelope[Annotated[list[PayoutEntryRead], Field(description="Oldest first.")]],
)
async def get_fees(payment_id: UUID, access: MayReadFees) -> Response:
    """What the provider paid out of this payment, and what it kept: for the payment itself, its refunds and disputes.
    Empty until it is paid out."""
    async with access.work(payment_id) as work:
        return ok([PayoutEntryRead.of(row) for row in await work.payments.payouts.of_payment(payment_id)])


@admin_router.get("", summary="List payouts of the platform", response_model=ListEnvelope[PayoutRead])
async def list_platform_payouts(admin: MayReadPlatform, page: PageAsked) -> Response:
    """Payouts of the platform's own accounts, the newest first."""
    async with admin.work() as work:
        rows = await work.payments.payouts.list_(None, page.after_id, page.fetch)
    return page.answer(rows, PayoutRead.of, lambda row: (row.id,))


@admin_router.get(
    "/{payout_id}/entries",
    summary="List the entries of a payout of the platform",
    response_model=ListEnvelope[PayoutEntryRead],
)
async def list_platform_payout_entries(payout_id: UUID, admin: MayReadPlatform, page: PageAsked) -> Response:
    """What the payout consists of: payments of all businesses, refunds, disputes and fees. `not_found` for an unknown
    one."""
    async with admin.work() as work:
        await work.payments.payouts.get(payout_id)
        rows = await work.payments.payouts.entries(payout_id, page.after_id, page.fetch)
    return page.answer(rows, PayoutEntryRead.of, lambda row: (row.id,))
