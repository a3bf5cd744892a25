"""A refund: asked for once, followed until the provider says what became of it."""

import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.payments.refunds import ApplyRefundEventInput, BeginRefundInput, PollRefundInput, RecordRefundInput
from activities.platform.attention import AttentionInput
from domain.payments.status import Movement, Phase, RefundStatus
from domain.payments.tasks import MoneyResult, MoneyTask
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.actions import cost_of
from workflows.payments.refund import messages
from workflows.payments.refund.workflow import RefundWorkflow
from workflows.support import ids, queues

AWAY = "away"
REFUND = messages.RefundInput(uuid4(), uuid4(), uuid4())
PENDING = MoneyResult("", Phase.UNKNOWN, provider_ref="re_1")
DONE = MoneyResult("", Phase.SUCCEEDED, refunded=5000, provider_ref="re_1")
REFUSED = MoneyResult("", Phase.FAILED, provider_ref="re_1", reason="lost_or_stolen_card")


@dataclass
class RefundStub:
    """Postgres and the provider of one refund."""

    answers: deque[MoneyResult | str] = field(default_factory=deque)
    is_over: bool = False
    event_status: RefundStatus | None = None
    #: What the provider's event says; None: its row cannot be read.
    event: RefundStatus | None = RefundStatus.SUCCEEDED
    #: How often our records refuse what the provider says.
    refuses: int = 0
    calls: list[str] = field(default_factory=list)

    def _answer(self, task: MoneyTask) -> MoneyResult:
        answer = self.answers.popleft()
        if isinstance(answer, str):
            raise ApplicationError(answer, type="ProviderUnavailable", non_retryable=True)
        return replace(answer, movement_id=task.movement_id)

    @activity.defn(name="refunds.begin")
    async def begin(self, refund: BeginRefundInput) -> MoneyTask | None:
        self.calls.append("begin")
        if self.is_over:
            return None
        ids_ = (uuid4(), refund.booking_id, refund.business_id)
        return MoneyTask("m-1", Movement.REFUND, *ids_, "stripe", "pi_1", 5000, "JPY", 5000, False)

    @activity.defn(name="refunds.perform")
    async def perform(self, task: MoneyTask) -> MoneyResult:
        self.calls.append(f"perform {task.movement_id}")
        return self._answer(task)

    @activity.defn(name="refunds.poll")
    async def poll(self, question: PollRefundInput) -> MoneyResult:
        self.calls.append(f"poll {question.provider_ref}")
        return self._answer(question.task)

    @activity.defn(name="refunds.record")
    async def record(self, outcome: RecordRefundInput) -> RefundStatus:
        self.calls.append(f"record {outcome.result.phase}")
        if self.refuses:
            self.refuses -= 1
            raise ApplicationError("conflict", type="conflict", non_retryable=True)
        ends = {Phase.SUCCEEDED: RefundStatus.SUCCEEDED, Phase.FAILED: RefundStatus.FAILED}
        return self.event_status or ends.get(outcome.result.phase, RefundStatus.PROCESSING)

    @activity.defn(name="refunds.apply_event")
    async def apply_event(self, event: ApplyRefundEventInput) -> RefundStatus:
        self.calls.append("apply_event")
        if self.event is None:
            raise ApplicationError("not_found", type="not_found", non_retryable=True)
        return self.event

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.calls.append(f"attention {matter.kind}")
        return True


@contextlib.asynccontextmanager
async def refunding(env: WorkflowEnvironment, stub: RefundStub, **start: object) -> AsyncIterator[WorkflowHandle]:
    """A run that is started without skipping."""
    worker = Worker(
        env.client,
        task_queue=queues.PAYMENTS,
        workflows=[RefundWorkflow],
        activities=[stub.begin, stub.perform, stub.poll, stub.record, stub.apply_event, stub.file],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                messages.WORKFLOW,
                replace(REFUND, refund_id=uuid4()),
                id=ids.refund(uuid4()),
                task_queue=queues.PAYMENTS,
                result_type=RefundStatus,
                **start,
            )


async def _end(env: WorkflowEnvironment, handle: WorkflowHandle) -> RefundStatus | None:
    with contextlib.suppress(Exception):
        await env.fast_forward(handle)
    return await handle.result()


