"""Two transactions that overlap for certain, without a sleep: the first has done its work and is open while the second
does its own, or waits for the first."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import text

from db.engine.session import Database, Scope, UnitOfWork
from domain.errors import DomainError

Step = Callable[[UnitOfWork], Awaitable[Any]]

_WAITING = text("""
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
""")
#: Nothing here takes a tenth of it; the lock time-out of a session is 5 s.
_PATIENCE = 30.0


async def overlap(
    database: Database, scope: Scope, first: Step, second: Step, *, scope_of_second: Scope | None = None
) -> tuple[Any, Any]:
    """What both gave, a refusal included: ``second`` runs against what ``first`` did and has not committed, and
    commits after it. It has the scope of the first unless another is given."""

    async def run() -> Any:
        try:
            async with database.unit_of_work(scope_of_second or scope) as work:
                return await second(work)
        except DomainError as refusal:
            return refusal

    async with database.unit_of_work(scope) as work:
        came_first = await first(work)
        other = asyncio.create_task(run())
        await _done_or_waiting(database, other)
    return came_first, await other


async def _done_or_waiting(database: Database, task: asyncio.Task[Any]) -> None:
    """Until it is over, or Postgres says that it waits for a lock."""
    async with asyncio.timeout(_PATIENCE), database.unit_of_work(Scope.platform()) as work:
        while not task.done():
            # pg_stat_activity is read once per transaction unless its snapshot is cleared.
            await work.session.execute(text("SELECT pg_stat_clear_snapshot()"))
            if await work.session.scalar(_WAITING):
                return
            await asyncio.sleep(0.005)
