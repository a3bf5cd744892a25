"""A picture's run: looked at until that works, given up after a day."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.media.media import MediaInspectionInput
from domain.media.status import MediaStatus
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.actions import cost_of
from workflows.media.inspection import messages
from workflows.media.inspection.workflow import MediaWorkflow
from workflows.support import ids, queues

FOREVER = 10_000


@dataclass
class InspectionStub:
    """Who looks at one file; ``away`` counts the tries that find the storage away."""

    stands: MediaStatus = MediaStatus.READY
    away: int = 0
    tries: int = 0
    given_up: int = 0

    @activity.defn(name="media.inspect")
    async def inspect(self, asked: MediaInspectionInput) -> MediaStatus:
        self.tries += 1
        if self.tries <= self.away:
            raise ApplicationError("away", type="ProviderUnavailable")
        return self.stands

    @activity.defn(name="media.give_up")
    async def give_up(self, asked: MediaInspectionInput) -> MediaStatus:
        self.given_up += 1
        return MediaStatus.REJECTED


@contextlib.asynccontextmanager
async def looking(env: WorkflowEnvironment, stub: InspectionStub) -> AsyncIterator[WorkflowHandle]:
    """A run about one file."""
    worker = Worker(
        env.client,
        task_queue=queues.MEDIA,
        workflows=[MediaWorkflow],
        activities=[stub.inspect, stub.give_up],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            media_id = uuid4()
            yield await env.client.start_workflow(
                messages.WORKFLOW,
                messages.MediaInput(media_id, uuid4()),
                id=ids.media(media_id),
                task_queue=queues.MEDIA,
                result_type=MediaStatus,
            )


async def test_file_costs_two_actions(temporal_time_skipping: WorkflowEnvironment) -> None:
    for stands in (MediaStatus.READY, MediaStatus.REJECTED):
        async with looking(temporal_time_skipping, InspectionStub(stands)) as handle:
            assert await handle.result() is stands
            assert cost_of(await handle.fetch_history()).actions == {"start": 1, "activity": 1}


async def test_media_run_waits_for_a_storage_that_is_away(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = InspectionStub(away=6)
    async with looking(temporal_time_skipping, stub) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is MediaStatus.READY
    assert (stub.tries, stub.given_up) == (7, 0)


async def test_media_run_does_not_wait_forever(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = InspectionStub(away=FOREVER)
    async with looking(temporal_time_skipping, stub) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is MediaStatus.REJECTED
    assert stub.given_up == 1
    assert 100 < stub.tries < 200, "pauses grow to ten minutes"
