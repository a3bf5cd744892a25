"""Checks a feature flag for a login."""

import contextlib
from uuid import UUID

from api.access.callers import AuthenticatedCaller
from api.access.flags import Flags
from domain.errors import Unavailable
from domain.platform.flags import FlagContext


async def is_on_for(caller: AuthenticatedCaller, flags: Flags, name: str, business_id: UUID | None) -> bool:
    """Whether the flag is on for this login. Raises Unauthenticated when its session has ended. While Postgres is away
    the last known answers count, as for every flag."""
    with contextlib.suppress(Unavailable):
        async with caller.work():
            pass
    return await flags.is_on(name, FlagContext(caller.id, business_id))
