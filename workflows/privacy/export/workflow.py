"""A data export: the file is written, announced by e-mail, and removed after its time."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.platform.attention import AttentionActivities, AttentionInput
    from activities.privacy.exports import ExportActivities, ExportStepInput
    from domain.privacy.status import ExportStatus
    from workflows.privacy.export import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task


@workflow.defn(name=messages.WORKFLOW)
class ExportWorkflow:
    """Runs as long as the file exists. Ends ``expired``, or ``failed`` when the file could not be written or
    removed."""

    @workflow.run
    async def run(self, start: messages.ExportInput) -> ExportStatus:
        """Returns the status of the export at the end."""
        about = ExportStepInput(start.export_id, start.user_id)
        try:
            until = await workflow.execute_activity_method(ExportActivities.write, about, **options.FILES)
            if until is None:
                return ExportStatus.EXPIRED
            await workflow.sleep(max(0.0, (until - workflow.now()).total_seconds()))
            await workflow.execute_activity_method(ExportActivities.remove, about, **options.FILES)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return await self._give_up(about)
        return ExportStatus.EXPIRED

    async def _give_up(self, about: ExportStepInput) -> ExportStatus:
        """The file could not be written or removed: an attention item is filed."""
        details = {"export_id": str(about.export_id)}
        item = AttentionInput("export_stuck", f"export_stuck:{about.export_id}", details=details)
        with fail_workflow_task("exports.fail"):
            await workflow.execute_local_activity_method(ExportActivities.fail, about, **options.STEP)
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)
        return ExportStatus.FAILED
