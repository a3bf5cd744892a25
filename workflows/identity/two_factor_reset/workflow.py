"""The reset of a second factor: it waits for its time, in which the owner of the login can cancel it."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.identity.two_factor import TwoFactorActivities, TwoFactorResetStepInput
    from workflows.identity.two_factor_reset import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task


@workflow.defn(name=messages.WORKFLOW)
class TwoFactorResetWorkflow:
    """A cancelled reset is gone from the database, so that the run does nothing at its end."""

    @workflow.run
    async def run(self, start: messages.TwoFactorResetInput) -> bool:
        """Whether the second factor was reset."""
        await workflow.sleep(max(0.0, (start.reset_at - workflow.now()).total_seconds()))
        about = TwoFactorResetStepInput(start.reset_id, start.user_id)
        with fail_workflow_task("logins.reset_two_factor"):
            return await workflow.execute_local_activity_method(TwoFactorActivities.reset, about, **options.STEP)
