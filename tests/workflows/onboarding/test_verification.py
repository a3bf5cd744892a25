"""A review under skipped time: reminders, questions, decisions, silence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.onboarding.verification import DecideInput, RemindInput
from activities.platform.attention import AttentionInput
from activities.support.errors import ErrorInterceptor
from domain.onboarding.verification import Decision, ReviewStatus, review_after
from tests.support.workflow_sandbox import workflow_runner
from workflows.onboarding.verification import messages
from workflows.onboarding.verification.workflow import VerificationWorkflow
from workflows.support import queues
from workflows.support.search_attributes import STAGE

S = ReviewStatus
HOUR = timedelta(hours=1)


@dataclass
class Board:
    """Postgres: the review, what was decided and who was reminded."""

    status: ReviewStatus = S.WAITING
    decided: list[Decision] = field(default_factory=list)
    reminded: list[tuple[int, int]] = field(default_factory=list)
    incomplete: bool = False
    #: A person's command fails with it.
    bug: Exception | None = None
    calls: list[str] = field(default_factory=list)
    filed: list[AttentionInput] = field(default_factory=list)

    @activity.defn(name="verification.decide")
    async def decide(self, asked: DecideInput) -> ReviewStatus:
        self.calls.append("verification.decide")
        if self.bug is not None:
            raise self.bug
        if self.incomplete:
            details = {"missing": ["phone"]}
            raise ApplicationError("no", details, type="verification_incomplete", non_retryable=True)
        self.status = review_after(self.status, asked.decision)
        self.decided.append(asked.decision)
        return self.status

    @activity.defn(name="verification.remind")
    async def remind(self, asked: RemindInput) -> ReviewStatus:
        if self.status is S.WAITING:
            self.reminded.append((asked.round, asked.number))
        return self.status

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True


@contextlib.asynccontextmanager
async def reviewing(env: WorkflowEnvironment, board: Board) -> AsyncIterator[WorkflowHandle]:
    """A run of one review."""
    worker = Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[VerificationWorkflow],
        activities=[board.decide, board.remind, board.file],
        interceptors=[ErrorInterceptor()],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            handle = await env.client.start_workflow(
                messages.WORKFLOW,
                messages.VerificationInput(uuid4(), uuid4()),
                id=f"verification-{uuid4()}",
                task_queue=queues.PLATFORM,
                result_type=ReviewStatus,
            )
        yield handle


async def say(handle: WorkflowHandle, what: str) -> ReviewStatus:
    command = messages.VerificationCommand(uuid4().hex, uuid4())
    return await handle.execute_update(
        what, command, id=command.command_id, result_type=ReviewStatus, rpc_timeout=timedelta(seconds=20)
    )


async def state(handle: WorkflowHandle) -> messages.VerificationState:
    return await handle.query(messages.STATE, result_type=messages.VerificationState)


async def test_verification_is_approved_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    board = Board()
    async with reviewing(temporal_time_skipping, board) as handle:
        assert await say(handle, messages.APPROVE) is S.APPROVED
        assert await handle.result() is S.APPROVED
        shown = (await handle.describe()).typed_search_attributes
    assert (board.decided, board.reminded) == ([Decision.APPROVED], [])
    assert shown[STAGE] == "approved"


async def test_operators_are_reminded_after_a_day_and_after_two(temporal_time_skipping: WorkflowEnvironment) -> None:
    board = Board()
    async with reviewing(temporal_time_skipping, board) as handle:
        await temporal_time_skipping.fast_forward(handle, 23 * HOUR)
        assert board.reminded == []
        await temporal_time_skipping.fast_forward(handle, 2 * HOUR)
        assert board.reminded == [(1, 1)]
        await temporal_time_skipping.fast_forward(handle, 24 * HOUR)
        assert board.reminded == [(1, 1), (1, 2)]
        await temporal_time_skipping.fast_forward(handle, timedelta(days=100))
        assert board.reminded == [(1, 1), (1, 2)]
        assert (await state(handle)) == messages.VerificationState(S.WAITING, None, 2)
        assert await say(handle, messages.REJECT) is S.REJECTED
        assert await handle.result() is S.REJECTED
    assert board.decided == [Decision.REJECTED]


async def test_question_stops_the_reminders_until_it_is_answered(temporal_time_skipping: WorkflowEnvironment) -> None:
    board = Board()
    async with reviewing(temporal_time_skipping, board) as handle:
        await temporal_time_skipping.fast_forward(handle, HOUR)
        assert await say(handle, messages.REQUEST_INFO) is S.INFO_REQUESTED
        await temporal_time_skipping.fast_forward(handle, timedelta(days=29))
        assert (board.reminded, board.status) == ([], S.INFO_REQUESTED)
        assert await say(handle, messages.RESUBMIT) is S.WAITING
        await temporal_time_skipping.fast_forward(handle, 25 * HOUR)
        assert board.reminded == [(2, 1)]
        assert await say(handle, messages.APPROVE) is S.APPROVED
        assert await handle.result() is S.APPROVED


async def test_verification_without_an_answer_closes(temporal_time_skipping: WorkflowEnvironment) -> None:
    board = Board()
    async with reviewing(temporal_time_skipping, board) as handle:
        await say(handle, messages.REQUEST_INFO)
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is S.CLOSED
    assert board.decided == [Decision.INFO_REQUESTED, Decision.CLOSED]


async def test_operator_may_decide_while_the_business_is_asked(temporal_time_skipping: WorkflowEnvironment) -> None:
    board = Board()
    async with reviewing(temporal_time_skipping, board) as handle:
        await say(handle, messages.REQUEST_INFO)
        assert await say(handle, messages.APPROVE) is S.APPROVED
        assert await handle.result() is S.APPROVED


async def test_decision_that_the_table_does_not_allow_is_refused_with_its_code(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    board = Board()
    async with reviewing(temporal_time_skipping, board) as handle:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await say(handle, messages.RESUBMIT)
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "wrong_state"
        board.incomplete = True
        with pytest.raises(WorkflowUpdateFailedError) as absent:
            await say(handle, messages.APPROVE)
        assert isinstance(absent.value.cause, ApplicationError)
        assert (absent.value.cause.type, absent.value.cause.details[0]) == (
            "verification_incomplete",
            {"missing": ["phone"]},
        )
        board.incomplete = False
        assert await say(handle, messages.APPROVE) is S.APPROVED


async def test_operators_at_once_decide_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    board = Board()
    async with reviewing(temporal_time_skipping, board) as handle:
        answers = await asyncio.gather(
            say(handle, messages.APPROVE), say(handle, messages.REJECT), return_exceptions=True
        )
        ended = await handle.result()
    assert [answer for answer in answers if not isinstance(answer, BaseException)] == [ended]
    assert len(board.decided) == 1


async def test_run_that_was_started_again_for_a_review_that_is_over_ends(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """Its command was delivered twice, the second time after the first run had ended."""
    board = Board(status=S.APPROVED)
    async with reviewing(temporal_time_skipping, board) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is S.APPROVED
    assert (board.decided, board.reminded) == ([], [])
