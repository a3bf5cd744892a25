"""Stored events of payment providers: an operator delivers them again."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope, ok
from api.http.idempotency import OptionalKey, store_response
from api.v1.payments.events.schemas import ReplayEventsCommand, ReplayRead
from domain.payments.permissions import PaymentAction

router = routing.router("/admin/payment-events", tags=["admin"])

MayReplay = Annotated[Operator, Depends(operator(PaymentAction.REPLAY_EVENTS))]


@router.post("/replay", summary="Send stored payment events again", response_model=Envelope[ReplayRead])
async def replay_events(body: ReplayEventsCommand, admin: MayReplay, key: OptionalKey) -> Response:
    """Events that were never applied, or that matched no payment when they came, are delivered once more. Each is
    applied once, however often it is delivered."""
    async with admin.work(key) as work:
        return await store_response(work, ok(ReplayRead.of(await work.payments.webhooks.replay(body.asked()))))
