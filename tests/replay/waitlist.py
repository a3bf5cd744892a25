"""How a run of a waitlist can end."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping

from temporalio.client import WorkflowHistory
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.workflows.bookings.test_waitlist import OFFER, Board, waiting_at, wake
from tests.workflows.scheduling.test_reaccommodation import until

Story = Callable[[WorkflowEnvironment], Awaitable[WorkflowHistory]]


def _waitlist(make: Callable[[], Board], looks: int = 0, answers: bool = False) -> Story:
    """``looks``: after so many the run waits for its first offers."""

    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        board = make()
        async with waiting_at(env, board) as handle:
            await until(lambda: board.looks >= looks)
            if answers:
                board.answer()
                await wake(handle)
                await until(lambda: board.looks >= looks + 2)
            board.ahead += OFFER
            with contextlib.suppress(RPCError):  # nothing was offered: it is over
                await env.fast_forward(handle, OFFER)
            await handle.result()
            return await handle.fetch_history()

    return story


WAITLIST_STORIES: Mapping[str, Story] = {
    "nothing_to_offer": _waitlist(lambda: Board(free=0)),
    "answered": _waitlist(lambda: Board(free=1, waiting=2), looks=2, answers=True),
    "silent": _waitlist(lambda: Board(free=2, waiting=2), looks=3),
    "look_repeated": _waitlist(lambda: Board(free=1, waiting=1, fail_once=True), looks=3),
}
