"""One refund: requested from the provider once, then followed until the provider gives the result."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.payments.refunds import (
        ApplyRefundEventInput,
        BeginRefundInput,
        PollRefundInput,
        RecordRefundInput,
        RefundActivities,
    )
    from activities.platform.attention import AttentionActivities, AttentionInput
    from domain.payments.status import Phase, RefundStatus
    from domain.payments.tasks import MoneyResult, MoneyTask
    from workflows.payments.refund import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task, refusal_in

OVER = frozenset({RefundStatus.SUCCEEDED, RefundStatus.FAILED})


@workflow.defn(name=messages.WORKFLOW)
class RefundWorkflow:
    """Ends when the refund has succeeded or failed. A failure is filed as an attention item by the step that records
    it."""

    @workflow.init
    def __init__(self, start: messages.RefundInput) -> None:
        self._refund = start
        self._events = 0
        self._tries = 0
        #: The status after the provider's last event.
        self._status: RefundStatus | None = None
        self._seen: set[UUID] = set()

    @workflow.run
    async def run(self, start: messages.RefundInput) -> RefundStatus | None:
        """Returns how the refund ended; None when it had ended before this run and no event changed that."""
        about = BeginRefundInput(start.refund_id, start.business_id, start.booking_id)
        with fail_workflow_task("refunds.begin"):
            task = await workflow.execute_local_activity_method(RefundActivities.begin, about, **options.STEP)
        status = await self._carry_out(task) if task is not None else None
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._status or status

    async def _carry_out(self, task: MoneyTask) -> RefundStatus:
        result = await self._ask(task)
        if result.phase is Phase.UNKNOWN:
            status = await self._record(task, result)
            if status in OVER:
                return status  # The provider's event came first.
            result = await self._follow(task, result)
            if self._status in OVER:
                return self._status
        return await self._record(task, result)

    async def _ask(self, task: MoneyTask) -> MoneyResult:
        """Ask until the provider answers. The movement id is the idempotency key, so the refund is made once."""
        pause = options.FIRST_PAUSE
        limits = options.MOVE | ActivityConfig(summary=f"refund {task.amount} {task.currency}")
        while True:
            try:
                return await workflow.execute_activity_method(RefundActivities.perform, task, **limits)
            except ActivityError as error:
                await self._count_failure(error)
            await self._wait(pause)
            pause = options.next_pause(pause, options.LONGEST_PAUSE)

    async def _follow(self, task: MoneyTask, result: MoneyResult) -> MoneyResult:
        """A pending refund may take days (a bank transfer). Usually an event reports its end; polling with growing
        pauses is the fallback for an event that was lost."""
        pause = options.FIRST_POLL_PAUSE
        while result.phase is Phase.UNKNOWN and self._status not in OVER:
            if await self._wait(pause):
                continue  # The event has set the status, so there is nothing to ask.
            pause = options.next_pause(pause, options.LONGEST_POLL_PAUSE)
            if result.provider_ref is None:
                result = await self._ask(task)
                continue
            try:
                result = await workflow.execute_activity_method(
                    RefundActivities.poll, PollRefundInput(task, result.provider_ref), **options.POLL
                )
            except ActivityError as error:
                await self._count_failure(error)
        return result

    async def _record(self, task: MoneyTask, result: MoneyResult) -> RefundStatus:
        """Record the provider's answer. Where our records refuse it (the ledger's checks), it is tried again a few
        times or with the next event; then a person looks, and the run ends with what the last event said."""
        outcome = RecordRefundInput(self._refund.refund_id, self._refund.business_id, task, result)
        pause = options.FIRST_PAUSE
        for _ in range(options.RECORD_TRIES):
            try:
                return await workflow.execute_local_activity_method(RefundActivities.record, outcome, **options.STEP)
            except FailureError as error:
                refusal = refusal_in(error)
            await self._wait(pause)
            if self._status in OVER:
                return self._status
            pause = options.next_pause(pause, options.LONGEST_PAUSE)
        details = {"phase": result.phase, "reference": result.provider_ref, "code": refusal.type}
        await self._file("outcome_refused", task.movement_id, details)
        return self._status or RefundStatus.PROCESSING

    async def _count_failure(self, error: ActivityError) -> None:
        if is_cancelled_exception(error):
            raise error
        self._tries += 1
        if self._tries == options.ALERT_AFTER:
            await self._file("refund_unsettled", str(self._refund.refund_id), {"tries": self._tries})

    async def _wait(self, pause: timedelta) -> bool:
        """Wait for an event of the provider. False: the pause is over."""
        applied = self._events
        try:
            await workflow.wait_condition(
                lambda: self._events != applied or self._status in OVER,
                timeout=pause,
                timeout_summary="ask the provider again",
            )
        except TimeoutError:
            return False
        return True

    @workflow.signal(name=messages.REFUND_EVENT)
    async def refund_event(self, event: messages.RefundEventInput) -> None:
        """The provider said something about this refund: apply it once."""
        if event.webhook_id in self._seen:
            return
        self._seen.add(event.webhook_id)
        row = ApplyRefundEventInput(self._refund.refund_id, self._refund.business_id, event.webhook_id)
        try:
            self._status = await workflow.execute_local_activity_method(
                RefundActivities.apply_event, row, **options.STEP
            )
        except FailureError as error:
            # An event that cannot be applied must not block the refund. An operator may deliver it again.
            self._seen.discard(event.webhook_id)
            await self._event_refused(event.webhook_id, refusal_in(error))
        self._events += 1

    async def _event_refused(self, webhook_id: UUID, refusal: ApplicationError) -> None:
        await self._file("event_refused", str(webhook_id), {"webhook_id": str(webhook_id), "code": refusal.type})

    async def _file(self, kind: str, key: str, details: dict[str, Any]) -> None:
        """File an attention item about this refund."""
        refund = self._refund
        item = AttentionInput(
            kind=kind,
            dedupe_key=f"{kind}:{key}",
            business_id=refund.business_id,
            booking_id=refund.booking_id,
            details={"refund_id": str(refund.refund_id), **details},
        )
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)
