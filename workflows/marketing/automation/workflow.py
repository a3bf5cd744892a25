"""An automation: once a day it looks for messages that are due, as long as it is switched on."""

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.marketing.automations import AutomationActivities, AutomationStepInput
    from workflows.marketing.automation import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task

#: Steps after which the run continues as a new one: a day has one, more on a day with many messages.
_STEPS_PER_RUN = 400
#: The clock of the worker that looks may be a little behind the clock of this run.
_SHORTEST_WAIT = timedelta(milliseconds=200)


@workflow.defn(name=messages.WORKFLOW)
class AutomationWorkflow:
    """One run while the automation is switched on. What is due is decided in Postgres, so a step that is lost, late or
    taken twice does no harm. A later switch to on starts a new run."""

    @workflow.init
    def __init__(self, start: messages.AutomationInput) -> None:
        self._about = AutomationStepInput(start.automation_id, start.business_id)
        self._changed = False
        self._looks_at: datetime | None = None
        self._queued = 0

    @workflow.run
    async def run(self, start: messages.AutomationInput) -> int:
        """Returns how many messages this run queued."""
        steps = 0
        while True:
            self._changed = False
            self._looks_at = await self._look()
            steps += 1
            if self._looks_at is None:
                if not self._changed:
                    workflow.set_current_details("**off**")
                    return self._queued
                continue
            if steps >= _STEPS_PER_RUN or workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start)
            await self._wait(self._looks_at)

    async def _look(self) -> datetime | None:
        with fail_workflow_task("automations.look"):
            step = await workflow.execute_local_activity_method(AutomationActivities.look, self._about, **options.STEP)
        self._queued += step.queued
        return step.next_at

    async def _wait(self, looks_at: datetime) -> None:
        """Until the next look, or something has changed."""
        workflow.set_current_details(f"**on**, looks again at {looks_at:%Y-%m-%d %H:%M} UTC")
        left = max(looks_at - workflow.now(), _SHORTEST_WAIT)
        try:
            await workflow.wait_condition(lambda: self._changed, timeout=left, timeout_summary="the next look")
        except TimeoutError:
            return

    @workflow.signal(name=messages.CHANGED)
    def changed(self, about: messages.AutomationChanged) -> None:
        """It was switched on or off, or deleted."""
        self._changed = True

    @workflow.query(name=messages.STATE)
    def state(self) -> messages.AutomationState:
        """The present state of this run."""
        until = self._looks_at.isoformat() if self._looks_at else None
        return messages.AutomationState(until, self._queued)
