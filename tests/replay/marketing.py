"""How runs of campaigns and automations can end."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from domain.marketing.campaigns import CampaignCommand
from tests.workflows.marketing.test_automation import Morning, looking_after
from tests.workflows.marketing.test_campaign import Table, first_page, running, say

Story = Callable[[WorkflowEnvironment], Awaitable[WorkflowHistory]]
_SOON = timedelta(seconds=1)


def _campaign(*commands: CampaignCommand, pages_per_run: int = 400) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        table = Table(between=timedelta(hours=1) if commands else _SOON)
        async with running(env, table, pages_per_run) as handle:
            if commands:
                await first_page(table)
                table.between = _SOON
            for command in commands:
                await say(handle, command)
            await handle.result()
            run = env.client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
            return await run.fetch_history()

    return story


def _automation(away: int = 0) -> Story:
    async def story(env: WorkflowEnvironment) -> WorkflowHistory:
        async with looking_after(env, Morning(away=away)) as handle:
            await env.fast_forward(handle)
            await handle.result()
            return await handle.fetch_history()

    return story


CAMPAIGN_STORIES: Mapping[str, Story] = {
    "done": _campaign(),
    "paused": _campaign(CampaignCommand.PAUSE, CampaignCommand.RESUME),
    "stopped": _campaign(CampaignCommand.STOP),
    "continued": _campaign(pages_per_run=1),
}
AUTOMATION_STORIES: Mapping[str, Story] = {"off": _automation(), "database_away": _automation(away=3)}
