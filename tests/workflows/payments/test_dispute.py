"""A dispute's run: evidence at once, a reminder before each deadline, no reminder after the end. Time is skipped."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.payments.disputes import DisputeStepInput
from activities.platform.attention import AttentionInput
from tests.support.workflow_sandbox import workflow_runner
from workflows.payments.dispute import messages
from workflows.payments.dispute.workflow import DisputeWorkflow
from workflows.support import ids, queues


@dataclass
class DisputeStub:
    """Postgres of one dispute. ``ends_after``: it has ended after so many reminders."""

    ends_after: int = 9
    calls: list[str] = field(default_factory=list)
    refuses: bool = False
    deadlines: list[datetime | None] = field(default_factory=list)

    @activity.defn(name="disputes.gather")
    async def gather(self, dispute: DisputeStepInput) -> None:
        self.calls.append("gather")

    @activity.defn(name="disputes.remind")
    async def remind(self, dispute: DisputeStepInput) -> bool:
        self.calls.append("remind")
        self.deadlines.append(dispute.due_at)
        return self.calls.count("remind") <= self.ends_after

    @activity.defn(name="disputes.send_evidence")
    async def send_evidence(self, dispute: DisputeStepInput) -> bool:
        self.calls.append("send")
        if self.refuses:
            raise ApplicationError("away", type="ProviderUnavailable", non_retryable=True)
        return True

    @activity.defn(name="attention.file")
    async def file(self, item: AttentionInput) -> bool:
        self.calls.append(f"attention {item.kind}")
        return True


@contextlib.asynccontextmanager
async def disputing(
    env: WorkflowEnvironment, stub: DisputeStub, left: timedelta | None
) -> AsyncIterator[WorkflowHandle]:
    """A run whose deadline is ``left`` away."""
    worker = Worker(
        env.client,
        task_queue=queues.PAYMENTS,
        workflows=[DisputeWorkflow],
        activities=[stub.gather, stub.remind, stub.send_evidence, stub.file],
        workflow_runner=workflow_runner(),
    )
    due_at = datetime.now(UTC) + left if left is not None else None
    start = messages.DisputeInput(uuid4(), uuid4(), uuid4(), due_at)
    async with worker:
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                messages.WORKFLOW, start, id=ids.dispute(start.dispute_id), task_queue=queues.PAYMENTS, result_type=int
            )


@pytest.mark.parametrize(
    ("left", "ends_after", "reminded"),
    [
        (timedelta(days=7), 9, 2),
        (timedelta(days=2), 9, 1),
        (timedelta(hours=2), 9, 1),
        (timedelta(days=7), 0, 0),
        (timedelta(days=7), 1, 1),
        (timedelta(days=-1), 9, 0),
        (None, 9, 0),
    ],
)
async def test_dispute_reminds_before_its_deadline(
    temporal_time_skipping: WorkflowEnvironment, left: timedelta | None, ends_after: int, reminded: int
) -> None:
    stub = DisputeStub(ends_after)
    async with disputing(temporal_time_skipping, stub, left) as handle:
        with contextlib.suppress(RPCError):  # it is over already
            await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() == reminded
    assert stub.calls[0] == "gather"
    assert None not in stub.deadlines, "each reminder says the deadline of its run"
    assert ("remind" in stub.calls) is (left is not None and left > timedelta(0))
    assert ("send" in stub.calls) is (left is not None and left > timedelta(0))


@pytest.mark.parametrize("refuses", [False, True])
async def test_dispute_sends_its_evidence_after_the_reminders(
    temporal_time_skipping: WorkflowEnvironment, refuses: bool
) -> None:
    """The step itself asks whether the business has chosen that. A provider that is away is a case for a person."""
    stub = DisputeStub(refuses=refuses)
    async with disputing(temporal_time_skipping, stub, timedelta(days=7)) as handle:
        with contextlib.suppress(RPCError):
            await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() == 2
    assert stub.calls == ["gather", "remind", "remind", "send", *(["attention evidence_unsent"] if refuses else [])]
