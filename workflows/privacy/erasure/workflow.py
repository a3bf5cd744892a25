"""An erasure: data is anonymised at once, deleted after the delay, and the person is informed by e-mail."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.platform.attention import AttentionActivities, AttentionInput
    from activities.privacy.erasures import ErasureActivities, ErasureStepInput
    from workflows.privacy.erasure import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task


@workflow.defn(name=messages.WORKFLOW)
class ErasureWorkflow:
    """An erasure cannot be withdrawn: the login is closed when it starts."""

    @workflow.run
    async def run(self, start: messages.ErasureInput) -> None:
        """Every step is retried until it succeeds, because the law requires the erasure."""
        about = ErasureStepInput(start.erasure_id, start.user_id)
        with fail_workflow_task("erasures.anonymise"):
            await workflow.execute_local_activity_method(ErasureActivities.anonymise, about, **options.STEP)
        await self._remove_exports(about)
        await workflow.sleep(max(0.0, (start.delete_at - workflow.now()).total_seconds()))
        # An export that was being written when the person asked has ended by now; remove its file too.
        await self._remove_exports(about)
        with fail_workflow_task("erasures.finish"):
            await workflow.execute_local_activity_method(ErasureActivities.finish, about, **options.STEP)
        await self._forget_address(about)

    async def _remove_exports(self, about: ErasureStepInput) -> None:
        """The storage may be down for a day. After that an attention item is filed and the erasure continues."""
        try:
            await workflow.execute_activity_method(ErasureActivities.remove_exports, about, **options.FILES)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            details = {"erasure_id": str(about.erasure_id)}
            item = AttentionInput("erasure_stuck", f"erasure_stuck:{about.erasure_id}", details=details)
            with fail_workflow_task("attention.file"):
                await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)

    async def _forget_address(self, about: ErasureStepInput) -> None:
        """Remove the address when the last e-mail has been sent, or when its time has passed."""
        waited = timedelta()
        while True:
            last = ErasureStepInput(about.erasure_id, about.user_id, even_if_unsent=waited >= options.LAST_EMAIL_WITHIN)
            with fail_workflow_task("erasures.forget_address"):
                if await workflow.execute_local_activity_method(ErasureActivities.forget_address, last, **options.STEP):
                    return
            await workflow.sleep(options.CHECK_EMAIL_EVERY)
            waited += options.CHECK_EMAIL_EVERY
