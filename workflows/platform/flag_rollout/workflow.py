"""Raises the share of a feature flag step by step, and stops when a measure exceeds its limit."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.platform.attention import AttentionActivities, AttentionInput
    from activities.platform.flags import BeginStepInput, CheckInput, FlagActivities, MarkInput
    from domain.platform.flag_rollout import OVER, RolloutStatus, Step, pause_between_checks
    from workflows.platform.flag_rollout import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task, is_unexpected, refusal_in, wrong_state


@workflow.defn(name=messages.WORKFLOW)
class FlagRolloutWorkflow:
    """One run per rollout. Postgres says whether the rollout is still valid: an operator who changes the flag's share
    or switches it off supersedes it, and the run ends at its next check."""

    @workflow.init
    def __init__(self, start: messages.RolloutInput) -> None:
        self._start = start
        self._status = RolloutStatus.RUNNING
        self._step = start.first_step
        self._lock = asyncio.Lock()

    @workflow.run
    async def run(self, start: messages.RolloutInput) -> RolloutStatus:
        """Returns how the rollout ended."""
        try:
            await self._run_steps()
            await self._mark(RolloutStatus.DONE)
        except asyncio.CancelledError:
            # An operator cancelled the run: same as the command.
            await self._mark(RolloutStatus.CANCELLED)
            raise
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.set_current_details(f"**{self._status}** at step {self._step}")
        return self._status

    async def _run_steps(self) -> None:
        """Every step from the first of this run on, until the rollout has ended."""
        start = self._start
        for number, step in list(enumerate(start.plan.steps, 1))[start.first_step - 1 :]:
            if workflow.info().is_continue_as_new_suggested() and number > start.first_step:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(messages.RolloutInput(start.rollout_id, start.flag, start.plan, number))
            self._step = number
            await self._begin(number, step)
            await self._watch(step)
            if self._status in OVER:
                return

    async def _begin(self, number: int, step: Step) -> None:
        await workflow.wait_condition(lambda: self._status is not RolloutStatus.PAUSED)
        async with self._lock:
            if self._status in OVER:
                return
            workflow.set_current_details(f"step {number}: {step.share / 100:g} %, watched for {step.watch_for}")
            with fail_workflow_task("flags.begin_step"):
                self._status = await workflow.execute_local_activity_method(
                    FlagActivities.begin_step, BeginStepInput(self._start.rollout_id, number), **options.STEP
                )

    async def _watch(self, step: Step) -> None:
        """Until the step's time has passed. Time in which the rollout is paused does not count."""
        left = step.watch_for
        pause = pause_between_checks(step.watch_for)
        while left > timedelta(0) and self._status not in OVER:
            await workflow.wait_condition(lambda: self._status is not RolloutStatus.PAUSED)
            began = workflow.now()
            try:
                await workflow.wait_condition(
                    lambda: self._status is not RolloutStatus.RUNNING,
                    timeout=min(left, pause),
                    timeout_summary=f"step {self._step}: look again",
                )
            except TimeoutError:
                await self._check()
            left -= workflow.now() - began

    async def _check(self) -> None:
        async with self._lock:
            if self._status in OVER:
                return
            with fail_workflow_task("flags.check"):
                found = await workflow.execute_local_activity_method(
                    FlagActivities.check, CheckInput(self._start.rollout_id), **options.STEP
                )
            if found.status in OVER:
                self._status = found.status
                return
        if found.over:
            counts = {measure.value: count for measure, count in found.over.items()}
            await self._mark(RolloutStatus.STOPPED, {"step": self._step, **counts})

    async def _mark(self, status: RolloutStatus, reason: Mapping[str, str | int] | None = None) -> None:
        """Set the status, unless the rollout has already ended."""
        async with self._lock:
            if self._status in OVER:
                return
            with fail_workflow_task("flags.mark"):
                self._status = await workflow.execute_local_activity_method(
                    FlagActivities.mark, MarkInput(self._start.rollout_id, status, reason or {}), **options.STEP
                )

    async def _execute_command(self, status: RolloutStatus, command: messages.RolloutCommand) -> RolloutStatus:
        """An operator waits for the answer. An unexpected error is returned to the caller and raises an alert."""
        async with self._lock:
            if self._status in OVER:
                return self._status
            step = MarkInput(self._start.rollout_id, status, {"by": str(command.by)})
            try:
                self._status = await workflow.execute_local_activity_method(
                    FlagActivities.mark, step, **options.COMMAND
                )
            except FailureError as error:
                refusal = refusal_in(error)
            else:
                return self._status
        if is_unexpected(refusal):
            await self._raise_alert(status, refusal)
        raise refusal

    async def _raise_alert(self, wanted: RolloutStatus, refusal: ApplicationError) -> None:
        update = workflow.current_update_info()
        item = AttentionInput(
            kind="command_failed",
            dedupe_key=f"command_failed:{update.id if update else self._start.rollout_id}",
            details={"rollout_id": str(self._start.rollout_id), "wanted": wanted.value, "code": refusal.type},
        )
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)

    # -- updates: commands of operators ---------------------------------------------------------------------------

    @workflow.update(name=messages.PAUSE)
    async def pause(self, command: messages.RolloutCommand) -> RolloutStatus:
        """Keep the present share until the rollout is resumed."""
        return await self._execute_command(RolloutStatus.PAUSED, command)

    @pause.validator
    def _may_pause(self, command: messages.RolloutCommand) -> None:
        if self._status is not RolloutStatus.RUNNING:
            raise wrong_state(self._status, RolloutStatus.PAUSED)

    @workflow.update(name=messages.RESUME)
    async def resume(self, command: messages.RolloutCommand) -> RolloutStatus:
        """Continue where it was paused."""
        return await self._execute_command(RolloutStatus.RUNNING, command)

    @resume.validator
    def _may_resume(self, command: messages.RolloutCommand) -> None:
        if self._status is not RolloutStatus.PAUSED:
            raise wrong_state(self._status, RolloutStatus.RUNNING)

    @workflow.update(name=messages.CANCEL)
    async def cancel(self, command: messages.RolloutCommand) -> RolloutStatus:
        """Stop, and restore the share that the flag had before."""
        return await self._execute_command(RolloutStatus.CANCELLED, command)

    @cancel.validator
    def _may_cancel(self, command: messages.RolloutCommand) -> None:
        if self._status in OVER:
            raise wrong_state(self._status, RolloutStatus.CANCELLED)

    @workflow.query(name=messages.STATE)
    def state(self) -> messages.RolloutState:
        """The present state."""
        share = self._start.plan.steps[self._step - 1].share
        return messages.RolloutState(self._status, self._step, share)
