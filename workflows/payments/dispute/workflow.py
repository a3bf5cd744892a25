"""Gathers the evidence of a dispute, and reminds a person before the provider's deadline."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.payments.disputes import DisputeActivities, DisputeStepInput
    from domain.payments.disputes import reminders
    from workflows.payments.dispute import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task


@workflow.defn(name=messages.WORKFLOW)
class DisputeWorkflow:
    """Ends with the last reminder. The outcome comes as an event of the provider, which the booking's run records; the
    reminder finds it in the row."""

    @workflow.run
    async def run(self, start: messages.DisputeInput) -> int:
        """Returns how many times a person was reminded."""
        step = DisputeStepInput(start.dispute_id, start.business_id)
        with fail_workflow_task("disputes.gather"):
            await workflow.execute_local_activity_method(DisputeActivities.gather, step, **options.STEP)
        reminded = 0
        for at in reminders(start.due_at, workflow.now()):
            await _until(at)
            with fail_workflow_task("disputes.remind"):
                is_open = await workflow.execute_local_activity_method(DisputeActivities.remind, step, **options.STEP)
            if not is_open:
                break
            reminded += 1
        return reminded


async def _until(at: datetime) -> None:
    left = at - workflow.now()
    if left.total_seconds() > 0:
        await workflow.sleep(left, summary="remind of the provider's deadline")
