"""An automation's run: it looks once a day, as long as the automation is switched on."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.marketing.automations import AutomationStepInput
from db.marketing.automations import AutomationStep
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.scheduling.test_reaccommodation import until
from tests.workflows.stub_state import now
from workflows.marketing.automation import messages
from workflows.marketing.automation.workflow import AutomationWorkflow
from workflows.support import ids, queues


@dataclass
class Morning:
    """Postgres: messages on each of the first days; then it is off, unless ``on``. ``away``: how often it fails."""

    days: list[int] = field(default_factory=lambda: [3, 0, 2])
    away: int = 0
    on: bool = False
    looks: int = 0

    @activity.defn(name="automations.look")
    async def look(self, step: AutomationStepInput) -> AutomationStep:
        if self.away > 0:
            self.away -= 1
            raise ApplicationError("away", type="unavailable")
        self.looks += 1
        if not self.days and not self.on:
            return AutomationStep(0, None)
        return AutomationStep(self.days.pop(0) if self.days else 0, now() + timedelta(days=self.looks))


@contextlib.asynccontextmanager
async def looking_after(env: WorkflowEnvironment, morning: Morning) -> AsyncIterator[WorkflowHandle]:
    """A run of an automation."""
    start = messages.AutomationInput(uuid4(), uuid4())
    async with Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[AutomationWorkflow],
        activities=[morning.look],
        workflow_runner=workflow_runner(),
    ):
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                messages.WORKFLOW,
                start,
                id=ids.automation(start.automation_id),
                task_queue=queues.PLATFORM,
                result_type=int,
            )


async def test_automation_looks_each_day_until_it_is_off(temporal_time_skipping: WorkflowEnvironment) -> None:
    morning = Morning(away=1)
    async with looking_after(temporal_time_skipping, morning) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() == 5
    assert morning.looks == 4


async def test_automation_that_changes_is_looked_after_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    morning = Morning(days=[], on=True)
    async with looking_after(temporal_time_skipping, morning) as handle:
        await until(lambda: morning.looks > 0)
        morning.on = False
        await handle.signal(messages.CHANGED, messages.AutomationChanged())
        assert await handle.result() == 0
