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
    """Runs as long as the file exists. Ends ``expired``, or ``failed`` when the file could not be written or
    removed."""

    @workflow.run
    async def run(self, start: messages.BusinessArchiveInput) -> ArchiveStatus:
        """Returns the status of the archive at the end."""
        about = ArchiveStepInput(start.archive_id, start.business_id)
        try:
            until = await workflow.execute_activity_method(ArchiveActivities.write, about, **options.FILES)
            await workflow.sleep(max(0.0, (until - workflow.now()).total_seconds()))
            await workflow.execute_activity_method(ArchiveActivities.remove, about, **options.FILES)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return await self._give_up(about)
        return ArchiveStatus.EXPIRED

    async def _give_up(self, about: ArchiveStepInput) -> ArchiveStatus:
        """The file could not be written or removed: an attention item is filed."""
        details = {"archive_id": str(about.archive_id), "business_id": str(about.business_id)}
        item = AttentionInput("archive_stuck", f"archive_stuck:{about.archive_id}", details=details)
        with fail_workflow_task("archives.fail"):
            await workflow.execute_local_activity_method(ArchiveActivities.fail, about, **options.STEP)
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)
        return ArchiveStatus.FAILED
