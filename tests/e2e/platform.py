"""The machinery behind the API, in this process: workers of every role and the relay, on a test's own database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from temporalio.client import Client
from temporalio.service import RPCError

from runtime.settings import Settings
from workers.main import make_worker
from workers.outbox_dispatcher import OutboxDispatcher
from workers.outbox_relay import OutboxRelay
from workers.registry import WorkerServices, worker_specs


@asynccontextmanager
async def running_workers(settings: Settings, client: Client) -> AsyncIterator[None]:
    """Workers of every queue."""
    async with AsyncExitStack() as stack:
        parts = WorkerServices.of(settings)
        stack.push_async_callback(parts.aclose)
        for queue, each in worker_specs(parts).items():
            await stack.enter_async_context(make_worker(client, queue, each, "test", steps=4))
        yield


@asynccontextmanager
async def running_relay(settings: Settings, client: Client) -> AsyncIterator[None]:
    """The relay, until the block ends."""
    parts = WorkerServices.of(settings)
    stop = asyncio.Event()
    relay = asyncio.create_task(
        OutboxRelay(parts.database, OutboxDispatcher(client, parts.database)).dispatch_until(stop, settings),
        name="relay",
    )
    try:
        yield
    finally:
        stop.set()
        await relay
        await parts.aclose()


@asynccontextmanager
async def running_platform(settings: Settings, client: Client) -> AsyncIterator[None]:
    """Workers and relay, on queues that nobody else serves meanwhile; what they leave open is ended."""
    await end_all(client)
    try:
        async with running_workers(settings, client), running_relay(settings, client):
            yield
    finally:
        await end_all(client)


async def end_all(client: Client) -> None:
    """Terminate every open run: the next test has another database behind the same queues."""
    async for run in client.list_workflows("ExecutionStatus = 'Running'"):
        with suppress(RPCError):  # it ended by itself
            await client.get_workflow_handle(run.id).terminate("the test is over")
