"""One message to one recipient: tried with growing pauses until its deadline, then marked as failed."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.messages.notices import NoticeActivities, NoticeSendInput
    from domain.messages.kinds import NoticeStatus
    from workflows.messages.notice import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task


@workflow.defn(name=messages.WORKFLOW)
class NoticeWorkflow:
    """Ends when the provider accepted or refused the message, or at its deadline. What happens later (delivered,
    bounced) is written to the row by the provider's webhook."""

    @workflow.run
    async def run(self, start: messages.NoticeInput) -> NoticeStatus:
        """The message's status at the end of the run."""
        about = NoticeSendInput(start.notice_id, start.business_id)
        left = start.give_up_at - workflow.now()
        if left.total_seconds() > 0:
            limits = options.SEND | ActivityConfig(schedule_to_close_timeout=left, summary=start.kind)
            try:
                return await workflow.execute_activity_method(NoticeActivities.send, about, **limits)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
        with fail_workflow_task("notices.give_up"):
            return await workflow.execute_local_activity_method(NoticeActivities.give_up, about, **options.STEP)
