"""What the platform does for itself by the clock: deleting what has had its time, and making room ahead."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity

from db.engine.session import Database, Scope
from domain.platform.retention import KEEP, RetainedData

#: Rows a transaction; short enough that nobody waits for its locks.
BATCH = 1000
#: A new partition waits this long for the table that catches the rest, then tries again later.
_LOCK_TIMEOUT = timedelta(seconds=2)


@dataclass(frozen=True)
class SweepInput:
    """What to sweep."""

    what: RetainedData


@dataclass(frozen=True)
class PartitionsInput:
    """How many months of the audit trail have their partition ahead of time, 1 to 12."""

    months: int


class MaintenanceActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="maintenance.sweep")
    async def sweep(self, asked: SweepInput) -> int:
        """Delete what is older than it is kept, in batches, each a transaction with a heartbeat; gives how many rows
        went, those of interrupted tries included."""
        before = self._now() - KEEP[asked.what]
        told = activity.info().heartbeat_details
        removed = int(told[0]) if told else 0
        while True:
            async with self._database.unit_of_work(Scope.platform()) as work:
                gone = await work.platform.retention.delete_batch(asked.what, before, BATCH)
            removed += gone
            activity.heartbeat(removed)
            if gone < BATCH:
                return removed

    @activity.defn(name="maintenance.make_audit_partitions")
    async def make_audit_partitions(self, asked: PartitionsInput) -> None:
        """Make the audit trail's partitions ahead; those that are there stay."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            await work.platform.retention.make_audit_partitions(asked.months, _LOCK_TIMEOUT)
