"""A worker process: serves its task queues until SIGTERM or SIGINT."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from activities.support.errors import ContextInterceptor, ErrorInterceptor
from runtime import tracing
from runtime.settings import Settings
from workers import versions
from workers.lifecycle import connect_when_available, stopping
from workers.registry import WorkerServices, WorkerSpec, worker_specs
from workflows.support import queues

log = structlog.get_logger(__name__)

#: Less than the 15 s after which an orchestrator kills the process: running activities finish and need no retry.
GRACE = timedelta(seconds=10)
#: Another worker continues the runs of a killed one after this; the SDK's default is 10 s.
STICKY = timedelta(seconds=2)
#: Provider calls wait for the network, not for Postgres.
CALLS_AT_ONCE = 50
#: About 55 KB each.
CACHED_RUNS = 1000


async def run_worker(settings: Settings, roles: Sequence[str]) -> None:
    """Serve the task queues ``roles`` until SIGTERM or SIGINT, then finish the running tasks.

    Raises:
        KeyError: there is no such role.
    """
    with stopping() as stop, tracing.running(settings, f"worker-{'-'.join(roles)}"):
        services = WorkerServices.of(settings)
        async with contextlib.AsyncExitStack() as closing:
            closing.push_async_callback(services.aclose)
            specs = worker_specs(services)
            chosen = {role: specs[role] for role in roles}
            client = await connect_when_available(settings, f"worker-{'-'.join(roles)}", stop)
            if client is None:
                return
            if queues.PAYMENTS in chosen:
                await asyncio.to_thread(services.load_providers)
            steps = steps_at_once(settings, len(chosen))
            deployment = settings.temporal_deployment if settings.temporal_versioning else None
            workers = [
                make_worker(client, role, each, settings.build_id, steps, deployment) for role, each in chosen.items()
            ]
            if deployment is not None:
                closing.callback(asyncio.create_task(versions.begin(client, deployment, settings.build_id)).cancel)
            log.info("worker_ready", roles=list(chosen), build_id=settings.build_id, steps_at_once=steps)
            await _serve(workers, stop)
            log.info("worker_stopped", roles=list(chosen))


async def _serve(workers: Sequence[Worker], stop: asyncio.Event) -> None:
    """Run until the stop, or until one of them fails; then all drain at the same time."""
    running = [asyncio.create_task(worker.run()) for worker in workers]
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, *running], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    for worker, task in zip(workers, running, strict=True):
        # It still waits for Temporal's first answer. `shutdown` does nothing before that, and it would run on for ever.
        if not worker.is_running:
            task.cancel()
    await asyncio.gather(*(worker.shutdown() for worker in workers if worker.is_running))
    for ended in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


def steps_at_once(settings: Settings, queues: int) -> int:
    """How many transactions one queue's worker may have open, so that none waits for a connection of the pool.

    A queue has two kinds of them: local activities, and normal ones that use Postgres.
    """
    connections = settings.database_pool_size + settings.database_pool_overflow
    return max(1, connections // (queues * 2))


def make_worker(
    client: Client, queue: str, each: WorkerSpec, build_id: str, steps: int, deployment: str | None = None
) -> Worker:
    """The worker of one queue; enter it as a context.

    With a ``deployment``, Temporal gives it only runs of its version (`workers.versions`); without, it takes all.
    """
    at_once = each.at_once or (steps if each.per_second is None else CALLS_AT_ONCE)
    return Worker(
        client,
        task_queue=queue,
        workflows=each.workflows,
        activities=each.activities,
        interceptors=[ErrorInterceptor(), ContextInterceptor()],
        workflow_runner=UnsandboxedWorkflowRunner(),
        deployment_config=_versioning(deployment, queue, build_id, pinned=each.pinned),
        max_cached_workflows=CACHED_RUNS,
        max_concurrent_local_activities=steps,
        max_concurrent_activities=at_once,
        max_task_queue_activities_per_second=each.per_second,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=GRACE,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )


def _versioning(deployment: str | None, queue: str, build_id: str, *, pinned: bool) -> WorkerDeploymentConfig:
    """By queue and not by ``@workflow.defn``: Temporal refuses a workflow with a behaviour of its own from a worker
    without versions, which one machine and the tests have."""
    if deployment is None:
        # For people and for patches only: tasks go to any worker of the queue.
        return WorkerDeploymentConfig(version=WorkerDeploymentVersion(queue, build_id), use_worker_versioning=False)
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment, build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED if pinned else VersioningBehavior.AUTO_UPGRADE,
    )
