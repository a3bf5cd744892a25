"""Disputes of a payment: what the bank says, the deadline, the gathered evidence, the outcome."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from api.access.callers import Access
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ok
from api.v1.payments.disputes.schemas import DisputeRead
from domain.payments.permissions import PaymentAction

router = routing.router("/payments", tags=["payments"])

MayRead = Annotated[Access, Depends(may(PaymentAction.READ_DISPUTES, "payment"))]


@router.get(
    "/{payment_id}/disputes",
    summary="Get the disputes of a payment",
    response_model=Envelope[Annotated[list[DisputeRead], Field(description="Oldest first.")]],
)
async def get_disputes(payment_id: UUID, access: MayRead) -> Response:
    """Chargebacks and inquiries of the customer's bank, with the evidence that was gathered when each was opened."""
    async with access.work(payment_id) as work:
        return ok([DisputeRead.of(one) for one in await work.payments.disputes.list_(payment_id)])
