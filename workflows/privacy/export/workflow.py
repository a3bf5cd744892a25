"""A data export: the file is written, announced by e-mail, and removed after its time."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.platform.attention import AttentionInput
    from activities.privacy.exports import ExportActivities, ExportStepInput
    from domain.platform.files import FileStatus
    from workflows.privacy.export import messages
    from workflows.support import options
    from workflows.support.files import FileProcess


@workflow.defn(name=messages.WORKFLOW)
class ExportWorkflow:
    """Runs as long as the file exists. Ends ``expired``, or ``failed`` when the file could not be written."""

    @workflow.run
    async def run(self, start: messages.ExportInput) -> FileStatus:
        """Returns the status of the export at the end."""
        details = {"export_id": str(start.export_id)}
        return await FileProcess(
            about=ExportStepInput(start.export_id, start.user_id),
            write=ExportActivities.write,
            remove=ExportActivities.remove,
            fail=ExportActivities.fail,
            fail_name="exports.fail",
            stuck=AttentionInput("export_stuck", f"export_stuck:{start.export_id}", details=details),
            config=options.FILES,
        ).run()
