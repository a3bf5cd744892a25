"""A night's computation: days are marked, then computed; what fails is filed and stops nothing else."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.analytics.days import CollectInput, Computed, ComputeInput
from activities.platform.attention import AttentionInput
from tests.support.workflow_sandbox import workflow_runner
from workflows.analytics.daily.messages import (
    DAYS_MARKED,
    WORKFLOW,
    DailyAnalyticsDone,
    DailyAnalyticsInput,
    DaysMarkedInput,
)
from workflows.analytics.daily.workflow import DailyAnalyticsWorkflow
from workflows.support import queues

BUSINESS = UUID("019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01")


@dataclass
class Figures:
    """The steps. ``away``: how many tries of computing find Postgres away; ``broken``: computing is refused;
    ``failed``: the businesses whose days cannot be computed; ``signal``: more days are marked while it computes."""

    away: int = 0
    broken: bool = False
    failed: tuple[UUID, ...] = ()
    signal: WorkflowHandle | None = None
    signals: bool = False
    collected: int = 0
    computed: int = 0
    filed: list[AttentionInput] = field(default_factory=list)

    @activity.defn(name="analytics.collect")
    async def collect(self, asked: CollectInput) -> int:
        self.collected += 1
        return 7

    @activity.defn(name="analytics.compute")
    async def compute(self, asked: ComputeInput) -> Computed:
        self.computed += 1
        if self.computed <= self.away:
            raise ApplicationError("away", type="unavailable")
        if self.broken:
            raise ApplicationError("bug", type="bug", non_retryable=True)
        if self.signals and self.signal is not None:
            await self.signal.signal(DAYS_MARKED, DaysMarkedInput())
            self.signals = False
        return Computed(7, 30, self.failed)

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True


@contextlib.asynccontextmanager
async def computing(
    env: WorkflowEnvironment, figures: Figures, start: DailyAnalyticsInput | None = None
) -> AsyncIterator[WorkflowHandle]:
    """One run."""
    worker = Worker(
        env.client,
        task_queue=queues.ANALYTICS,
        workflows=[DailyAnalyticsWorkflow],
        activities=[figures.collect, figures.compute, figures.file],
        workflow_runner=workflow_runner(),
    )
    with env.with_time_skipping_disabled():
        handle = await env.client.start_workflow(
            WORKFLOW,
            start or DailyAnalyticsInput(),
            id=f"analytics-{uuid4()}",
            task_queue=queues.ANALYTICS,
            result_type=DailyAnalyticsDone,
        )
    figures.signal = handle
    async with worker:
        yield handle


async def test_daily_marks_then_computes(temporal_time_skipping: WorkflowEnvironment) -> None:
    figures = Figures()
    async with computing(temporal_time_skipping, figures) as handle:
        assert await handle.result() == DailyAnalyticsDone(7)
    assert (figures.collected, figures.computed, figures.filed) == (1, 1, [])


async def test_daily_waits_for_postgres(temporal_time_skipping: WorkflowEnvironment) -> None:
    figures = Figures(away=2)
    async with computing(temporal_time_skipping, figures) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() == DailyAnalyticsDone(7)
    assert figures.computed == 3


async def test_daily_files_each_business_that_failed(temporal_time_skipping: WorkflowEnvironment) -> None:
    figures = Figures(failed=(BUSINESS,))
    async with computing(temporal_time_skipping, figures) as handle:
        assert await handle.result() == DailyAnalyticsDone(7, (BUSINESS,))
    [matter] = figures.filed
    assert (matter.kind, matter.dedupe_key) == ("analytics_failed", f"analytics_failed:{BUSINESS}")


async def test_daily_files_a_round_that_failed_and_fails(temporal_time_skipping: WorkflowEnvironment) -> None:
    figures = Figures(broken=True)
    async with computing(temporal_time_skipping, figures) as handle:
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert [matter.dedupe_key for matter in figures.filed] == ["analytics_failed:round"]


async def test_daily_computes_once_more_for_days_that_were_marked_meanwhile(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """A backfill that comes while the step runs is not left for the next night."""
    figures = Figures(signals=True)
    async with computing(temporal_time_skipping, figures, DailyAnalyticsInput(collect=False)) as handle:
        assert await handle.result() == DailyAnalyticsDone(14)
    assert (figures.collected, figures.computed) == (0, 2)
