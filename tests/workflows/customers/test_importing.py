"""An import goes page after page until no row waits, also while Postgres is away."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.customers.imports import ImportStepInput
from tests.support.workflow_sandbox import workflow_runner
from workflows.customers.importing import messages
from workflows.customers.importing.workflow import CustomerImportWorkflow
from workflows.support import ids, queues


@dataclass
class Pages:
    """Postgres: how many rows each page has. ``away``: how often a page fails before."""

    left: list[int] = field(default_factory=lambda: [250, 250, 17])
    away: int = 0

    @activity.defn(name="imports.take_page")
    async def take_page(self, step: ImportStepInput) -> int:
        if self.away > 0:
            self.away -= 1
            raise ApplicationError("away", type="unavailable")
        return self.left.pop(0) if self.left else 0


@contextlib.asynccontextmanager
async def importing(env: WorkflowEnvironment, pages: Pages) -> AsyncIterator[WorkflowHandle]:
    """A run of an import."""
    start = messages.CustomerImportInput(uuid4(), uuid4())
    async with Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[CustomerImportWorkflow],
        activities=[pages.take_page],
        workflow_runner=workflow_runner(),
    ):
        yield await env.client.start_workflow(
            messages.WORKFLOW, start, id=ids.customer_import(start.import_id), task_queue=queues.PLATFORM
        )


async def test_import_ends_when_no_row_waits(temporal_time_skipping: WorkflowEnvironment) -> None:
    pages = Pages()
    async with importing(temporal_time_skipping, pages) as handle:
        assert await handle.result() == 517
    assert pages.left == []


async def test_import_goes_on_when_postgres_is_back(temporal_time_skipping: WorkflowEnvironment) -> None:
    pages = Pages(away=3)
    async with importing(temporal_time_skipping, pages) as handle:
        assert await handle.result() == 517
