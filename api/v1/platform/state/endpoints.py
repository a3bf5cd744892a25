"""The state of the platform: what waits, for operators."""

import asyncio
from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import ApiServices, Services
from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope, ok
from api.v1.platform.state.schemas import PlatformStateRead
from api.workflow_calls import answering
from domain.errors import Unavailable
from domain.platform.permissions import PlatformAction
from runtime.queue_lag import QueueLag, read_lag
from runtime.settings import Settings
from workflows.support import queues

router = routing.router("/admin/state", tags=["admin"])

MayRead = Annotated[Operator, Depends(operator(PlatformAction.READ_ATTENTION))]


@router.get("", summary="Get what waits on the platform", response_model=Envelope[PlatformStateRead])
async def get_state(admin: MayRead, services: Services) -> Response:
    """The outbox, the task queues, the attention list, and where processes are shown."""
    async with admin.work() as work:
        lag = await work.platform.outbox.lag()
        attention = await work.platform.attention.open_by_kind()
    lags = await _queues(services)
    return ok(PlatformStateRead.of(lag, lags, dict(attention), _temporal_ui(services.settings)))


async def _queues(services: ApiServices) -> list[QueueLag] | None:
    """After the transaction, which must not wait for Temporal. None where Temporal does not answer."""
    try:
        async with answering(services.settings.temporal_rpc_timeout):
            return list(await asyncio.gather(*(read_lag(services.temporal, queue) for queue in queues.every())))
    except Unavailable:
        return None


def _temporal_ui(settings: Settings) -> str | None:
    if not settings.temporal_ui_origin:
        return None
    return f"{settings.temporal_ui_origin}/namespaces/{settings.temporal_namespace}/workflows"
