"""A booking that the business cannot keep: asked, reminded, decided by somebody or by the deadline."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.platform.attention import AttentionInput
from activities.scheduling.reaccommodations import ReaccommodationStep
from domain.scheduling.reaccommodation import ReaccommodationStatus
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.stub_state import now
from workflows.scheduling.reaccommodation.messages import DECIDED, WORKFLOW, DecidedInput, ReaccommodationInput
from workflows.scheduling.reaccommodation.workflow import ReaccommodationWorkflow
from workflows.support import ids, options, queues

S = ReaccommodationStatus
REMIND, DEADLINE = timedelta(hours=36), timedelta(hours=48)


@dataclass
class Offer:
    """Postgres. ``over_after``: how many words to the booking's run it takes until it has cancelled; ``change``: the
    status that the named step finds."""

    status: ReaccommodationStatus = S.OPEN
    over_after: int = 1
    finds: dict[str, ReaccommodationStatus] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    filed: list[AttentionInput] = field(default_factory=list)

    def _did(self, step: str) -> ReaccommodationStatus:
        self.status = self.finds.get(step, self.status)
        self.steps.append(step)
        return self.status

    @activity.defn(name="reaccommodations.offer")
    async def offer(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        return self._did("offer")

    @activity.defn(name="reaccommodations.remind")
    async def remind(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        return self._did("remind")

    @activity.defn(name="reaccommodations.give_up")
    async def give_up(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        if self.steps.count("give_up") >= self.over_after:
            self.status = S.CANCELLED
        return self._did("give_up")

    @activity.defn(name="reaccommodations.notify_decision")
    async def notify_decision(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        return self._did("notify")

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True


@contextlib.asynccontextmanager
async def offering(
    env: WorkflowEnvironment, offer: Offer, remind: timedelta | None = REMIND, deadline: timedelta = DEADLINE
) -> AsyncIterator[WorkflowHandle]:
    """A run with its worker."""
    worker = Worker(
        env.client,
        task_queue=queues.BOOKINGS,
        workflows=[ReaccommodationWorkflow],
        activities=[offer.offer, offer.remind, offer.give_up, offer.notify_decision, offer.file],
        workflow_runner=workflow_runner(),
    )
    booking_id, began = uuid4(), now()
    start = ReaccommodationInput(uuid4(), uuid4(), booking_id, 1, began + remind if remind else None, began + deadline)
    async with worker:
        with env.with_time_skipping_disabled():
            handle = await env.client.start_workflow(
                WORKFLOW,
                start,
                id=ids.reaccommodation(booking_id, 1),
                task_queue=queues.BOOKINGS,
                result_type=ReaccommodationStatus,
            )
        try:
            yield handle
        finally:
            with contextlib.suppress(RPCError):
                await handle.terminate("the test is over")


async def until(condition: Callable[[], bool]) -> None:
    """Wait in real time until it is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (activities set no event)
            await asyncio.sleep(0.01)


async def decide(handle: WorkflowHandle, offer: Offer, status: ReaccommodationStatus) -> None:
    """Somebody decides it in Postgres, and the relay signals the run."""
    offer.status = status
    await handle.signal(DECIDED, DecidedInput(status.value))


async def ends(env: WorkflowEnvironment, handle: WorkflowHandle) -> ReaccommodationStatus:
    with contextlib.suppress(RPCError):  # it is over already
        await env.fast_forward(handle)
    status: ReaccommodationStatus = await handle.result()
    return status


async def test_reaccommodation_ends_with_another_time_before_the_reminder(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    offer = Offer()
    async with offering(temporal_time_skipping, offer) as handle:
        await until(lambda: offer.steps == ["offer"])
        await decide(handle, offer, S.MOVED)
        assert await handle.result() is S.MOVED
    assert offer.steps == ["offer", "notify"]


async def test_reminder_comes_in_time_and_the_answer_after_it(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    offer, env = Offer(), temporal_time_skipping
    async with offering(env, offer) as handle:
        await until(lambda: offer.steps == ["offer"])
        await env.fast_forward(handle, REMIND - timedelta(minutes=1))
        assert offer.steps == ["offer"]
        await env.fast_forward(handle, timedelta(minutes=2))
        await until(lambda: offer.steps == ["offer", "remind"])
        await decide(handle, offer, S.CANCELLED)
        assert await handle.result() is S.CANCELLED
    assert offer.steps == ["offer", "remind", "notify"]


async def test_reaccommodation_without_an_answer_cancels_at_the_deadline(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    offer, env = Offer(), temporal_time_skipping
    async with offering(env, offer) as handle:
        await until(lambda: offer.steps == ["offer"])
        await env.fast_forward(handle, DEADLINE - timedelta(minutes=1))
        await until(lambda: offer.steps == ["offer", "remind"])
        assert "give_up" not in offer.steps
        await env.fast_forward(handle, timedelta(minutes=1, seconds=5))
        await until(lambda: "give_up" in offer.steps)
        await decide(handle, offer, S.CANCELLED)
        assert await handle.result() is S.CANCELLED
    assert offer.steps == ["offer", "remind", "give_up", "notify"]
    assert offer.filed == []


async def test_answer_that_is_faster_than_the_deadlines_word_counts(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    offer = Offer(finds={"give_up": S.MOVED})
    async with offering(temporal_time_skipping, offer, remind=None) as handle:
        assert await ends(temporal_time_skipping, handle) is S.MOVED
    assert offer.steps == ["offer", "give_up", "notify"]


async def test_reaccommodation_ends_when_the_business_keeps_the_booking(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    offer = Offer()
    async with offering(temporal_time_skipping, offer) as handle:
        await until(lambda: offer.steps == ["offer"])
        await decide(handle, offer, S.KEPT)
        assert await handle.result() is S.KEPT


async def test_booking_that_is_over_is_not_asked_about(temporal_time_skipping: WorkflowEnvironment) -> None:
    offer = Offer(finds={"offer": S.ENDED})
    async with offering(temporal_time_skipping, offer) as handle:
        assert await handle.result() is S.ENDED
    assert offer.steps == ["offer", "notify"]


async def test_booking_that_is_not_cancelled_is_asked_for_again_and_handed_to_a_person(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    offer = Offer(over_after=options.ALERT_AFTER + 1)
    async with offering(temporal_time_skipping, offer) as handle:
        assert await ends(temporal_time_skipping, handle) is S.CANCELLED
    assert offer.steps.count("give_up") == options.ALERT_AFTER + 2
    assert [matter.kind for matter in offer.filed] == ["rebook"]
