"""The health checks of processes without a port."""

import socket
import uuid

import asyncpg
from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from runtime.settings import Settings
from runtime.temporal import connect
from stack.alive import relay_delivers, worker_polls
from tests.support.servers import Database


@workflow.defn(name="alive-test", sandboxed=False)
class Nothing:
    """Only there to be polled for."""

    @workflow.run
    async def run(self) -> None:
        return None


async def test_worker_is_alive_while_this_host_polls_its_queue(temporal_server: str) -> None:
    settings = Settings(temporal_address=temporal_server)
    queue = f"alive-{uuid.uuid4()}"
    assert not await worker_polls(settings, queue)
    client = await connect(settings, process="worker-test")
    async with Worker(client, task_queue=queue, workflows=[Nothing], workflow_runner=UnsandboxedWorkflowRunner()):
        # A finished workflow shows that it polls.
        await client.execute_workflow("alive-test", id=queue, task_queue=queue)
        assert await worker_polls(settings, queue)
        assert await worker_polls(settings, queue, socket.gethostname())
        assert not await worker_polls(settings, queue, "another-host")


async def test_relay_is_alive_until_something_waits_for_a_minute(database: Database) -> None:
    settings = database.settings()
    assert await relay_delivers(settings)
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    try:
        insert = (
            "INSERT INTO outbox (event, aggregate, command, created_at, not_before)"
            " VALUES ('x', 'x/1', $1, now() - $2::interval, now() - $3::interval)"
        )
        minutes = "SELECT make_interval(mins => $1)"
        long, short = [await connection.fetchval(minutes, each) for each in (5, 0)]
        await connection.execute(insert, "notice.start", short, short)
        # Planned for later, and history that nobody delivers.
        await connection.execute(insert, "notice.start", long, -long)
        await connection.execute(insert, None, long, long)
        assert await relay_delivers(settings)
        await connection.execute(insert, "notice.start", long, long)
        assert not await relay_delivers(settings)
    finally:
        await connection.close()
