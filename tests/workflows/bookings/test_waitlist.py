"""The run of a waitlist: it looks until nothing can be offered, waits for answers and deadlines, and ends."""

import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.bookings.waitlist import WaitlistTurnInput
from domain.bookings.waitlist import WaitlistTurn
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.scheduling.test_reaccommodation import until
from tests.workflows.stub_state import now
from workflows.bookings.waitlist.messages import TIME_FREED, WORKFLOW, TimeFreedInput, WaitlistInput
from workflows.bookings.waitlist.workflow import WaitlistWorkflow
from workflows.support import ids, queues

OFFER = timedelta(minutes=30)


@dataclass
class Board:
    """Postgres: how many free times there are for how many who wait, and the deadlines of the open offers.
    ``ahead``: how far the run's clock was moved."""

    free: int = 1
    waiting: int = 1
    open: deque[datetime] = field(default_factory=deque)
    looks: int = 0
    lapsed: int = 0
    ahead: timedelta = timedelta()
    fail_once: bool = False
    #: An offer that ends does not free its time for another one: everybody was asked.
    asked_all: bool = False

    def now(self) -> datetime:
        return now() + self.ahead

    def answer(self) -> None:
        """The oldest offer is declined; its time is free again."""
        self.open.popleft()
        self.free += 1

    @activity.defn(name="waitlist.take_turn")
    async def take_turn(self, about: WaitlistTurnInput) -> WaitlistTurn:
        self.looks += 1
        if self.fail_once:
            self.fail_once = False
            raise ApplicationError("postgres is away", type="unavailable")
        while self.open and self.open[0] <= self.now():
            self.open.popleft()
            self.lapsed += 1
            self.free += not self.asked_all
        offered: UUID | None = None
        if self.free and self.waiting:
            self.free, self.waiting, offered = self.free - 1, self.waiting - 1, uuid4()
            self.open.append(self.now() + OFFER)
        return WaitlistTurn(offered, self.open[0] if self.open else None)


@contextlib.asynccontextmanager
async def waiting_at(env: WorkflowEnvironment, board: Board) -> AsyncIterator[WorkflowHandle]:
    """A run with its worker."""
    worker = Worker(
        env.client,
        task_queue=queues.BOOKINGS,
        workflows=[WaitlistWorkflow],
        activities=[board.take_turn],
        workflow_runner=workflow_runner(),
    )
    business_id = uuid4()
    async with worker:
        with env.with_time_skipping_disabled():
            handle = await env.client.start_workflow(
                WORKFLOW,
                WaitlistInput(business_id),
                id=ids.waitlist(business_id),
                task_queue=queues.BOOKINGS,
                result_type=int,
                start_signal=TIME_FREED,
                start_signal_args=[TimeFreedInput()],
            )
        try:
            yield handle
        finally:
            with contextlib.suppress(RPCError):
                await handle.terminate("the test is over")


async def forward(env: WorkflowEnvironment, handle: WorkflowHandle, board: Board, by: timedelta) -> None:
    """The run's clock and the board's together."""
    board.ahead += by
    await env.fast_forward(handle, by)


async def wake(handle: WorkflowHandle) -> None:
    await handle.signal(TIME_FREED, TimeFreedInput())


async def test_run_ends_at_once_where_nothing_can_be_offered(temporal_time_skipping: WorkflowEnvironment) -> None:
    async with waiting_at(temporal_time_skipping, Board(free=0)) as handle:
        assert await handle.result() == 0


async def test_run_offers_every_free_time_and_lives_while_an_offer_is_open(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    board = Board(free=2, waiting=3)
    async with waiting_at(temporal_time_skipping, board) as handle:
        await until(lambda: board.looks == 3)
        assert (len(board.open), board.waiting) == (2, 1)
        board.waiting = 0
        await forward(temporal_time_skipping, handle, board, OFFER)
        assert await handle.result() == 2
    assert board.lapsed == 2


async def test_answer_moves_on_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    board = Board(free=1, waiting=2)
    async with waiting_at(temporal_time_skipping, board) as handle:
        await until(lambda: board.looks == 2)
        board.answer()
        await wake(handle)
        await until(lambda: board.looks == 4)
        assert (len(board.open), board.waiting, board.lapsed) == (1, 0, 0)
        board.open.clear()
        await wake(handle)
        assert await handle.result() == 2


async def test_silence_moves_on_at_the_deadline(temporal_time_skipping: WorkflowEnvironment) -> None:
    board = Board(free=1, waiting=2)
    async with waiting_at(temporal_time_skipping, board) as handle:
        await until(lambda: board.looks == 2)
        await forward(temporal_time_skipping, handle, board, OFFER)
        await until(lambda: board.lapsed == 1 and len(board.open) == 1)
        await forward(temporal_time_skipping, handle, board, OFFER)
        assert await handle.result() == 2


async def test_deadline_that_the_other_clock_has_not_reached_is_waited_for(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    board = Board(free=1, waiting=1, asked_all=True)
    async with waiting_at(temporal_time_skipping, board) as handle:
        await until(lambda: board.looks == 2)
        await temporal_time_skipping.fast_forward(handle, OFFER)  # the run's clock alone
        await until(lambda: board.looks >= 3)
        board.ahead += OFFER
        assert await handle.result() == 1
    assert board.lapsed == 1


async def test_look_that_fails_is_made_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    board = Board(free=1, waiting=1, fail_once=True)
    async with waiting_at(temporal_time_skipping, board) as handle:
        await until(lambda: board.looks == 3)
        board.open.clear()
        await wake(handle)
        assert await handle.result() == 1
