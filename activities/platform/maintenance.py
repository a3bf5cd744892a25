"""Scheduled maintenance: deletes old rows, and creates partitions in advance."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity

from db.engine.session import Database, Scope
from domain.platform.retention import KEEP, RetainedData

#: Rows per transaction; few, so that its locks are held for a short time.
BATCH = 1000
#: Creating a partition waits this long for the lock on the default partition, then is retried later.
_LOCK_TIMEOUT = timedelta(seconds=2)


@dataclass(frozen=True)
class SweepInput:
    """The kind of data to sweep."""

    what: RetainedData


@dataclass(frozen=True)
class PartitionsInput:
    """For how many months partitions of the audit trail exist in advance, 1 to 12."""

    months: int


class MaintenanceActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="maintenance.sweep")
    async def sweep(self, request: SweepInput) -> int:
        """Delete rows older than their retention time, in batches: one transaction and one heartbeat each. Returns how
        many rows were deleted, including those of interrupted tries."""
        before = self._now() - KEEP[request.what]
        details = activity.info().heartbeat_details
        removed = int(details[0]) if details else 0
        while True:
            async with self._database.unit_of_work(Scope.platform()) as work:
                gone = await work.platform.retention.delete_batch(request.what, before, BATCH)
            removed += gone
            activity.heartbeat(removed)
            if gone < BATCH:
                return removed

    @activity.defn(name="maintenance.make_audit_partitions")
    async def make_audit_partitions(self, request: PartitionsInput) -> None:
        """Create the audit trail's partitions in advance; existing ones are not changed."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            await work.platform.retention.make_audit_partitions(request.months, _LOCK_TIMEOUT)
