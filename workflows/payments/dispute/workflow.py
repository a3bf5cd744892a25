"""Gathers the evidence of a dispute, reminds a person before the provider's deadline, and sends the evidence shortly
before it where the business has chosen that."""

from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.payments.disputes import DisputeActivities, DisputeStepInput
    from activities.platform.attention import AttentionActivities, AttentionInput
    from domain.payments.dispute_evidence import send_at
    from domain.payments.disputes import UNSENT, reminders
    from workflows.payments.dispute import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task


@workflow.defn(name=messages.WORKFLOW)
class DisputeWorkflow:
    """Ends shortly before the deadline. The outcome comes as an event of the provider, which the booking's run records;
    the reminder finds it in the row."""

    @workflow.run
    async def run(self, start: messages.DisputeInput) -> int:
        """Returns how many times a person was reminded."""
        step = DisputeStepInput(start.dispute_id, start.business_id, start.due_at)
        with fail_workflow_task("disputes.gather"):
            await workflow.execute_local_activity_method(DisputeActivities.gather, step, **options.STEP)
        reminded = 0
        for at in reminders(start.due_at, workflow.now()):
            await _until(at, "remind of the provider's deadline")
            with fail_workflow_task("disputes.remind"):
                is_open = await workflow.execute_local_activity_method(DisputeActivities.remind, step, **options.STEP)
            if not is_open:
                break
            reminded += 1
        if workflow.patched("send_evidence"):
            await self._send(start, step)
        return reminded

    async def _send(self, start: messages.DisputeInput, step: DisputeStepInput) -> None:
        """Shortly before the deadline, if the business has chosen that. A provider that does not answer until the
        deadline is reported: then a person may still reach it."""
        at = send_at(start.due_at)
        if at is None or start.due_at is None or start.due_at <= workflow.now():
            return
        await _until(at, "send the evidence")
        left = max(start.due_at - workflow.now(), options.LAST_TRY)
        limits = options.MOVE | ActivityConfig(schedule_to_close_timeout=left)
        try:
            await workflow.execute_activity_method(DisputeActivities.send_evidence, step, **limits)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            item = AttentionInput(
                kind=UNSENT,
                dedupe_key=f"{UNSENT}:{start.dispute_id}",
                business_id=start.business_id,
                booking_id=start.booking_id,
                details={"due_at": start.due_at.isoformat()},
            )
            with fail_workflow_task("attention.file"):
                await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)


async def _until(at: datetime, summary: str) -> None:
    left = at - workflow.now()
    if left.total_seconds() > 0:
        await workflow.sleep(left, summary=summary)
