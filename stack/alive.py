"""``omotenashi alive PART``: whether the worker or relay of this host works, for an orchestrator's health check."""

import socket
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from db.engine.session import Scope
from db.engine.session import connect as connect_database
from runtime.settings import Settings
from runtime.temporal import connect as connect_temporal

#: A long poll lasts a minute; a worker that has not polled for two minutes does not work.
_POLL_AGE = timedelta(minutes=2)

#: A healthy relay delivers in milliseconds; a row that is due for this long is stuck.
_DUE = timedelta(minutes=1)

_RPC_TIMEOUT = timedelta(seconds=10)


async def worker_polls(settings: Settings, queue: str, host: str | None = None) -> bool:
    """Whether a worker on this host has polled the queue lately.

    Raises:
        RuntimeError: Temporal does not answer.
        RPCError: it answers with an error.
    """
    client = await connect_temporal(settings, process="alive")
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=settings.temporal_namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        ),
        timeout=_RPC_TIMEOUT,
    )
    own = f"@{host or socket.gethostname()}"
    since = datetime.now(UTC) - _POLL_AGE
    return any(
        poller.identity.endswith(own) and poller.last_access_time.ToDatetime(UTC) > since for poller in answer.pollers
    )


async def relay_delivers(settings: Settings) -> bool:
    """Whether no row of the outbox is more than a minute overdue. Parked rows do not count.

    Raises:
        Unavailable: Postgres does not answer.
    """
    database = connect_database(settings)
    try:
        async with database.unit_of_work(Scope.platform()) as work:
            stuck = await work.session.scalar(
                text(
                    "SELECT EXISTS (SELECT 1 FROM outbox WHERE command IS NOT NULL AND delivered_at IS NULL"
                    " AND parked_at IS NULL AND greatest(not_before, created_at) < now() - CAST(:due AS interval))"
                ),
                {"due": _DUE},
            )
    finally:
        await database.close()
    return not stuck
