"""The run of a reset waits for its time and then asks the database."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.identity.two_factor import TwoFactorResetStepInput
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.stub_state import now
from workflows.identity.two_factor_reset import messages
from workflows.identity.two_factor_reset.workflow import TwoFactorResetWorkflow
from workflows.support import ids, queues

DELAY = timedelta(hours=24)


@dataclass
class Resets:
    """The database's side. ``waits``: the reset was not cancelled."""

    waits: bool = True
    asked: list[TwoFactorResetStepInput] = field(default_factory=list)

    @activity.defn(name="logins.reset_two_factor")
    async def reset(self, about: TwoFactorResetStepInput) -> bool:
        self.asked.append(about)
        return self.waits


@contextlib.asynccontextmanager
async def resetting(env: WorkflowEnvironment, resets: Resets) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    """A run of a reset that happens after :data:`DELAY`."""
    start = messages.TwoFactorResetInput(uuid4(), uuid4(), now() + DELAY)
    worker = Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[TwoFactorResetWorkflow],
        activities=[resets.reset],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                messages.WORKFLOW,
                start,
                id=ids.two_factor_reset(start.reset_id),
                task_queue=queues.PLATFORM,
                result_type=bool,
            )


@pytest.mark.parametrize("waits", [True, False])
async def test_reset_is_asked_for_after_the_delay(temporal_time_skipping: WorkflowEnvironment, waits: bool) -> None:
    resets = Resets(waits)
    async with resetting(temporal_time_skipping, resets) as handle:
        await temporal_time_skipping.fast_forward(handle, DELAY - timedelta(hours=1))
        assert resets.asked == []
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is waits
    assert len(resets.asked) == 1
