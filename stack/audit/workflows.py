"""The checks that need Temporal: whether each booking and each unsent notice has its workflow.

Postgres and Temporal have no common snapshot. Everything that looks wrong in a list is read once more, one by one and
from the sources that have no delay: the run itself, and the row.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from db.engine.session import Database, Scope
from db.invariants import Expected, Finding, Limits
from domain.booking_status import FINAL
from stack.audit.invariants import Report
from workers.schedules import SCHEDULES
from workflows.support import ids

#: Ids asked for in one list; the query's text has a limit.
PAGE = 100
_CALL = timedelta(seconds=10)
_FINAL = frozenset(status.value for status in FINAL)
_RUNNING = WorkflowExecutionStatus.RUNNING


async def check_workflows(database: Database, client: Client, report: Report, limits: Limits) -> None:
    """Add what is wrong to ``report``. Raises RPCError when Temporal cannot be asked."""
    kept_for = await _retention(client)
    # Less than the whole retention: a closed run that Temporal deletes during the audit is no violation.
    ended_after = report.at - min(kept_for * 0.9, timedelta(days=365))
    # A run that ended before this Temporal began was lost with the one before it; nothing more is to come of it.
    if began_at := await _began_at(client):
        ended_after = max(ended_after, began_at)
    audit = _Auditor(database, client, report.at, limits, ended_after)
    async for finding in audit.bookings():
        report.add(finding)
    async for finding in audit.notices():
        report.add(finding)


class _Auditor:
    def __init__(
        self, database: Database, client: Client, now: datetime, limits: Limits, ended_after: datetime
    ) -> None:
        self._database = database
        self._client = client
        self._now = now
        self._limits = limits
        self._ended_after = ended_after

    async def bookings(self) -> AsyncIterator[Finding]:
        """A booking that is not over needs a running workflow or an outbox row for one; one that is over, any run."""
        after: UUID | None = None
        while page := await self._bookings(after):
            after = page[-1].id
            for booking in await self._without_correct_run(page, ids.booking, self._is_correct):
                if finding := await self._check_booking(booking):
                    yield finding

    async def notices(self) -> AsyncIterator[Finding]:
        """A queued notice needs a running workflow or an outbox row for one."""
        after: UUID | None = None
        while page := await self._notices(after):
            after = page[-1].id
            for notice in await self._without_correct_run(page, ids.notice, lambda _, status: status is _RUNNING):
                if finding := await self._check_notice(notice):
                    yield finding

    async def _bookings(self, after: UUID | None, size: int = PAGE) -> list[Expected]:
        async with self._database.unit_of_work(Scope.platform()) as work:
            return await work.invariants.expected_bookings(after, self._ended_after, size)

    async def _notices(self, after: UUID | None, size: int = PAGE) -> list[Expected]:
        async with self._database.unit_of_work(Scope.platform()) as work:
            return await work.invariants.expected_notices(after, size)

    async def _without_correct_run(
        self,
        page: Sequence[Expected],
        workflow_id: Callable[[UUID], str],
        is_fine: Callable[[Expected, WorkflowExecutionStatus | None], bool],
    ) -> list[Expected]:
        """The rows of a page for which the list of runs shows no correct run."""
        old = [one for one in page if not one.has_command and one.changed_at < self._now - self._limits.workflow]
        if not old:
            return []
        listed = ", ".join(f"'{workflow_id(one.id)}'" for one in old)
        # A booking may have had several runs, one after the other; a running one counts more than those that ended.
        seen: dict[str, WorkflowExecutionStatus | None] = {}
        async for run in self._client.list_workflows(f"WorkflowId IN ({listed})", page_size=PAGE, rpc_timeout=_CALL):
            if seen.get(run.id) is not _RUNNING:
                seen[run.id] = run.status
        return [one for one in old if not is_fine(one, seen.get(workflow_id(one.id)))]

    def _is_correct(self, booking: Expected, status: WorkflowExecutionStatus | None) -> bool:
        return status is not None if booking.status in _FINAL else status is _RUNNING

    async def _check_booking(self, booking: Expected) -> Finding | None:
        run_status = await self._ask(ids.booking(booking.id))
        before = UUID(int=booking.id.int - 1)
        now = [one for one in await self._bookings(before, 1) if one.id == booking.id]
        if not now or now[0].has_command or self._is_correct(now[0], run_status):
            return None
        facts = {"status": now[0].status, "run_status": run_status.name.lower() if run_status else None}
        kind = "workflow_not_running" if run_status else "booking_without_workflow"
        return Finding(kind, {"booking_id": str(booking.id), "workflow_id": ids.booking(booking.id)}, facts)

    async def _check_notice(self, notice: Expected) -> Finding | None:
        run_status = await self._ask(ids.notice(notice.id))
        before = UUID(int=notice.id.int - 1)
        now = [one for one in await self._notices(before, 1) if one.id == notice.id]
        if not now or now[0].has_command or run_status is _RUNNING:
            return None
        facts = {"run_status": run_status.name.lower() if run_status else None}
        return Finding(
            "notice_without_workflow", {"notice_id": str(notice.id), "workflow_id": ids.notice(notice.id)}, facts
        )

    async def _ask(self, workflow_id: str) -> WorkflowExecutionStatus | None:
        """The status of the latest run, from the run itself; None if there is none."""
        try:
            run = await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=_CALL)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return run.status


async def _began_at(client: Client) -> datetime | None:
    """When the schedules were written for the first time, which is when the database of this Temporal was new."""
    try:
        described = await client.get_schedule_handle(SCHEDULES[0].id).describe(rpc_timeout=_CALL)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return described.info.created_at


async def _retention(client: Client) -> timedelta:
    """How long Temporal stores a run that has ended."""
    namespace = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace), timeout=_CALL
    )
    return namespace.config.workflow_execution_retention_ttl.ToTimedelta()
