"""Gradual rollouts: a flag's share grows automatically while problems are counted."""

from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import Depends, Path
from starlette.responses import Response

from api.access.callers import Services
from api.access.operators import Operator, operator
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, created, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.v1.platform.flags import handlers as changes
from api.v1.platform.flags.schemas import RolloutCreate, RolloutRead
from domain.errors import Conflict, NotFound, Unavailable, WrongState
from domain.platform.flag_rollout import check_plan
from domain.platform.permissions import PlatformAction

router = routing.router("/feature-flags/{flag_id}/rollout", tags=["platform"])

MayWrite = Annotated[Operator, Depends(operator(PlatformAction.WRITE_FLAGS))]


@router.post(
    "",
    status_code=201,
    summary="Start a gradual rollout",
    response_model=Envelope[RolloutRead],
)
@raises(Conflict, NotFound)
async def create_rollout(flag_id: UUID, body: RolloutCreate, admin: MayWrite, key: OptionalKey) -> Response:
    """The first step's share is given within seconds. If a figure goes over its limit during a step, the rollout stops,
    the flag gets its former share back, and the operators are notified."""
    plan = body.plan()
    async with admin.work(key) as work:
        flag = await work.platform.flags.lock_(flag_id)
        check_plan(plan, flag.share)
        return await store_response(work, created(RolloutRead.of(await work.platform.flags.start_rollout(flag, plan))))


@router.get(
    "",
    summary="Get the newest rollout of a flag",
    response_model=Envelope[RolloutRead],
)
@raises(NotFound)
async def get_rollout(flag_id: UUID, admin: MayWrite) -> Response:
    """The one that is under way, or the last one."""
    async with admin.work() as work:
        return ok(RolloutRead.of(await work.platform.flags.latest_rollout(flag_id)))


@router.post(
    "/{command}",
    summary="Pause, resume or cancel a rollout",
    response_model=Envelope[RolloutRead],
)
@raises(WrongState, Unavailable, NotFound)
async def command_rollout(
    flag_id: UUID,
    command: Annotated[Literal["pause", "resume", "cancel"], Path(description="What to do.")],
    admin: MayWrite,
    services: Services,
) -> Response:
    """``cancel`` gives the flag back the share that it had before. Safe to repeat; takes no ``Idempotency-Key``."""
    async with admin.work() as work:
        rollout = await work.platform.flags.latest_rollout(flag_id)
    await changes.command(services, rollout, command, admin.user_id, uuid4().hex)
    async with admin.work() as work:
        return ok(RolloutRead.of(await work.platform.flags.latest_rollout(flag_id)), SuccessMessage.UPDATED)
