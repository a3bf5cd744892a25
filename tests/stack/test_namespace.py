"""What `migrate` sets up in Temporal."""

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from runtime.settings import Settings
from stack.namespace import RETENTION, prepare, registered
from tests.support.servers import run_temporal
from workflows.support import search_attributes


async def test_migrate_sets_up_a_new_server_and_changes_nothing_the_second_time() -> None:
    async with run_temporal(search_attributes=()) as server:
        settings = Settings(temporal_address=server.address)
        client = await Client.connect(server.address)
        assert await registered(client, "default") & {key.name for key in search_attributes.ALL} == set()
        for _ in range(2):
            await prepare(settings)
            assert {key.name for key in search_attributes.ALL} <= await registered(client, "default")
            # Usable at once, not only listed.
            for key in search_attributes.ALL:
                await client.count_workflows(f"{key.name} IS NULL")
        described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
        assert described.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION
