"""A notice: tried with growing pauses until its time is over."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.messages.notices import NoticeSendInput
from domain.messages.kinds import NoticeKind, NoticeStatus
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.actions import cost_of
from tests.workflows.stub_state import now
from workflows.messages.notice import messages
from workflows.messages.notice.workflow import NoticeWorkflow
from workflows.support import ids, queues

FOREVER = 10_000


@dataclass
class Post:
    """The row and the provider of one notice; ``away`` counts the tries that fail."""

    away: int = 0
    refused: bool = False
    tries: int = 0
    given_up: int = 0
    stands: NoticeStatus = NoticeStatus.QUEUED

    @activity.defn(name="notices.send")
    async def send(self, notice: NoticeSendInput) -> NoticeStatus:
        self.tries += 1
        if self.refused:
            raise ApplicationError("not_found", type="not_found", non_retryable=True)
        if self.tries <= self.away:
            raise ApplicationError("away", type="ProviderUnavailable")
        self.stands = NoticeStatus.SENT
        return self.stands

    @activity.defn(name="notices.give_up")
    async def give_up(self, notice: NoticeSendInput) -> NoticeStatus:
        self.given_up += 1
        self.stands = NoticeStatus.FAILED
        return self.stands


@contextlib.asynccontextmanager
async def sending(env: WorkflowEnvironment, post: Post, within: timedelta) -> AsyncIterator[WorkflowHandle]:
    """A run that may be sent ``within`` from now."""
    worker = Worker(
        env.client,
        task_queue=queues.NOTICES,
        workflows=[NoticeWorkflow],
        activities=[post.send, post.give_up],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                messages.WORKFLOW,
                messages.NoticeInput(uuid4(), uuid4(), NoticeKind.BOOKING_CONFIRMED, now() + within),
                id=ids.notice(uuid4()),
                task_queue=queues.NOTICES,
                result_type=NoticeStatus,
            )


async def test_notice_sent_at_once_costs_two_actions(temporal_time_skipping: WorkflowEnvironment) -> None:
    post = Post()
    async with sending(temporal_time_skipping, post, timedelta(hours=24)) as handle:
        assert await handle.result() is NoticeStatus.SENT
        assert cost_of(await handle.fetch_history()).actions == {"start": 1, "activity": 1}


async def test_notice_is_tried_again_until_it_is_sent(temporal_time_skipping: WorkflowEnvironment) -> None:
    post = Post(away=4)
    async with sending(temporal_time_skipping, post, timedelta(hours=24)) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is NoticeStatus.SENT
    assert (post.tries, post.given_up) == (5, 0)


async def test_notice_is_given_up_at_its_time(temporal_time_skipping: WorkflowEnvironment) -> None:
    post = Post(away=FOREVER)
    async with sending(temporal_time_skipping, post, timedelta(hours=24)) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is NoticeStatus.FAILED
    assert post.given_up == 1
    assert 20 < post.tries < 60, "pauses grow to an hour"


async def test_notice_started_too_late_is_not_sent(temporal_time_skipping: WorkflowEnvironment) -> None:
    post = Post()
    async with sending(temporal_time_skipping, post, timedelta(minutes=-1)) as handle:
        assert await handle.result() is NoticeStatus.FAILED
    assert (post.tries, post.given_up) == (0, 1)


async def test_notice_refused_for_good_is_given_up_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    post = Post(refused=True)
    async with sending(temporal_time_skipping, post, timedelta(hours=24)) as handle:
        assert await handle.result() is NoticeStatus.FAILED
    assert (post.tries, post.given_up) == (1, 1)
