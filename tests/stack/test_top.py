"""What the live view of operators counts."""

import uuid
from datetime import UTC, datetime, timedelta

from rich.console import Console
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from db.engine.session import Database as Pool
from db.engine.session import Scope
from runtime.settings import Settings
from runtime.temporal import connect
from stack.top import STAGES, Snapshot, read, show
from tests.support import data
from tests.support.servers import Database
from workflows.support import queues
from workflows.support.search_attributes import STAGE

_ROWS = (
    "INSERT INTO outbox (event, aggregate, command, created_at, not_before, delivered_at, parked_at) VALUES"
    " ('a', 'a/1', 'booking.start', now() - interval '5 min', now() - interval '5 min', NULL, NULL),"
    " ('a', 'a/2', 'booking.start', now(), now() + interval '1 hour', NULL, NULL),"
    " ('a', 'a/3', 'booking.start', now() - interval '1 day', now() - interval '1 day', now(), NULL),"
    " ('a', 'a/4', NULL, now() - interval '1 day', now() - interval '1 day', NULL, NULL),"
    " ('a', 'a/5', 'booking.start', now() - interval '1 day', now() - interval '1 day', NULL, now())"
)


async def test_read_counts_what_waits_runs_and_needs_a_person(database: Database, temporal_server: str) -> None:
    """A run that no worker takes waits in its queue and is open in its stage; of the outbox one row is late and one is
    parked, and rows that are planned, delivered or only history do not count."""
    client = await connect(Settings(temporal_address=temporal_server), process="top-test")
    async with data.opened(database) as pool:
        await data.rows(pool, _ROWS)
        async with pool.unit_of_work(Scope.platform()) as work:
            await work.platform.attention.file("dispute", "one", details={})
            await work.platform.attention.file("dispute", "two", details={})
        before = await read(client, pool, datetime.now(UTC))
        run = await client.start_workflow(
            "nobody-takes-this",
            id=f"top-{uuid.uuid4()}",
            task_queue=queues.MEDIA,
            search_attributes=TypedSearchAttributes([SearchAttributePair(STAGE, STAGES[0])]),
        )
        try:
            found = await _until_listed(client, pool, before.running)
        finally:
            await run.terminate()
    assert [one.queue for one in found.queues] == list(queues.every())
    assert next(one for one in found.queues if one.queue == queues.MEDIA).waiting >= 1
    assert found.stages[STAGES[0]] == before.stages[STAGES[0]] + 1
    assert (found.outbox.waiting, found.outbox.parked) == (1, 1)
    assert timedelta(minutes=4) < found.outbox.age < timedelta(minutes=6)
    assert found.attention == {"dispute": 2}
    text = _text(found)
    assert all(
        word in text for word in ("waiting_for_payment", "dispute", "5 min", "parked", "failed in the last hour")
    )


async def _until_listed(client: Client, pool: Pool, running: int) -> Snapshot:
    """Temporal's lists are a moment behind."""
    deadline = datetime.now(UTC) + timedelta(seconds=30)
    while True:
        found = await read(client, pool, datetime.now(UTC))
        waiting = next(one.waiting for one in found.queues if one.queue == queues.MEDIA)
        if (found.running > running and waiting) or datetime.now(UTC) > deadline:
            return found


def _text(found: Snapshot) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(show(found))
    return captured.get()
