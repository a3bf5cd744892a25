"""Disputes of a payment: what the bank says, the deadline, the gathered evidence, the outcome."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, ok
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, limited
from api.v1.payments.disputes.handlers import evidence_file, send_evidence
from api.v1.payments.disputes.schemas import DisputeRead
from domain.payments.permissions import PaymentAction

router = routing.router("/payments", tags=["payments"])

MaySend = Annotated[Access, Depends(may(PaymentAction.SEND_EVIDENCE, "payment"))]
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


@router.get(
    "/{payment_id}/disputes/{dispute_id}/evidence",
    summary="Get the evidence of a dispute as a file",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The evidence in English."}},
)
@raises(evidence_file)
async def get_dispute_evidence(payment_id: UUID, dispute_id: UUID, access: MayRead) -> Response:
    """The texts for the customer's bank, in English: for a provider that takes no evidence by its API (PAY.JP), to be
    entered in its dashboard. Names and addresses are not in it."""
    return await evidence_file(access, payment_id, dispute_id)


@router.post(
    "/{payment_id}/disputes/{dispute_id}/submit",
    summary="Submit the evidence of a dispute",
    response_model=Envelope[DisputeRead],
)
@raises(send_evidence)
@limited(RateClass.PAYMENT)
async def submit_dispute_evidence(
    payment_id: UUID, dispute_id: UUID, access: MaySend, services: Services, now: Now
) -> Response:
    """The gathered evidence is submitted to the customer's bank; that is final, and possible until the deadline. Stripe
    alone takes it by its API: `rule_broken` with `evidence_by_hand` at PAY.JP."""
    dispute = await send_evidence(services, access, payment_id, dispute_id, now)
    return ok(DisputeRead.of(dispute), SuccessMessage.UPDATED)
