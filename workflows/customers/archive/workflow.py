"""An archive: the file is written, and removed after its time."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.customers.archives import ArchiveActivities, ArchiveStepInput
    from activities.platform.attention import AttentionInput
    from domain.platform.files import FileStatus
    from workflows.customers.archive import messages
    from workflows.support import options
    from workflows.support.files import FileProcess


@workflow.defn(name=messages.WORKFLOW)
class BusinessArchiveWorkflow:
    """Runs as long as the file exists. Ends ``expired``, or ``failed`` when the file could not be written."""

    @workflow.run
    async def run(self, start: messages.BusinessArchiveInput) -> FileStatus:
        """Returns the status of the archive at the end."""
        details = {"archive_id": str(start.archive_id), "business_id": str(start.business_id)}
        return await FileProcess(
            about=ArchiveStepInput(start.archive_id, start.business_id),
            write=ArchiveActivities.write,
            remove=ArchiveActivities.remove,
            fail=ArchiveActivities.fail,
            fail_name="archives.fail",
            stuck=AttentionInput("archive_stuck", f"archive_stuck:{start.archive_id}", details=details),
            config=options.FILES,
        ).run()
