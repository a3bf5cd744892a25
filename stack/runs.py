"""``omotenashi runs restore``: starts the runs that rows of Postgres must have and Temporal lost.

Needed after a restore of Postgres or of Temporal. Every missing run is ordered through the outbox, in pages: a command
that is killed has lost nothing, and a repeat orders only what is still missing.
"""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from db.engine.session import Database, Scope, connect
from db.open_rows import OpenRow, OpenRows
from db.payments.commands.replay import ReplayAsked
from runtime.settings import Settings
from runtime.temporal import connect as connect_temporal
from workers.outbox_dispatcher import starts

#: Rows read and ordered at once, and workflow ids in one question to Temporal, whose text has a limit.
PAGE = 1000
ASKED = 100
#: Events of providers that were stored this long before are delivered again where they were never applied.
EVENTS_OF = timedelta(days=30)
_CALL = timedelta(seconds=10)
_RUNNING = WorkflowExecutionStatus.RUNNING
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class ProcessRuns:
    """One process. ``rows`` must have a run, ``missing`` of them have none and ``ordered`` were ordered now; the others
    had been ordered before. ``without_row``: open runs about nothing in Postgres."""

    process: str
    rows: int = 0
    missing: int = 0
    ordered: int = 0
    without_row: list[str] = field(default_factory=list)


@dataclass(slots=True)
class RunsRestored:
    """``events``: events of providers that were never applied and are delivered again."""

    processes: list[ProcessRuns] = field(default_factory=list)
    events: int = 0


async def restore(settings: Settings, *, dry: bool = False) -> RunsRestored:
    """Compare, and order what is missing; ``dry``: only compare.

    Raises:
        Unavailable: Postgres does not answer. RuntimeError, RPCError: Temporal does not answer.
    """
    client = await connect_temporal(settings, process="runs")
    database = connect(settings)
    try:
        return await restore_runs(database, client, dry=dry)
    finally:
        await database.close()


async def restore_runs(database: Database, client: Client, *, dry: bool = False) -> RunsRestored:
    """See `restore`."""
    done = RunsRestored()
    for process in starts():
        if process.open_rows is None:
            continue
        found = ProcessRuns(process.workflow)
        async for page in _pages(database, process.open_rows):
            found.rows += len(page)
            missing = await _without_run(database, client, page)
            found.missing += len(missing)
            if missing and not dry:
                async with database.unit_of_work(Scope.platform()) as work:
                    found.ordered += len(await work.open_rows.order(process.command, missing))
        found.without_row = await _without_row(database, client, process.workflow, process.open_rows)
        done.processes.append(found)
    if not dry:
        # After the runs: an event is delivered after the order of its run.
        now = datetime.now(UTC)
        async with database.unit_of_work(Scope.platform()) as work:
            replayed = await work.payments.webhooks.replay(ReplayAsked(now - EVENTS_OF, now, limit=10_000))
        done.events = replayed.delivered
    return done


async def _pages(database: Database, rows: OpenRows) -> AsyncIterator[list[OpenRow]]:
    after: UUID | None = None
    while True:
        async with database.unit_of_work(Scope.platform()) as work:
            page = await work.open_rows.page(rows, after, PAGE)
        if not page:
            return
        yield page
        after = page[-1].id


async def _without_run(database: Database, client: Client, page: Sequence[OpenRow]) -> list[OpenRow]:
    """The rows that have no run, and about which no command waits in the outbox."""
    async with database.unit_of_work(Scope.platform()) as work:
        waiting = await work.open_rows.waiting([row.run for row in page])
    missing = []
    rest = [row for row in page if row.run not in waiting]
    for start in range(0, len(rest), ASKED):
        part = rest[start : start + ASKED]
        seen = await _listed(client, [row.run for row in part])
        for row in part:
            # The list is a moment behind: what looks missing is asked once more, of the run itself.
            if not _is_enough(row, seen.get(row.run)) and not _is_enough(row, await _status(client, row.run)):
                missing.append(row)
    return missing


def _is_enough(row: OpenRow, status: WorkflowExecutionStatus | None) -> bool:
    return status is _RUNNING if row.must_be_open else status is not None


async def _listed(client: Client, runs: Sequence[str]) -> dict[str, WorkflowExecutionStatus | None]:
    """The status of each run that is listed; an open one counts more than those that ended before it."""
    seen: dict[str, WorkflowExecutionStatus | None] = {}
    listed = ", ".join(f"'{run}'" for run in runs)
    async for run in client.list_workflows(f"WorkflowId IN ({listed})", page_size=ASKED, rpc_timeout=_CALL):
        if seen.get(run.id) is not _RUNNING:
            seen[run.id] = run.status
    return seen


async def _status(client: Client, run: str) -> WorkflowExecutionStatus | None:
    try:
        return (await client.get_workflow_handle(run).describe(rpc_timeout=_CALL)).status
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _without_row(database: Database, client: Client, workflow: str, rows: OpenRows) -> list[str]:
    """The open runs whose row is not in Postgres: Temporal is ahead of it."""
    query = f"WorkflowType = '{workflow}' AND ExecutionStatus = 'Running'"
    found: list[str] = []
    page: dict[str, UUID] = {}
    async for run in client.list_workflows(query, page_size=PAGE, rpc_timeout=_CALL):
        if named := _UUID.search(run.id):
            page[run.id] = UUID(named[0])
        if len(page) >= PAGE:
            found += await _unknown(database, rows, page)
            page = {}
    return sorted(found + await _unknown(database, rows, page))


async def _unknown(database: Database, rows: OpenRows, page: dict[str, UUID]) -> list[str]:
    if not page:
        return []
    async with database.unit_of_work(Scope.platform()) as work:
        known = await work.open_rows.known(rows, list(page.values()))
    return [run for run, row_id in page.items() if row_id not in known]


def describe(done: RunsRestored, *, dry: bool = False) -> str:
    """One line for each process, then the runs that have no row."""
    lines = []
    for each in done.processes:
        what = f"{each.missing} missing" if dry else f"{each.missing} missing, {each.ordered} ordered"
        lines.append(f"{each.process}: {each.rows} rows must have a run, {what}")
    if done.events:
        lines.append(f"{done.events} events of providers are delivered again")
    ahead = [run for each in done.processes for run in each.without_row]
    if ahead:
        lines.append(f"{len(ahead)} open runs are about nothing in Postgres:")
        lines += [f"  {run}" for run in ahead]
    return "\n".join(lines)
