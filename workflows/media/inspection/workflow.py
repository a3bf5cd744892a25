"""One picture or film: inspected again until it works; rejected after a day."""

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
    """Ends with the file ready, or rejected for a reason that the row has."""

    @workflow.run
    async def run(self, start: messages.MediaInput) -> MediaStatus:
        """Its status at the end of the run."""
        about = MediaInspectionInput(start.media_id, start.business_id)
        try:
            return await workflow.execute_activity_method(MediaActivities.look, about, **options.LOOK)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
        with fail_workflow_task("media.give_up"):
            return await workflow.execute_local_activity_method(MediaActivities.give_up, about, **options.STEP)
