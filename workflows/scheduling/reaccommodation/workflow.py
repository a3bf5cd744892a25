"""A booking that the business cannot keep: the customer is offered other times, reminded, and at the deadline the
booking is cancelled."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.platform.attention import AttentionActivities, AttentionInput
    from activities.scheduling.reaccommodations import ReaccommodationActivities, ReaccommodationStep
    from domain.scheduling.reaccommodation import ReaccommodationStatus
    from workflows.scheduling.reaccommodation import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task

Step = Callable[[ReaccommodationActivities, ReaccommodationStep], Awaitable[ReaccommodationStatus]]


@workflow.defn(name=messages.WORKFLOW)
class ReaccommodationWorkflow:
    """Ends when it is decided: the answer goes through the booking's workflow, which writes it to the row and has this
    run signalled. At the deadline the booking's run is asked to cancel, until it has."""

    @workflow.init
    def __init__(self, start: messages.ReaccommodationInput) -> None:
        self._about = ReaccommodationStep(start.reaccommodation_id, start.business_id, start.booking_id)
        self._status = ReaccommodationStatus.OPEN

    @workflow.run
    async def run(self, start: messages.ReaccommodationInput) -> ReaccommodationStatus:
        """Returns how it was decided."""
        await self._do(ReaccommodationActivities.offer)
        if start.remind_at is not None and not await self._decided_before(start.remind_at, "reminder"):
            await self._do(ReaccommodationActivities.remind)
        if not await self._decided_before(start.decide_by, "deadline"):
            await self._cancel()
        await self._do(ReaccommodationActivities.notify_decision)
        workflow.set_current_details(f"**{self._status}**")
        return self._status

    async def _cancel(self) -> None:
        """Ask the booking's run to cancel, with growing pauses. After some tries an alert is raised."""
        pause, tries = options.FIRST_PAUSE, 0
        while self._is_open():
            await self._do(ReaccommodationActivities.give_up)
            if await self._decided_before(workflow.now() + pause, "the booking is cancelled"):
                return
            pause, tries = options.next_pause(pause, options.LONGEST_PAUSE), tries + 1
            if tries == options.ALERT_AFTER:
                await self._raise_alert(tries)

    async def _do(self, step: Step) -> None:
        with fail_workflow_task("reaccommodation"):
            status = await workflow.execute_local_activity_method(step, self._about, **options.STEP)
        if self._is_open():
            self._status = status

    async def _raise_alert(self, tries: int) -> None:
        about = self._about
        item = AttentionInput(
            kind="rebook",
            dedupe_key=f"rebook/{about.booking_id}",
            business_id=about.business_id,
            booking_id=about.booking_id,
            details={"why": "not_cancelled", "tries": tries},
        )
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)

    async def _decided_before(self, deadline: datetime, name: str) -> bool:
        workflow.set_current_details(f"**{self._status}**: {name} at {deadline:%Y-%m-%d %H:%M} UTC")
        left = deadline - workflow.now()
        if self._is_open() and left.total_seconds() > 0:
            try:
                await workflow.wait_condition(lambda: not self._is_open(), timeout=left, timeout_summary=name)
            except TimeoutError:
                return False
        return not self._is_open()

    def _is_open(self) -> bool:
        return self._status is ReaccommodationStatus.OPEN

    @workflow.signal(name=messages.DECIDED)
    def decided(self, decision: messages.DecidedInput) -> None:
        """A new time was chosen, the booking was cancelled or kept, or the offer ended by itself."""
        self._status = ReaccommodationStatus(decision.status)
