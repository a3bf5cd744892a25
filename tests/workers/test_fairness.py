"""A business with many uploads does not delay the upload of another one."""

import asyncio
from dataclasses import dataclass, field, replace
from unittest.mock import Mock
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle

from activities.media.media import MediaInspectionInput
from db.engine.session import Database, Scope
from db.platform.outbox import START_MEDIA, OutboxStore
from domain.media.status import MediaStatus
from workers.main import make_worker
from workers.outbox_dispatcher import OutboxDispatcher
from workers.outbox_relay import OutboxRelay
from workers.registry import worker_specs
from workflows.support import ids, queues


@dataclass
class Inspections:
    """Whose files were inspected, in this order."""

    order: list[UUID] = field(default_factory=list)

    @activity.defn(name="media.inspect")
    async def inspect(self, asked: MediaInspectionInput) -> MediaStatus:
        self.order.append(asked.business_id)
        return MediaStatus.READY


async def upload(pool: Database, temporal: Client, business_ids: list[UUID]) -> list[WorkflowHandle]:
    """A run per file, started by the relay in this order."""
    runs = []
    async with pool.unit_of_work(Scope.platform()) as work:
        outbox = OutboxStore(work.session, work.context)
        for business_id in business_ids:
            media_id = uuid4()
            payload = {"media_id": media_id, "business_id": business_id}
            await outbox.add("media.uploaded", f"media/{media_id}", None, payload, START_MEDIA)
            runs.append(temporal.get_workflow_handle(ids.media(media_id)))
    relay = OutboxRelay(pool, OutboxDispatcher(temporal, pool))
    while await relay.dispatch_batch():
        pass
    return runs


async def until_queued(runs: list[WorkflowHandle]) -> None:
    """Until the inspection of every file waits in the task queue."""
    async with asyncio.timeout(60):
        for run in runs:
            while not (await run.describe()).raw_description.pending_activities:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_inspections_of_two_businesses_take_turns(pool: Database, temporal: Client) -> None:
    many, one = uuid4(), uuid4()
    runs = await upload(pool, temporal, [*[many] * 40, one])
    spec = worker_specs(Mock())[queues.MEDIA]
    async with make_worker(temporal, queues.MEDIA, replace(spec, activities=[]), "test", 10):
        await until_queued(runs)
        keys = [(await run.describe()).raw_description.workflow_execution_info.priority.fairness_key for run in runs]
    assert keys == [*[str(many)] * 40, str(one)]
    inspections = Inspections()
    async with make_worker(temporal, queues.MEDIA, replace(spec, activities=[inspections.inspect]), "test", 10):
        async with asyncio.timeout(60):
            await asyncio.gather(*(run.result() for run in runs))
    assert len(inspections.order) == 41
    # Each partition of the queue is fair by itself, so some of the many may come first.
    assert inspections.order.index(one) < 20
