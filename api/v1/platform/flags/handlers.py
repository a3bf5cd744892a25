"""Changes of flags and rollouts by operators, and their announcement to other processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from api.access.callers import ApiServices
from api.workflow_calls import NotRunning, ask, away
from db.platform.flags import RolloutRow
from domain.errors import WrongState
from domain.platform.flag_rollout import OVER, RolloutStatus
from providers.cache.channels import FLAGS, notify
from workflows.platform.flag_rollout import messages
from workflows.support import ids


@asynccontextmanager
async def announced(services: ApiServices) -> AsyncIterator[None]:
    """Around a change of flags: once it is committed, this process and all others read them again."""
    yield
    services.flags.forget()
    await notify(services.cache, FLAGS)


async def command(
    services: ApiServices, rollout: RolloutRow, update: str, by: UUID | None, command_id: str
) -> RolloutStatus:
    """Send the command to the rollout's workflow. Returns its state afterwards. Raises WrongState for a rollout that
    has ended, and Unavailable while no worker is running."""
    if rollout.status in OVER:
        raise WrongState({"status": rollout.status.value, "wanted": update})
    try:
        return await ask(
            services.temporal,
            services.settings.temporal_rpc_timeout,
            ids.flag_rollout(rollout.id),
            update,
            messages.RolloutCommand(by),
            command_id,
            RolloutStatus,
        )
    except NotRunning as error:
        # The relay is about to start it, or it has just ended: the next call shows which.
        raise away() from error
