"""A share grows step by step under skipped time; trouble, an admin or an operator ends it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.platform.attention import AttentionInput
from activities.platform.flags import BeginStepInput, CheckInput, MarkInput, RolloutCheck
from activities.support.errors import ErrorInterceptor
from domain.platform.flag_rollout import OVER, Measure, RolloutPlan, RolloutStatus, Step
from tests.support.workflow_sandbox import workflow_runner
from workflows.platform.flag_rollout import messages
from workflows.platform.flag_rollout.workflow import FlagRolloutWorkflow
from workflows.support import queues

S = RolloutStatus
HOUR = timedelta(hours=1)
PLAN = RolloutPlan((Step(500, HOUR), Step(2500, HOUR), Step(10_000, HOUR)), {Measure.PAYMENTS_FAILED: 3})
SHARES = [step.share for step in PLAN.steps]


@dataclass
class FlagTable:
    """Postgres: the flag's share, and where its rollout stands."""

    share: int = 0
    status: RolloutStatus = S.RUNNING
    begun: list[int] = field(default_factory=list)
    looks: int = 0
    trouble_at: int | None = None
    marks: list[MarkInput] = field(default_factory=list)
    #: A person's command fails with it.
    bug: Exception | None = None
    calls: list[str] = field(default_factory=list)
    filed: list[AttentionInput] = field(default_factory=list)

    @activity.defn(name="flags.begin_step")
    async def begin_step(self, asked: BeginStepInput) -> RolloutStatus:
        if self.status is S.RUNNING:
            self.begun.append(asked.step)
            self.share = SHARES[asked.step - 1]
        return self.status

    @activity.defn(name="flags.check")
    async def check(self, asked: CheckInput) -> RolloutCheck:
        self.looks += 1
        bad = self.trouble_at is not None and self.looks >= self.trouble_at
        return RolloutCheck(self.status, {Measure.PAYMENTS_FAILED: 4} if bad else {})

    @activity.defn(name="flags.mark")
    async def mark(self, asked: MarkInput) -> RolloutStatus:
        self.calls.append("flags.mark")
        if self.bug is not None:
            raise self.bug
        if self.status not in OVER:
            self.marks.append(asked)
            self.status = asked.status
            if asked.status in (S.STOPPED, S.CANCELLED):
                self.share = 0
        return self.status

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True


@contextlib.asynccontextmanager
async def rolling(env: WorkflowEnvironment, table: FlagTable) -> AsyncIterator[WorkflowHandle]:
    """A run of the whole plan."""
    worker = Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[FlagRolloutWorkflow],
        activities=[table.begin_step, table.check, table.mark, table.file],
        interceptors=[ErrorInterceptor()],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            handle = await env.client.start_workflow(
                messages.WORKFLOW,
                messages.RolloutInput(uuid4(), "waitlist.offers", PLAN),
                id=f"flag-rollout-{uuid4()}",
                task_queue=queues.PLATFORM,
                result_type=RolloutStatus,
            )
        yield handle


async def step_of(handle: WorkflowHandle) -> messages.RolloutState:
    return await handle.query(messages.STATE, result_type=messages.RolloutState)


async def begun(table: FlagTable, step: int) -> None:
    async with asyncio.timeout(20):
        while step not in table.begun:  # noqa: ASYNC110 (an activity changes it, which sets no event)
            await asyncio.sleep(0.01)


async def send(handle: WorkflowHandle, what: str) -> RolloutStatus:
    return await handle.execute_update(
        what, messages.RolloutCommand(uuid4()), result_type=RolloutStatus, rpc_timeout=timedelta(seconds=20)
    )


async def ends(env: WorkflowEnvironment, handle: WorkflowHandle) -> RolloutStatus:
    await env.fast_forward(handle)
    return await handle.result()


async def test_rollout_gives_every_step_its_time(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = FlagTable()
    async with rolling(temporal_time_skipping, table) as handle:
        await begun(table, 1)
        await temporal_time_skipping.fast_forward(handle, HOUR - timedelta(minutes=1))
        assert (table.begun, (await step_of(handle)).share) == ([1], 500)
        await temporal_time_skipping.fast_forward(handle, timedelta(minutes=2))
        await begun(table, 2)
        assert (await step_of(handle)) == messages.RolloutState(S.RUNNING, 2, 2500)
        assert await ends(temporal_time_skipping, handle) is S.DONE
    assert (table.begun, table.share, table.looks) == ([1, 2, 3], 10_000, 60)


async def test_rollout_stops_on_errors_and_restores_the_share(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = FlagTable(trouble_at=25)  # in the second step
    async with rolling(temporal_time_skipping, table) as handle:
        await begun(table, 1)
        assert await ends(temporal_time_skipping, handle) is S.STOPPED
    (mark,) = table.marks
    assert (mark.status, mark.reason) == (S.STOPPED, {"step": 2, "payments_failed": 4})
    assert (table.begun, table.share) == ([1, 2], 0)


async def test_rollout_ends_when_an_admin_changes_the_flag(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = FlagTable()
    async with rolling(temporal_time_skipping, table) as handle:
        await begun(table, 1)
        table.status, table.share = S.SUPERSEDED, 7000
        assert await ends(temporal_time_skipping, handle) is S.SUPERSEDED
    assert (table.begun, table.share, table.marks) == ([1], 7000, [])


async def test_rollout_does_not_count_paused_time(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = FlagTable()
    async with rolling(temporal_time_skipping, table) as handle:
        await begun(table, 1)
        await temporal_time_skipping.fast_forward(handle, timedelta(minutes=30))
        assert await send(handle, messages.PAUSE) is S.PAUSED
        await temporal_time_skipping.fast_forward(handle, timedelta(days=2))
        assert (table.begun, table.share) == ([1], 500)
        with pytest.raises(WorkflowUpdateFailedError):
            await send(handle, messages.PAUSE)
        assert await send(handle, messages.RESUME) is S.RUNNING
        await temporal_time_skipping.fast_forward(handle, timedelta(minutes=25))
        assert table.begun == [1]
        await temporal_time_skipping.fast_forward(handle, timedelta(minutes=10))
        await begun(table, 2)
        assert await ends(temporal_time_skipping, handle) is S.DONE


async def test_rollout_is_cancelled_by_an_admin(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = FlagTable()
    async with rolling(temporal_time_skipping, table) as handle:
        await begun(table, 1)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await send(handle, messages.RESUME)
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "wrong_state"
        assert await send(handle, messages.CANCEL) is S.CANCELLED
        assert await handle.result() is S.CANCELLED
    assert table.share == 0


async def test_rollout_is_cancelled_while_paused(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = FlagTable()
    async with rolling(temporal_time_skipping, table) as handle:
        await begun(table, 1)
        await send(handle, messages.PAUSE)
        await send(handle, messages.CANCEL)
        assert await handle.result() is S.CANCELLED
    assert (table.share, table.begun) == (0, [1])


async def test_rollout_run_is_cancelled_by_an_operator(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = FlagTable()
    async with rolling(temporal_time_skipping, table) as handle:
        await begun(table, 1)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()
    assert isinstance(ended.value.cause, CancelledError)
    assert (table.status, table.share) == (S.CANCELLED, 0)
