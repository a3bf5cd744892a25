"""A round of maintenance: every step has its turn."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.media.media import MediaSweepInput
from activities.platform.attention import AttentionInput
from activities.platform.maintenance import PartitionsInput, SweepInput
from domain.platform.retention import RetainedData
from tests.support.workflow_sandbox import workflow_runner
from workflows.platform.maintenance.messages import WORKFLOW, MaintenanceDone, MaintenanceInput
from workflows.platform.maintenance.workflow import MaintenanceWorkflow
from workflows.support import queues

ROUND = MaintenanceInput(sweep=(RetainedData.IDEMPOTENCY_KEYS, RetainedData.OUTBOX), audit_months=3)
FILES = MaintenanceInput(files=True)


@dataclass
class Broom:
    """Postgres; ``stuck`` names the step that fails whenever it is tried, ``broken`` the one that is refused."""

    stuck: str = ""
    broken: str = ""
    swept: list[str] = field(default_factory=list)
    months: list[int] = field(default_factory=list)
    filed: list[AttentionInput] = field(default_factory=list)

    @activity.defn(name="maintenance.sweep")
    async def sweep(self, asked: SweepInput) -> int:
        self.swept.append(asked.what)
        self._fail(asked.what)
        return 7

    @activity.defn(name="maintenance.make_audit_partitions")
    async def make_audit_partitions(self, asked: PartitionsInput) -> None:
        self.months.append(asked.months)
        self._fail("audit_partitions")

    @activity.defn(name="media.sweep")
    async def sweep_files(self, asked: MediaSweepInput) -> int:
        self._fail("files")
        return 3

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True

    def _fail(self, step: str) -> None:
        if step == self.stuck:
            raise ApplicationError("away", type="unavailable")
        if step == self.broken:
            raise ApplicationError("bug", type="bug", non_retryable=True)


@contextlib.asynccontextmanager
async def sweeping(
    env: WorkflowEnvironment, broom: Broom, start: MaintenanceInput = ROUND
) -> AsyncIterator[WorkflowHandle]:
    """A run of the whole round, or of another one."""
    files = Worker(env.client, task_queue=queues.MEDIA, activities=[broom.sweep_files])
    worker = Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[MaintenanceWorkflow],
        activities=[broom.sweep, broom.make_audit_partitions, broom.file],
        workflow_runner=workflow_runner(),
    )
    async with worker, files:
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                WORKFLOW,
                start,
                id=f"maintenance-{uuid4()}",
                task_queue=queues.PLATFORM,
                result_type=MaintenanceDone,
            )


async def test_maintenance_runs_every_step(temporal_time_skipping: WorkflowEnvironment) -> None:
    broom = Broom()
    async with sweeping(temporal_time_skipping, broom) as handle:
        done = await handle.result()
    assert done == MaintenanceDone({"idempotency_keys": 7, "outbox": 7}, ())
    assert (broom.swept, broom.months, broom.filed) == (["idempotency_keys", "outbox"], [3], [])


@pytest.mark.parametrize("how", ["stuck", "broken"])
@pytest.mark.parametrize("step", ["idempotency_keys", "outbox", "audit_partitions"])
async def test_maintenance_goes_on_after_a_step_that_fails(
    temporal_time_skipping: WorkflowEnvironment, how: str, step: str
) -> None:
    broom = Broom(**{how: step})
    async with sweeping(temporal_time_skipping, broom) as handle:
        if how == "stuck":
            await temporal_time_skipping.fast_forward(handle)
        done = await handle.result()
    assert done.failed == (step,)
    assert set(broom.swept) == {"idempotency_keys", "outbox"}
    assert broom.months
    (matter,) = broom.filed
    assert (matter.kind, matter.dedupe_key) == ("maintenance_failed", f"maintenance_failed:{step}")


async def test_maintenance_sweeps_files(temporal_time_skipping: WorkflowEnvironment) -> None:
    async with sweeping(temporal_time_skipping, Broom(), FILES) as handle:
        assert await handle.result() == MaintenanceDone({"files": 3}, ())
    broom = Broom(broken="files")
    async with sweeping(temporal_time_skipping, broom, FILES) as handle:
        assert (await handle.result()).failed == ("files",)
    assert [matter.dedupe_key for matter in broom.filed] == ["maintenance_failed:files"]


async def test_maintenance_can_be_cancelled(temporal_time_skipping: WorkflowEnvironment) -> None:
    broom = Broom(stuck="idempotency_keys")
    async with sweeping(temporal_time_skipping, broom) as handle:
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()
    assert isinstance(ended.value.cause, CancelledError)
    assert broom.filed == []
