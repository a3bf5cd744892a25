"""The state of the platform: what waits, for operators."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Services
from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope, ok
from api.v1.platform.state.schemas import PlatformStateRead
from domain.platform.permissions import PlatformAction
from runtime.settings import Settings

router = routing.router("/admin/state", tags=["admin"])

MayRead = Annotated[Operator, Depends(operator(PlatformAction.READ_ATTENTION))]


@router.get("", summary="Get what waits on the platform", response_model=Envelope[PlatformStateRead])
async def get_state(admin: MayRead, services: Services) -> Response:
    """The outbox, the attention list, and where processes are shown. `omotenashi top` shows the task queues as well."""
    async with admin.work() as work:
        lag = await work.platform.outbox.lag()
        attention = await work.platform.attention.open_by_kind()
    return ok(PlatformStateRead.of(lag, dict(attention), _temporal_ui(services.settings)))


def _temporal_ui(settings: Settings) -> str | None:
    if not settings.temporal_ui_origin:
        return None
    return f"{settings.temporal_ui_origin}/namespaces/{settings.temporal_namespace}/workflows"
