"""An erasure: anonymous at once, deleted after the delay, confirmed by e-mail."""

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
    """Nothing takes it back: the login is closed when it starts."""

    @workflow.run
    async def run(self, start: messages.ErasureInput) -> None:
        """Every step is tried until it is done: people have a right to it."""
        about = ErasureStepInput(start.erasure_id, start.user_id)
        with fail_workflow_task("erasures.anonymise"):
            await workflow.execute_local_activity_method(ErasureActivities.anonymise, about, **options.STEP)
        await self._remove_exports(about)
        await workflow.sleep(max(0.0, (start.delete_at - workflow.now()).total_seconds()))
        # A file that was being written when the person asked is gone by now at the latest.
        await self._remove_exports(about)
        with fail_workflow_task("erasures.finish"):
            await workflow.execute_local_activity_method(ErasureActivities.finish, about, **options.STEP)
        await self._forget_address(about)

    async def _remove_exports(self, about: ErasureStepInput) -> None:
        """The storage may be away for a day; after that a person looks, and the rest goes on."""
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
        """The last e-mail needs it; when that is out or its time is over, it goes."""
        waited = timedelta()
        while True:
            last = ErasureStepInput(about.erasure_id, about.user_id, whatever=waited >= options.LAST_LETTER)
            with fail_workflow_task("erasures.forget_address"):
                if await workflow.execute_local_activity_method(ErasureActivities.forget_address, last, **options.STEP):
                    return
            await workflow.sleep(options.LOOK_FOR_LETTER)
            waited += options.LOOK_FOR_LETTER
