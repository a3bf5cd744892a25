"""An archive: the file is written, and removed after its time."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.customers.archives import ArchiveActivities, ArchiveStepInput
    from activities.platform.attention import AttentionActivities, AttentionInput
    from domain.customers.archives import ArchiveStatus
    from workflows.customers.archive import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task


@workflow.defn(name=messages.WORKFLOW)
class BusinessArchiveWorkflow:
    """Runs as long as the file exists. Ends ``expired``, or ``failed`` when the file could not be
    written."""

    @workflow.run
    async def run(self, start: messages.BusinessArchiveInput) -> ArchiveStatus:
        """Returns the status of the archive at the end."""
        about = ArchiveStepInput(start.archive_id, start.business_id)
        try:
            until = await workflow.execute_activity_method(ArchiveActivities.write, about, **options.FILES)
            await workflow.sleep(max(0.0, (until - workflow.now()).total_seconds()))
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return await self._give_up(about)
        return await self._remove(about)

    async def _remove(self, about: ArchiveStepInput) -> ArchiveStatus:
        """Until it is done: a file with personal data must not stay. Each day without success is reported."""
        while True:
            try:
                await workflow.execute_activity_method(ArchiveActivities.remove, about, **options.FILES)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                # Remove the patch when no run from before 2026-12-10 is open.
                if not workflow.patched("archive-removal-is-repeated"):
                    return await self._give_up(about)
                await self._report(about)
            else:
                return ArchiveStatus.EXPIRED

    async def _give_up(self, about: ArchiveStepInput) -> ArchiveStatus:
        """The file could not be written: an attention item is filed."""
        with fail_workflow_task("archives.fail"):
            await workflow.execute_local_activity_method(ArchiveActivities.fail, about, **options.STEP)
        await self._report(about)
        return ArchiveStatus.FAILED

    async def _report(self, about: ArchiveStepInput) -> None:
        details = {"archive_id": str(about.archive_id), "business_id": str(about.business_id)}
        item = AttentionInput("archive_stuck", f"archive_stuck:{about.archive_id}", details=details)
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)
