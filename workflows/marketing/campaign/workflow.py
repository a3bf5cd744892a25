"""A campaign: page after page of recipients, with a pause between, until all have a message or a person stops it."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.marketing.campaigns import CampaignActivities, CampaignCommandInput, CampaignStepInput
    from activities.platform.attention import AttentionActivities, AttentionInput
    from domain.marketing.campaigns import ACTIVE, OVER, CampaignStatus
    from workflows.marketing.campaign import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task, is_unexpected, refusal_in, wrong_state

#: The clock of the worker that takes the page may be a little behind the clock of this run.
_SHORTEST_WAIT = timedelta(milliseconds=200)


@workflow.defn(name=messages.WORKFLOW)
class CampaignWorkflow:
    """One run per campaign. Who is next, and whether it goes on, is decided in Postgres under the campaign's lock, so a
    page that is lost, late or taken twice does no harm."""

    @workflow.init
    def __init__(self, start: messages.CampaignInput) -> None:
        self._pages_per_run = start.pages_per_run
        self._about = CampaignStepInput(start.campaign_id, start.business_id)
        self._status = start.status
        self._queued = start.queued
        self._pages = 0
        self._lock = asyncio.Lock()

    @workflow.run
    async def run(self, start: messages.CampaignInput) -> CampaignStatus:
        """Returns how the campaign ended."""
        while self._status not in OVER:
            await workflow.wait_condition(lambda: self._status is not CampaignStatus.PAUSED)
            if (next_at := await self._take_page()) is not None:
                await self._wait(next_at)
            await self._continue_if_long()
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.set_current_details(f"**{self._status}**, {self._queued} messages")
        return self._status

    # -- the process -------------------------------------------------------------------------------------------------

    async def _take_page(self) -> datetime | None:
        """Queue the next messages; when to take the next page, None when none is to come."""
        async with self._lock:
            if self._status not in ACTIVE:
                return None
            with fail_workflow_task("campaigns.take_page"):
                page = await workflow.execute_local_activity_method(
                    CampaignActivities.take_page, self._about, **options.STEP
                )
            self._status = page.status
            self._queued += page.queued
            self._pages += 1
        workflow.set_current_details(f"**{self._status}**, {self._queued} messages so far")
        return page.next_at

    async def _wait(self, next_at: datetime) -> None:
        """Until the next page is due, or somebody pauses or stops the campaign."""
        left = max(next_at - workflow.now(), _SHORTEST_WAIT)
        try:
            await workflow.wait_condition(
                lambda: self._status not in ACTIVE, timeout=left, timeout_summary="the next page"
            )
        except TimeoutError:
            return

    async def _continue_if_long(self) -> None:
        if self._pages < self._pages_per_run and not workflow.info().is_continue_as_new_suggested():
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        about = self._about
        if self._status not in OVER:
            workflow.continue_as_new(
                messages.CampaignInput(
                    about.campaign_id, about.business_id, self._status, self._queued, self._pages_per_run
                )
            )

    # -- updates: commands of people; queries: support -----------------------------------------------------------------

    @workflow.update(name=messages.COMMAND)
    async def command(self, said: messages.CommandInput) -> CampaignStatus:
        """Pause, resume or stop. A page that is being taken is finished first."""
        about = self._about
        step = CampaignCommandInput(about.campaign_id, about.business_id, said.command)
        try:
            async with self._lock:
                self._status = await workflow.execute_local_activity_method(
                    CampaignActivities.command, step, **options.COMMAND
                )
        except FailureError as error:
            refusal = refusal_in(error)
        else:
            return self._status
        if is_unexpected(refusal):
            await self._raise_alert(said, refusal)
        raise refusal

    @command.validator
    def _may_command(self, said: messages.CommandInput) -> None:
        if self._status in OVER:
            raise wrong_state(self._status, said.command)

    async def _raise_alert(self, said: messages.CommandInput, refusal: ApplicationError) -> None:
        item = AttentionInput(
            kind="command_failed",
            dedupe_key=f"command_failed:{said.command_id}",
            business_id=self._about.business_id,
            details={"campaign_id": str(self._about.campaign_id), "code": str(refusal.type)},
        )
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, item, **options.STEP)

    @workflow.query(name=messages.STATE)
    def state(self) -> messages.CampaignState:
        """The present state of this run."""
        return messages.CampaignState(self._status, self._queued)
