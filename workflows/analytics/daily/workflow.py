"""Computes the figures of business days that ended, changed later, or were marked by an operator."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.analytics.days import AnalyticsActivities, CollectInput, Computed, ComputeInput
    from activities.platform.attention import AttentionActivities, AttentionInput
    from workflows.analytics.daily import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task

FAILED = "analytics_failed"


@workflow.defn(name=messages.WORKFLOW)
class DailyAnalyticsWorkflow:
    """Every step is safe to repeat. If a run is interrupted, the next one finishes its work."""

    def __init__(self) -> None:
        self._marked = True
        self._days = 0

    @workflow.run
    async def run(self, start: messages.DailyAnalyticsInput) -> messages.DailyAnalyticsDone:
        """Returns what was computed. Raises ActivityError when days could not be marked or computed at all."""
        failed = {}
        try:
            if start.collect:
                await workflow.execute_activity_method(
                    AnalyticsActivities.collect, CollectInput(), **options.COLLECT_DAYS
                )
            while self._marked:
                self._marked = False
                computed = await self._compute()
                failed.update(dict.fromkeys(computed.failed))
        except ActivityError as error:
            if not is_cancelled_exception(error):
                await self._raise_alert("round")
            raise
        for business_id in failed:
            await self._raise_alert(str(business_id))
        return messages.DailyAnalyticsDone(self._days, tuple(failed))

    @workflow.signal(name=messages.DAYS_MARKED)
    def days_marked(self, marked: messages.DaysMarkedInput) -> None:
        """Days were marked. The running step may not see them, so one more step follows."""
        self._marked = True

    async def _compute(self) -> Computed:
        workflow.set_current_details(f"{self._days} business days computed")
        computed = await workflow.execute_activity_method(
            AnalyticsActivities.compute, ComputeInput(), **options.COMPUTE_DAYS
        )
        self._days += computed.days
        return computed

    async def _raise_alert(self, what: str) -> None:
        details = {"what": what, "run": workflow.info().workflow_id}
        alert = AttentionInput(FAILED, f"{FAILED}:{what}", details=details)
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, alert, **options.STEP)
