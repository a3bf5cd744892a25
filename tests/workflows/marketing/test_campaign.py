"""A campaign's run: pages with pauses, commands of people at any moment, and a worker that dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError, WorkflowUpdateStage
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.marketing.campaigns import CampaignCommandInput, CampaignStepInput
from activities.platform.attention import AttentionInput
from activities.support.errors import ErrorInterceptor
from db.marketing.campaigns import CampaignPage
from domain.errors import WrongState
from domain.marketing.campaigns import OVER, CampaignCommand, CampaignStatus, after_command
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.scheduling.test_reaccommodation import until
from tests.workflows.stub_state import now
from workflows.marketing.campaign import messages
from workflows.marketing.campaign.workflow import CampaignWorkflow
from workflows.support import ids, queues

S = CampaignStatus
C = CampaignCommand


@dataclass
class Table:
    """Postgres: ``left`` recipients in pages of 200. ``away``: how often a page fails before; ``gate``: what the
    first page waits for, after it has set ``begun``; ``between``: the pause after a page. ``bug``: every command
    fails with it."""

    left: int = 450
    away: int = 0
    gate: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    between: timedelta = timedelta(seconds=12)
    status: CampaignStatus = S.SCHEDULED
    starts_at: datetime = field(default_factory=now)
    pages: list[int] = field(default_factory=list)
    filed: list[AttentionInput] = field(default_factory=list)
    bug: Exception | None = None
    tries: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @activity.defn(name="campaigns.take_page")
    async def take_page(self, step: CampaignStepInput) -> CampaignPage:
        async with self.lock:
            if self.away > 0:
                self.away -= 1
                raise ApplicationError("away", type="unavailable")
            if self.status not in {S.SCHEDULED, S.RUNNING}:
                return CampaignPage(self.status, 0, None)
            self.begun.set()
            if self.gate is not None:
                await self.gate.wait()
            page = min(200, self.left)
            self.left -= page
            self.pages.append(page)
            self.status = S.DONE if page < 200 else S.RUNNING
            return CampaignPage(self.status, page, None if self.status is S.DONE else now() + self.between)

    @activity.defn(name="campaigns.command")
    async def command(self, step: CampaignCommandInput) -> CampaignStatus:
        self.tries += 1
        if self.bug is not None:
            raise self.bug
        async with self.lock:
            try:
                self.status = after_command(self.status, step.command, self.starts_at, now())
            except WrongState as error:
                raise ApplicationError(error.code, error.details, type=error.code, non_retryable=True) from error
            return self.status

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True


def worker_of(env: WorkflowEnvironment, table: Table) -> Worker:
    return Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[CampaignWorkflow],
        activities=[table.take_page, table.command, table.file],
        interceptors=[ErrorInterceptor()],
        workflow_runner=workflow_runner(),
    )


@contextlib.asynccontextmanager
async def running(env: WorkflowEnvironment, table: Table, pages_per_run: int = 400) -> AsyncIterator[WorkflowHandle]:
    """A run of a campaign."""
    start = messages.CampaignInput(uuid4(), uuid4(), pages_per_run=pages_per_run)
    async with worker_of(env, table):
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                messages.WORKFLOW,
                start,
                id=ids.campaign(start.campaign_id),
                task_queue=queues.PLATFORM,
                result_type=CampaignStatus,
            )


async def say(handle: WorkflowHandle, command: CampaignCommand) -> CampaignStatus:
    return await handle.execute_update(
        messages.COMMAND, messages.CommandInput(command, uuid4().hex), result_type=CampaignStatus
    )


async def first_page(table: Table) -> None:
    await until(lambda: bool(table.pages))


async def test_campaign_takes_pages_until_all_have_a_message(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = Table(away=2, between=timedelta(seconds=1))
    async with running(temporal_time_skipping, table) as handle:
        assert await handle.result() is S.DONE
    assert table.pages == [200, 200, 50]


async def test_campaign_that_is_paused_in_a_page_finishes_it_and_waits(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    table = Table(gate=asyncio.Event(), between=timedelta(seconds=1))
    assert table.gate is not None
    async with running(temporal_time_skipping, table) as handle:
        await asyncio.wait_for(table.begun.wait(), 30)
        pause = await handle.start_update(
            messages.COMMAND,
            messages.CommandInput(C.PAUSE, uuid4().hex),
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            result_type=CampaignStatus,
        )
        table.gate.set()
        assert await pause.result() is S.PAUSED
        assert table.pages == [200]
        await asyncio.sleep(1.5)
        assert table.pages == [200]
        state = await handle.query(messages.STATE, result_type=messages.CampaignState)
        assert (state.status, state.queued) == (S.PAUSED, 200)
        assert await say(handle, C.RESUME) is S.RUNNING
        assert await handle.result() is S.DONE
    assert table.pages == [200, 200, 50]


async def test_campaign_that_is_stopped_ends_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = Table(between=timedelta(hours=1))
    async with running(temporal_time_skipping, table) as handle:
        await first_page(table)
        assert await say(handle, C.STOP) is S.STOPPED
        assert await handle.result() is S.STOPPED
    assert table.pages == [200]


async def test_campaign_goes_on_with_another_worker(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = Table(left=250, between=timedelta(seconds=1))
    async with running(temporal_time_skipping, table) as handle:
        await first_page(table)
    async with worker_of(temporal_time_skipping, table):
        assert await handle.result() is S.DONE
    assert table.pages == [200, 50]


async def test_campaign_refuses_commands_that_do_not_fit(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = Table(between=timedelta(hours=1))
    async with running(temporal_time_skipping, table) as handle:
        await first_page(table)
        assert await say(handle, C.RESUME) is S.RUNNING
        table.status = S.DONE
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await say(handle, C.PAUSE)
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "wrong_state"
        table.status = S.STOPPED
        await say(handle, C.STOP)
        assert await handle.result() in OVER
    assert table.filed == []


async def test_campaign_of_many_pages_continues_as_a_new_run(temporal_time_skipping: WorkflowEnvironment) -> None:
    table = Table(between=timedelta(seconds=1))
    async with running(temporal_time_skipping, table, pages_per_run=1) as handle:
        assert await handle.result() is S.DONE
        first = await temporal_time_skipping.client.get_workflow_handle(
            handle.id, run_id=handle.first_execution_run_id
        ).fetch_history()
    assert table.pages == [200, 200, 50]
    assert first.events[-1].HasField("workflow_execution_continued_as_new_event_attributes")
