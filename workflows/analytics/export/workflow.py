"""An export of figures: the file is written, announced by e-mail, and removed after its time."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.analytics.exports import AnalyticsExportActivities, AnalyticsExportStepInput
    from activities.platform.attention import AttentionInput
    from domain.platform.files import FileStatus
    from workflows.analytics.export import messages
    from workflows.support import options
    from workflows.support.files import FileProcess


@workflow.defn(name=messages.WORKFLOW)
class AnalyticsExportWorkflow:
    """Runs as long as the file exists. Ends ``expired``, or ``failed`` when the file could not be written."""

    @workflow.run
    async def run(self, start: messages.AnalyticsExportInput) -> FileStatus:
        """Returns the status of the export at the end."""
        details = {"export_id": str(start.export_id), "business_id": str(start.business_id or "")}
        return await FileProcess(
            about=AnalyticsExportStepInput(start.export_id, start.business_id),
            write=AnalyticsExportActivities.write,
            remove=AnalyticsExportActivities.remove,
            fail=AnalyticsExportActivities.fail,
            fail_name="figures.fail",
            stuck=AttentionInput(
                "analytics_export_stuck", f"analytics_export_stuck:{start.export_id}", details=details
            ),
            config=options.FIGURES_FILES,
        ).run()
