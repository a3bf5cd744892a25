"""Differences between our payments and those of a provider: an operator runs what is proposed."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Services
from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, ok
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, limited
from api.v1.payments.reconciliation.handlers import run_action
from api.v1.platform.attention.schemas import AttentionRead
from domain.platform.permissions import PlatformAction

router = routing.router("/admin/reconciliation", tags=["admin"])

MayResolve = Annotated[Operator, Depends(operator(PlatformAction.RESOLVE_ATTENTION))]


@router.post(
    "/{attention_id}/record",
    summary="Resolve a difference by its proposed action",
    response_model=Envelope[AttentionRead],
)
@raises(run_action)
@limited(RateClass.PAYMENT)
async def record_provider_state(attention_id: UUID, admin: MayResolve, services: Services) -> Response:
    """For differences whose proposed action is `record_state`: the provider is asked again, and its present state is
    applied by the booking's workflow, as a webhook would be. For `read_again`: a payout is read once more with its
    entries; if it still differs, a new item is filed. The item is resolved."""
    item = await run_action(services, admin, attention_id)
    return ok(AttentionRead.of(item), SuccessMessage.UPDATED)
