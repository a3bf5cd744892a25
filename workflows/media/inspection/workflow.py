"""One picture or film: inspected, with retries; rejected after a day."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.media.media import MediaActivities, MediaInspectionInput
    from domain.media.status import MediaStatus
    from workflows.media.inspection import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task


@workflow.defn(name=messages.WORKFLOW)
class MediaWorkflow:
    """Ends when the file is ready or rejected; the row has the reason."""

    @workflow.run
    async def run(self, start: messages.MediaInput) -> MediaStatus:
        """Returns the status at the end of the run."""
        about = MediaInspectionInput(start.media_id, start.business_id)
        try:
            return await workflow.execute_activity_method(MediaActivities.inspect, about, **options.INSPECT)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
        with fail_workflow_task("media.give_up"):
            return await workflow.execute_local_activity_method(MediaActivities.give_up, about, **options.STEP)
