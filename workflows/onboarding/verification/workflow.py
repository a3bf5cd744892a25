"""The review of a business: operators decide, are reminded, and may request more information."""

import asyncio
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.workflow import LocalActivityConfig

with workflow.unsafe.imports_passed_through():
    from activities.onboarding.verification import DecideInput, RemindInput, VerificationActivities
    from activities.platform.attention import AttentionActivities, AttentionInput
    from domain.onboarding.verification import ANSWER_WITHIN, REMIND_AFTER, REVIEW, Decision, ReviewStatus
    from workflows.onboarding.verification import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task, is_unexpected, refusal_in, wrong_state
    from workflows.support.search_attributes import STAGE

OPEN = frozenset({ReviewStatus.WAITING, ReviewStatus.INFO_REQUESTED})


@workflow.defn(name=messages.WORKFLOW)
class VerificationWorkflow:
    """One run per review. It ends when the review is decided, or when the business did not answer in time. A cancelled
    run decides nothing: the review stays open in Postgres, and operators see it in their list."""

    @workflow.init
    def __init__(self, start: messages.VerificationInput) -> None:
        self._start = start
        self._status = start.status
        self._since = start.since or workflow.info().start_time
        self._round = start.round
        self._reminded = 0
        self._waiting_until: datetime | None = None
        self._lock = asyncio.Lock()

    @workflow.run
    async def run(self, start: messages.VerificationInput) -> ReviewStatus:
        """Returns how the review ended."""
        while self._status in OPEN:
            if self._status is ReviewStatus.WAITING:
                await self._wait_for_operator()
            else:
                await self._wait_for_business()
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.set_current_details(f"**{self._status}**")
        return self._status

    # -- the process -------------------------------------------------------------------------------------------------

    async def _wait_for_operator(self) -> None:
        """Until an operator decides or requests information. Sends a reminder at each of the given times."""
        this_round = self._round
        for number, after in enumerate(REMIND_AFTER, 1):
            if await self._changed(this_round, self._since + after, "remind the operators"):
                return
            reminder = RemindInput(self._start.verification_id, self._start.business_id, this_round, number)
            async with self._lock:
                if self._status is not ReviewStatus.WAITING or self._round != this_round:
                    return
                with fail_workflow_task("verification.remind"):
                    self._status = await workflow.execute_local_activity_method(
                        VerificationActivities.remind, reminder, **options.STEP
                    )
            self._reminded += 1
        await self._changed(this_round, None, "an operator decides")

    async def _wait_for_business(self) -> None:
        """Until the business answers or an operator decides. No answer closes the review."""
        if await self._changed(self._round, self._since + ANSWER_WITHIN, "the business answers"):
            return
        command = messages.VerificationCommand(f"{workflow.info().workflow_id}:{workflow.info().run_id}:close")
        async with self._lock:
            if self._status is ReviewStatus.INFO_REQUESTED:
                with fail_workflow_task("verification.decide"):
                    await self._write(Decision.CLOSED, command)

    async def _changed(self, this_round: int, deadline: datetime | None, name: str) -> bool:
        """Wait until the review has changed. False: the deadline came first."""
        was = self._status
        self._waiting_until = deadline
        when = f", until {deadline:%Y-%m-%d %H:%M} UTC" if deadline else ""
        workflow.set_current_details(f"**{was}**: {name}{when}")
        left = None if deadline is None else deadline - workflow.now()
        try:
            await workflow.wait_condition(
                lambda: self._status is not was or self._round != this_round,
                timeout=left,
                timeout_summary=name if left else None,
            )
        except TimeoutError:
            # Updates that started before the deadline are finished first, and their result counts.
            await workflow.wait_condition(workflow.all_handlers_finished)
            return self._status is not was or self._round != this_round
        return True

    async def _decide(self, decision: Decision, command: messages.VerificationCommand) -> ReviewStatus:
        """One transaction. Raises its coded refusal."""
        async with self._lock:
            self._refuse_unless_allowed(decision)
            try:
                await self._write(decision, command, options.COMMAND)
            except FailureError as error:
                refusal = refusal_in(error)
            else:
                return self._status
        if is_unexpected(refusal):
            await self._raise_alert(command, refusal)
        raise refusal

    async def _raise_alert(self, command: messages.VerificationCommand, refusal: ApplicationError) -> None:
        item = AttentionInput(
            kind="command_failed",
            dedupe_key=f"command_failed:{command.command_id}",
            business_id=self._start.business_id,
            details={"verification_id": str(self._start.verification_id), "code": refusal.type},
        )
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)

    async def _write(
        self,
        decision: Decision,
        command: messages.VerificationCommand,
        limits: LocalActivityConfig = options.STEP,
    ) -> None:
        step = DecideInput(
            self._start.verification_id,
            self._start.business_id,
            decision,
            command.command_id,
            command.by,
            command.seen,
        )
        self._status = await workflow.execute_local_activity_method(VerificationActivities.decide, step, **limits)
        self._since = workflow.now()
        self._round += decision is Decision.RESUBMITTED
        workflow.upsert_search_attributes([STAGE.value_set(self._status.value)])

    def _refuse_unless_allowed(self, decision: Decision) -> None:
        allowed, wanted = REVIEW[decision]
        if self._status not in allowed:
            raise wrong_state(self._status, wanted)

    # -- updates: decisions of people --------------------------------------------------------------------------------

    @workflow.update(name=messages.APPROVE)
    async def approve(self, command: messages.VerificationCommand) -> ReviewStatus:
        """The business is approved and becomes public."""
        return await self._decide(Decision.APPROVED, command)

    @approve.validator
    def _may_approve(self, command: messages.VerificationCommand) -> None:
        self._refuse_unless_allowed(Decision.APPROVED)

    @workflow.update(name=messages.REJECT)
    async def reject(self, command: messages.VerificationCommand) -> ReviewStatus:
        """The business is rejected; it may submit again."""
        return await self._decide(Decision.REJECTED, command)

    @reject.validator
    def _may_reject(self, command: messages.VerificationCommand) -> None:
        self._refuse_unless_allowed(Decision.REJECTED)

    @workflow.update(name=messages.REQUEST_INFO)
    async def request_info(self, command: messages.VerificationCommand) -> ReviewStatus:
        """The business is asked for more information and has 30 days to answer."""
        return await self._decide(Decision.INFO_REQUESTED, command)

    @request_info.validator
    def _may_request_info(self, command: messages.VerificationCommand) -> None:
        self._refuse_unless_allowed(Decision.INFO_REQUESTED)

    @workflow.update(name=messages.RESUBMIT)
    async def resubmit(self, command: messages.VerificationCommand) -> ReviewStatus:
        """The business has answered."""
        return await self._decide(Decision.RESUBMITTED, command)

    @resubmit.validator
    def _may_resubmit(self, command: messages.VerificationCommand) -> None:
        self._refuse_unless_allowed(Decision.RESUBMITTED)

    @workflow.query(name=messages.STATE)
    def state(self) -> messages.VerificationState:
        """The present state of this run."""
        until = self._waiting_until.isoformat() if self._waiting_until else None
        return messages.VerificationState(self._status, until, self._reminded)
