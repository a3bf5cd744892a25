"""A file of figures lives as long as it is kept; the process is that of all files."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.analytics.exports import AnalyticsExportStepInput
from activities.platform.attention import AttentionInput
from domain.platform.files import FILE_LASTS, FileStatus
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.stub_state import now
from workflows.analytics.export import messages
from workflows.analytics.export.workflow import AnalyticsExportWorkflow
from workflows.support import ids, queues

TIMER = "timer_started_event_attributes"


@dataclass
class FigureFiles:
    """Postgres and the storage. ``away``: how often writing fails; ``refused``: how often deleting is
    refused; ``unwanted``: the business was deleted."""

    away: int = 0
    refused: int = 0
    unwanted: bool = False
    did: list[str] = field(default_factory=list)
    filed: list[AttentionInput] = field(default_factory=list)

    @activity.defn(name="figures.write")
    async def write(self, step: AnalyticsExportStepInput) -> datetime | None:
        if self.away > 0:
            self.away -= 1
            raise ApplicationError("away", type="ProviderUnavailable")
        self.did.append("write")
        return None if self.unwanted else now() + FILE_LASTS

    @activity.defn(name="figures.remove")
    async def remove(self, step: AnalyticsExportStepInput) -> None:
        if self.refused > 0:
            self.refused -= 1
            raise ApplicationError("refused", type="ProviderRefused", non_retryable=True)
        self.did.append("remove")

    @activity.defn(name="figures.fail")
    async def fail(self, step: AnalyticsExportStepInput) -> None:
        self.did.append("fail")

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True


@contextlib.asynccontextmanager
async def exporting_figures(env: WorkflowEnvironment, files: FigureFiles) -> AsyncIterator[WorkflowHandle]:
    """A run of an export."""
    start = messages.AnalyticsExportInput(uuid4(), uuid4())
    worker = Worker(
        env.client,
        task_queue=queues.ANALYTICS,
        workflows=[AnalyticsExportWorkflow],
        activities=[files.write, files.remove, files.fail, files.file],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                messages.WORKFLOW,
                start,
                id=ids.analytics_export(start.export_id),
                task_queue=queues.ANALYTICS,
                result_type=FileStatus,
            )


async def test_export_is_removed_after_its_time(temporal_time_skipping: WorkflowEnvironment) -> None:
    files = FigureFiles()
    async with exporting_figures(temporal_time_skipping, files) as handle:
        await temporal_time_skipping.fast_forward(handle, FILE_LASTS - timedelta(hours=1))
        assert files.did == ["write"]
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.EXPIRED
    assert files.did == ["write", "remove"]


async def test_export_that_cannot_be_written_raises_an_alert(temporal_time_skipping: WorkflowEnvironment) -> None:
    files = FigureFiles(away=10_000)
    async with exporting_figures(temporal_time_skipping, files) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.FAILED
    assert files.did == ["fail"]
    assert [matter.kind for matter in files.filed] == ["analytics_export_stuck"]


async def test_export_waits_an_hour_after_each_refusal_to_remove_it(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    files = FigureFiles(refused=3)
    async with exporting_figures(temporal_time_skipping, files) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.EXPIRED
        events = (await handle.fetch_history()).events
    timers = [event.timer_started_event_attributes for event in events if event.HasField(TIMER)]
    assert [timer.start_to_fire_timeout.ToTimedelta() for timer in timers][1:] == [timedelta(hours=1)] * 3
    assert files.did == ["write", "remove"]
    assert [matter.kind for matter in files.filed] == ["analytics_export_stuck"] * 3
