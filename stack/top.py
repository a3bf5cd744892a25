"""``omotenashi top``: what waits, what runs and what failed, at one moment or again every few seconds."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from temporalio.client import Client
from temporalio.service import RPCError

from db.engine.session import Database, Scope
from db.engine.session import connect as connect_database
from db.platform.outbox import OutboxLag
from domain.booking_status import BookingStatus
from domain.errors import Unavailable
from runtime.queue_lag import QueueLag, read_lag
from runtime.settings import Settings
from runtime.temporal import connect as connect_temporal
from workflows.bookings.booking import stages
from workflows.support import queues

STAGES = (
    stages.WAITING_FOR_PAYMENT,
    stages.WAITING_FOR_PROOF,
    stages.WAITING_FOR_APPROVAL,
    BookingStatus.CONFIRMED.value,
)
#: Runs that ended badly are counted for so long.
FAILED_WITHIN = timedelta(hours=1)
#: From these on a figure is shown as a problem; docs/operations.md says what to do.
LATE = timedelta(minutes=1)

_CALL = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The platform at one moment. ``stages``: open runs of bookings; ``failed``: runs that failed, timed out or were
    terminated in the last hour; ``attention``: open items by kind."""

    at: datetime
    queues: Sequence[QueueLag]
    stages: Mapping[str, int]
    running: int
    flagged: int
    failed: int
    outbox: OutboxLag
    attention: Mapping[str, int]


async def read(client: Client, database: Database, now: datetime) -> Snapshot:
    """Ask Temporal and Postgres.

    Raises:
        RPCError: Temporal does not answer. Unavailable: Postgres does not answer.
    """
    lags = await asyncio.gather(*(read_lag(client, queue) for queue in queues.every()))
    since = (now - FAILED_WITHIN).isoformat()
    wanted = [
        *(f"ExecutionStatus = 'Running' AND Stage = '{stage}'" for stage in STAGES),
        "ExecutionStatus = 'Running'",
        "ExecutionStatus = 'Running' AND NeedsAttention = true",
        f"ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated') AND CloseTime >= '{since}'",
    ]
    *by_stage, running, flagged, failed = await asyncio.gather(*(_count(client, query) for query in wanted))
    async with database.unit_of_work(Scope.platform()) as work:
        outbox = await work.platform.outbox.lag()
        attention = await work.platform.attention.open_by_kind()
    found = dict(zip(STAGES, by_stage, strict=True))
    return Snapshot(now, lags, found, running, flagged, failed, outbox, attention)


async def _count(client: Client, query: str) -> int:
    return (await client.count_workflows(query, rpc_timeout=_CALL)).count


def show(found: Snapshot) -> RenderableType:
    """The snapshot as tables for a terminal; problems are red."""
    lags = _table("task queue", "waiting", "oldest", "added/s", "done/s", "workers")
    for one in found.queues:
        is_bad = one.age > LATE or not one.workers
        figures = (f"{one.waiting}", _age(one.age), f"{one.added:.1f}", f"{one.done:.1f}", f"{one.workers}")
        lags.add_row(one.queue, *figures, style="red" if is_bad else "")
    runs = _table("runs", "")
    for stage, count in found.stages.items():
        runs.add_row(f"booking {stage}", f"{count}")
    runs.add_row("all that are open", f"{found.running}")
    runs.add_row("need attention", f"{found.flagged}", style="red" if found.flagged else "")
    runs.add_row("failed in the last hour", f"{found.failed}", style="red" if found.failed else "")
    outbox = _table("outbox", "")
    outbox.add_row("waiting", f"{found.outbox.waiting}")
    outbox.add_row("oldest", _age(found.outbox.age), style="red" if found.outbox.age > LATE else "")
    outbox.add_row("parked", f"{found.outbox.parked}", style="red" if found.outbox.parked else "")
    attention = _table("attention", "open")
    for kind, count in found.attention.items():
        attention.add_row(kind, f"{count}", style="red")
    return Group(f"{found.at:%Y-%m-%d %H:%M:%S} UTC", lags, runs, outbox, attention)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, min_width=32)
    for each in others:
        table.add_column(each, justify="right")
    return table


def _age(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


async def watch(settings: Settings, console: Console, every: timedelta, *, once: bool) -> None:
    """Show the platform until Ctrl-C, or once. While a server does not answer, its error is shown, and it is asked
    again.

    Raises, with ``once``: RuntimeError, RPCError, Unavailable.
    """
    client = await connect_temporal(settings, process="top", lazy=not once)
    database = connect_database(settings)
    try:
        if once:
            console.print(show(await read(client, database, datetime.now(UTC))))
            return
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                began = time.monotonic()
                try:
                    live.update(show(await read(client, database, datetime.now(UTC))), refresh=True)
                except (RuntimeError, RPCError, Unavailable) as error:
                    live.update(f"[red]{type(error).__name__}: {error}", refresh=True)
                await asyncio.sleep(max(0.2, every.total_seconds() - (time.monotonic() - began)))
    finally:
        await database.close()
