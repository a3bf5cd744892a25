"""What waits in a task queue of Temporal, and who works on it."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

_CALL = timedelta(seconds=5)
_TYPES = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)


@dataclass(frozen=True, slots=True)
class QueueLag:
    """One task queue. ``waiting`` tasks, the oldest for ``age``; ``added`` and ``done`` a second in the last 30 s;
    ``workers`` that have polled it in the last minutes."""

    queue: str
    waiting: int
    age: timedelta
    added: float
    done: float
    workers: int


async def read_lag(client: Client, queue: str) -> QueueLag:
    """Ask Temporal. Raises RPCError where it does not answer within five seconds."""
    answers = [
        await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=queue),
                task_queue_type=each,
                report_stats=True,
            ),
            timeout=_CALL,
        )
        for each in _TYPES
    ]
    stats = [answer.stats for answer in answers]
    return QueueLag(
        queue,
        sum(one.approximate_backlog_count for one in stats),
        max(one.approximate_backlog_age.ToTimedelta() for one in stats),
        sum(one.tasks_add_rate for one in stats),
        sum(one.tasks_dispatch_rate for one in stats),
        len({poller.identity for answer in answers for poller in answer.pollers}),
    )
