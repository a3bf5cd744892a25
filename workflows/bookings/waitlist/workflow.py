"""The waitlist of a business: offers of freed time, and when the next turn is due."""

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.bookings.waitlist import WaitlistActivities, WaitlistTurnInput
    from domain.bookings.waitlist import WaitlistTurn
    from workflows.bookings.waitlist import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task

#: The clock of the worker that takes the turn may be a little behind the clock of this run.
_SHORTEST_WAIT = timedelta(milliseconds=200)


@workflow.defn(name=messages.WORKFLOW)
class WaitlistWorkflow:
    """One run per business while an offer is open. It is woken by every change that may free time, by answers, and by
    the deadline of an offer; each time it takes turns until nothing more can be offered. The signal has no data:
    everything is decided in Postgres, so a turn that is lost, late or taken twice does no harm.
    """

    @workflow.init
    def __init__(self, start: messages.WaitlistInput) -> None:
        self._about = WaitlistTurnInput(start.business_id)
        self._woken = False
        self._offers = 0

    @workflow.run
    async def run(self, start: messages.WaitlistInput) -> int:
        """Returns how many offers this run made. It ends when no offer is open."""
        while True:
            next_at = await self._offer_all()
            if workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished():
                workflow.continue_as_new(start)
            if next_at is not None:
                await self._wait(next_at)
            elif not self._woken:
                return self._offers

    async def _offer_all(self) -> datetime | None:
        """Offer one free time after the other; returns when the next open offer ends."""
        while True:
            self._woken = False
            turn = await self._take_turn()
            if turn.entry_id is None:
                return turn.next_at
            self._offers += 1

    async def _take_turn(self) -> WaitlistTurn:
        with fail_workflow_task("waitlist.take_turn"):
            return await workflow.execute_local_activity_method(
                WaitlistActivities.take_turn, self._about, **options.STEP
            )

    async def _wait(self, until: datetime) -> None:
        workflow.set_current_details(f"**an offer is open** until {until:%Y-%m-%d %H:%M} UTC")
        left = max(until - workflow.now(), _SHORTEST_WAIT)
        try:
            await workflow.wait_condition(lambda: self._woken, timeout=left, timeout_summary="an offer ends")
        except TimeoutError:
            return

    @workflow.signal(name=messages.TIME_FREED)
    def time_freed(self, message: messages.TimeFreedInput) -> None:
        """Take another turn."""
        self._woken = True
