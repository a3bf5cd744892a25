"""Marks business days, so that their figures are computed again."""

from datetime import UTC, date, datetime
from uuid import UUID

from db.engine.session import Scope, connect
from db.platform.outbox import COMPUTE_DAYS
from runtime.settings import Settings


async def mark(settings: Settings, first: date, last: date, business_id: UUID | None = None) -> int:
    """Mark the ended days ``first`` to ``last`` of one business or of all, and have them computed; gives how many.

    Raises:
        Unavailable: Postgres does not answer.
    """
    database = connect(settings)
    try:
        async with database.unit_of_work(Scope.platform()) as work:
            marked = await work.analytics.stale_days.mark(first, last, datetime.now(UTC), business_id)
            await work.platform.outbox.add_platform_command("analytics.marked", "analytics/backfill", {}, COMPUTE_DAYS)
            return marked
    finally:
        await database.close()
