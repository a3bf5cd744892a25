"""What the relay's and the workers' tests share."""

from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from db.engine.session import Database
from runtime.temporal import core_runtime
from tests.support import data, servers


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    """The test's own database, as the relay and the workers see it."""
    async with data.opened(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def temporal(temporal_server: str) -> AsyncIterator[Client]:
    """A client; what a test leaves running is ended, because the queues are everybody's."""
    client = await Client.connect(temporal_server, data_converter=servers.CONVERTER, runtime=core_runtime())
    yield client
    async for run in client.list_workflows('ExecutionStatus = "Running"'):
        try:
            await client.get_workflow_handle(run.id).terminate("the test is over")
        except RPCError as error:
            # The list is a moment behind: the run may be over.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