async def test_refund_is_asked_for_and_done(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = RefundStub(deque([DONE]))
    async with refunding(temporal_time_skipping, stub) as handle:
        assert await handle.result() is RefundStatus.SUCCEEDED
        cost = cost_of(await handle.fetch_history())
    assert stub.calls == ["begin", "perform m-1", "record succeeded"]
    assert cost.total == 4


async def test_refused_refund_is_recorded_and_ends(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = RefundStub(deque([REFUSED]))
    async with refunding(temporal_time_skipping, stub) as handle:
        assert await handle.result() is RefundStatus.FAILED
    assert stub.calls[-1] == "record failed"


async def test_refund_that_is_over_before_it_began_ends(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = RefundStub(is_over=True)
    async with refunding(temporal_time_skipping, stub) as handle:
        assert await handle.result() is None
    assert stub.calls == ["begin"]


async def test_pending_refund_is_read_with_growing_pauses(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = RefundStub(deque([PENDING, PENDING, AWAY, PENDING, DONE]))
    async with refunding(temporal_time_skipping, stub) as handle:
        assert await _end(temporal_time_skipping, handle) is RefundStatus.SUCCEEDED
        events = (await handle.fetch_history()).events
    assert stub.calls == ["begin", "perform m-1", "record unknown", *["poll re_1"] * 4, "record succeeded"]
    pauses = [
        event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
        for event in events
        if event.HasField("timer_started_event_attributes")
    ]
    assert pauses == [timedelta(minutes=minutes) for minutes in (5, 10, 20, 40)]


async def _until_pending(stub: RefundStub, handle: WorkflowHandle) -> None:
    while "record unknown" not in stub.calls:
        await handle.query("__temporal_workflow_metadata")


async def test_refund_ends_with_the_providers_event_without_asking_again(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = RefundStub(deque([PENDING]))
    async with refunding(temporal_time_skipping, stub) as handle:
        await _until_pending(stub, handle)
        await handle.signal(messages.REFUND_EVENT, messages.RefundEventInput(uuid4()))
        # No time is skipped: the event alone ends it.
        assert await handle.result() is RefundStatus.SUCCEEDED
    assert stub.calls[-1] == "apply_event"
    assert not [call for call in stub.calls if call.startswith("poll")]


async def test_refund_applies_each_event_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = RefundStub(deque([PENDING]), event=RefundStatus.PROCESSING)
    async with refunding(temporal_time_skipping, stub) as handle:
        await _until_pending(stub, handle)
        event = messages.RefundEventInput(uuid4())
        for _ in range(3):
            await handle.signal(messages.REFUND_EVENT, event)
        while "apply_event" not in stub.calls:
            await handle.query("__temporal_workflow_metadata")
        stub.event = RefundStatus.SUCCEEDED
        await handle.signal(messages.REFUND_EVENT, messages.RefundEventInput(uuid4()))
        assert await handle.result() is RefundStatus.SUCCEEDED
    assert stub.calls.count("apply_event") == 2


async def test_refund_raises_attention_for_an_event_that_cannot_be_read_and_goes_on(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = RefundStub(deque([PENDING, DONE]), event=None)
    async with refunding(temporal_time_skipping, stub) as handle:
        await _until_pending(stub, handle)
        await handle.signal(messages.REFUND_EVENT, messages.RefundEventInput(uuid4()))
        while "attention event_refused" not in stub.calls:
            await handle.query("__temporal_workflow_metadata")
        assert await _end(temporal_time_skipping, handle) is RefundStatus.SUCCEEDED


async def test_refund_that_is_over_is_started_again_by_an_event(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = RefundStub(is_over=True, event=RefundStatus.FAILED)
    start = {"start_signal": messages.REFUND_EVENT, "start_signal_args": [messages.RefundEventInput(uuid4())]}
    async with refunding(temporal_time_skipping, stub, **start) as handle:
        assert await handle.result() is RefundStatus.FAILED
    assert sorted(stub.calls) == ["apply_event", "begin"]


async def test_refund_ends_with_an_event_that_came_first(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = RefundStub(deque([PENDING]), event_status=RefundStatus.SUCCEEDED)
    async with refunding(temporal_time_skipping, stub) as handle:
        assert await handle.result() is RefundStatus.SUCCEEDED


async def test_refund_raises_an_alert_while_the_provider_is_away_and_goes_on(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = RefundStub(deque([AWAY, AWAY, AWAY, AWAY, DONE]))
    async with refunding(temporal_time_skipping, stub) as handle:
        assert await _end(temporal_time_skipping, handle) is RefundStatus.SUCCEEDED
    assert stub.calls.count("attention refund_unsettled") == 1
    assert stub.calls.count("perform m-1") == 5


@pytest.mark.parametrize(
    ("refuses", "end", "filed"), [(1, RefundStatus.SUCCEEDED, 0), (99, RefundStatus.PROCESSING, 1)]
)
async def test_refund_whose_outcome_is_refused_is_filed_after_three_tries(
    temporal_time_skipping: WorkflowEnvironment, refuses: int, end: RefundStatus, filed: int
) -> None:
    stub = RefundStub(deque([DONE]), refuses=refuses)
    async with refunding(temporal_time_skipping, stub) as handle:
        assert await _end(temporal_time_skipping, handle) is end
    assert stub.calls.count("record succeeded") == min(refuses + 1, 3)
    assert stub.calls.count("attention outcome_refused") == filed
