"""Parked rows of the outbox: list them, and release them when the fix is deployed."""

from collections.abc import Sequence
from uuid import UUID

from db.engine.session import Scope, connect
from db.platform.outbox import ParkedCommand
from runtime.settings import Settings


async def parked(settings: Settings, limit: int, command: str | None = None) -> Sequence[ParkedCommand]:
    """Up to ``limit`` rows that could not be delivered, the oldest first; of one ``command``, or of all.

    Raises:
        Unavailable: Postgres does not answer.
    """
    database = connect(settings)
    try:
        async with database.unit_of_work(Scope.platform()) as work:
            return await work.platform.outbox.parked(limit, command)
    finally:
        await database.close()


async def release(
    settings: Settings, limit: int, *, row_id: UUID | None = None, command: str | None = None
) -> Sequence[UUID]:
    """Let the relay try up to ``limit`` parked rows again: one row, those of one command, or all. Returns their ids.

    Raises:
        Unavailable: Postgres does not answer.
    """
    database = connect(settings)
    try:
        async with database.unit_of_work(Scope.platform()) as work:
            return await work.platform.outbox.release(limit, row_id=row_id, command=command)
    finally:
        await database.close()


def describe(rows: Sequence[ParkedCommand]) -> str:
    """One line per row: id, command, aggregate, number of tries, error, and since when (UTC)."""
    if not rows:
        return "No row of the outbox is parked"
    return "\n".join(
        f"{row.id}  {row.command}  {row.aggregate}  {row.attempts} tries  {row.last_error}"
        f"  parked {row.parked_at:%Y-%m-%d %H:%M} UTC"
        for row in rows
    )
