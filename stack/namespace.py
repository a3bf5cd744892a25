"""The set-up of Temporal's namespace before the first workflow: retention of closed runs, search attributes and
schedules."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from runtime.settings import Settings
from runtime.temporal import connect
from workers.schedules import write_schedules
from workflows.support import search_attributes

#: Closed workflows can be read this long; the embedded server's own default is a day.
RETENTION = timedelta(days=30)

#: How long a new attribute may take to be usable.
_PATIENCE = timedelta(seconds=30)


async def prepare(settings: Settings) -> None:
    """Set the retention, register the search attributes that are missing and write the schedules. Calling it again
    changes nothing.

    A server that was started with other attributes keeps them. It returns when the new ones can be used.

    Raises:
        RuntimeError: Temporal does not answer.
        TimeoutError: the attributes cannot be used after that time.
    """
    client = await connect(settings, process="migrate")
    namespace = settings.temporal_namespace
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(namespace=namespace, config=NamespaceConfig(workflow_execution_retention_ttl=retention))
    )
    wanted = {key.name: int(key.indexed_value_type) for key in search_attributes.ALL}
    missing = set(wanted) - await registered(client, namespace)
    if missing:
        await _register(client, namespace, {name: wanted[name] for name in sorted(missing)})
    await write_schedules(client)


async def _register(client: Client, namespace: str, missing: Mapping[str, int]) -> None:
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=namespace,
            search_attributes={name: IndexedValueType.ValueType(kind) for name, kind in missing.items()},
        )
    )
    async with asyncio.timeout(_PATIENCE.total_seconds()):
        for name in missing:
            await _until_usable(client, name)


async def _until_usable(client: Client, name: str) -> None:
    # It is listed at once, but refused until every part of the server has read its list again.
    while True:
        try:
            await client.count_workflows(f"{name} IS NULL")
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                raise
            await asyncio.sleep(0.1)
        else:
            return


async def registered(client: Client, namespace: str) -> set[str]:
    """The names of the namespace's own search attributes."""
    answer = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    return set(answer.custom_attributes)
