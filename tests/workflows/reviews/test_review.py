"""A review under skipped time: its publication, requests for moderation, reminders, decisions, silence."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.platform.attention import AttentionInput
from activities.reviews.reviews import ReviewDecideInput, ReviewInput
from activities.support.errors import ErrorInterceptor
from domain.errors import NotFound
from domain.reviews.moderation import Verdict, decide_by, status_after
from domain.reviews.next_step import ReviewFacts, ReviewStep, next_step
from domain.reviews.status import PublicationStatus, RemovalReason
from tests.support.workflow_sandbox import workflow_runner
from workflows.reviews.review import messages
from workflows.reviews.review.workflow import ReviewWorkflow
from workflows.support import queues

P, V = PublicationStatus, Verdict
DAY = timedelta(days=1)


@dataclass
class Desk:
    """Postgres: one review. ``ahead``: how far the run's clock was moved."""

    status: PublicationStatus = P.PENDING
    asked: bool = False
    deleted: bool = False
    bug: Exception | None = None
    publish_at: datetime = field(default_factory=lambda: datetime.now(UTC) + DAY)
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ahead: timedelta = timedelta()
    tries: int = 0
    steps: list[str] = field(default_factory=list)
    filed: list[AttentionInput] = field(default_factory=list)

    def _facts(self) -> ReviewFacts:
        if not self.asked:
            return ReviewFacts(self.status, self.publish_at)
        return ReviewFacts(self.status, self.publish_at, self.asked_at, decide_by(self.asked_at))

    @activity.defn(name="reviews.advance")
    async def advance(self, about: ReviewInput) -> ReviewStep:
        now = datetime.now(UTC) + self.ahead
        if self.deleted:
            return ReviewStep(None)
        step = next_step(self._facts(), now)
        if step.closes:
            self.steps.append("close")
            self.asked = False
            step = next_step(self._facts(), now)
        if step.publishes:
            self.steps.append("publish")
            self.status = P.PUBLISHED
        self.steps += [f"remind {number}" for number in range(1, step.reminders + 1)]
        return step

    @activity.defn(name="reviews.decide")
    async def decide(self, asked: ReviewDecideInput) -> PublicationStatus:
        self.tries += 1
        if self.bug is not None:
            raise self.bug
        self.status = status_after(self.status, asked.verdict, asked.reason)
        self.asked = False
        self.steps.append(asked.verdict.value)
        return self.status

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True


@contextlib.asynccontextmanager
async def reviewing(env: WorkflowEnvironment, desk: Desk) -> AsyncIterator[WorkflowHandle]:
    """A run of one review."""
    worker = Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[ReviewWorkflow],
        activities=[desk.advance, desk.decide, desk.file],
        interceptors=[ErrorInterceptor()],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            handle = await env.client.start_workflow(
                messages.WORKFLOW,
                messages.ReviewRunInput(uuid4(), uuid4()),
                id=f"review-{uuid4()}",
                task_queue=queues.PLATFORM,
                result_type=int,
            )
        yield handle


async def say(handle: WorkflowHandle, verdict: Verdict) -> PublicationStatus:
    command = messages.ReviewDecision(verdict, uuid4().hex, uuid4(), RemovalReason.OFFENSIVE)
    return await handle.execute_update(
        messages.DECIDE,
        command,
        id=command.command_id,
        result_type=PublicationStatus,
        rpc_timeout=timedelta(seconds=20),
    )


async def forward(env: WorkflowEnvironment, handle: WorkflowHandle, desk: Desk, by: timedelta) -> None:
    """The run's clock and the desk's together."""
    desk.ahead += by
    await env.fast_forward(handle, by)


async def ask(handle: WorkflowHandle, desk: Desk) -> None:
    """The business asks for moderation."""
    desk.asked = True
    await handle.signal(messages.CHANGED, messages.ReviewChanged())


async def test_review_is_published_at_its_time(temporal_time_skipping: WorkflowEnvironment) -> None:
    desk = Desk()
    async with reviewing(temporal_time_skipping, desk) as handle:
        await forward(temporal_time_skipping, handle, desk, timedelta(hours=23))
        assert desk.steps == []
        await forward(temporal_time_skipping, handle, desk, timedelta(hours=2))
        assert await handle.result() == 0
    assert desk.steps == ["publish"]


async def test_request_delays_publication_and_reminds_until_the_decision(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    desk = Desk()
    async with reviewing(temporal_time_skipping, desk) as handle:
        await ask(handle, desk)
        await forward(temporal_time_skipping, handle, desk, timedelta(hours=25))
        assert desk.steps[-1:] == ["remind 1"]
        await forward(temporal_time_skipping, handle, desk, timedelta(hours=50))
        assert desk.steps[-1:] == ["remind 2"]
        assert await say(handle, V.REJECT) is P.REJECTED
        assert await handle.result() == 1
    assert desk.steps[-1:] == ["reject"]
    assert "publish" not in desk.steps


async def test_request_without_a_decision_is_closed_and_the_review_published(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    desk = Desk()
    async with reviewing(temporal_time_skipping, desk) as handle:
        await ask(handle, desk)
        with contextlib.suppress(RPCError):  # it is over already
            for _ in range(8):
                await forward(temporal_time_skipping, handle, desk, DAY)
        assert await handle.result() == 0
    assert desk.steps[-2:] == ["close", "publish"]


async def test_decision_about_a_published_review_ends_its_run(temporal_time_skipping: WorkflowEnvironment) -> None:
    desk = Desk(status=P.PUBLISHED, asked=True)
    async with reviewing(temporal_time_skipping, desk) as handle:
        assert await say(handle, V.HIDE) is P.HIDDEN
        assert await handle.result() == 1
    assert desk.steps == ["hide"]


async def test_deleted_review_ends_its_run(temporal_time_skipping: WorkflowEnvironment) -> None:
    desk = Desk()
    async with reviewing(temporal_time_skipping, desk) as handle:
        await forward(temporal_time_skipping, handle, desk, timedelta(hours=1))
        desk.deleted = True
        await handle.signal(messages.CHANGED, messages.ReviewChanged())
        assert await handle.result() == 0
    assert desk.steps == []


async def test_refused_decision_reaches_the_operator_and_the_run_goes_on(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    desk = Desk(bug=NotFound())
    async with reviewing(temporal_time_skipping, desk) as handle:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await say(handle, V.HIDE)
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "not_found"
        desk.bug = RuntimeError("a bug")
        with pytest.raises(WorkflowUpdateFailedError):
            await say(handle, V.HIDE)
        assert [item.kind for item in desk.filed] == ["command_failed"]
        desk.bug = None
        assert await say(handle, V.HIDE) is P.HIDDEN
        assert await handle.result() == 1
