"""An archive of a business lives as long as its file."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.customers.archives import ArchiveStepInput
from activities.platform.attention import AttentionInput
from domain.platform.files import FILE_LASTS, FileStatus
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.stub_state import now
from workflows.customers.archive import messages
from workflows.customers.archive.workflow import BusinessArchiveWorkflow
from workflows.support import ids, queues

FOREVER = 10_000


@dataclass
class Files:
    """Postgres and the storage. ``away``: how often writing fails; ``stuck``: how often removing, and deleting
    what could not be written."""

    away: int = 0
    stuck: int = 0
    did: list[str] = field(default_factory=list)
    filed: list[AttentionInput] = field(default_factory=list)

    @activity.defn(name="archives.write")
    async def write(self, step: ArchiveStepInput) -> datetime:
        if self.away > 0:
            self.away -= 1
            raise ApplicationError("away", type="ProviderUnavailable")
        self.did.append("write")
        return now() + FILE_LASTS

    @activity.defn(name="archives.remove")
    async def remove(self, step: ArchiveStepInput) -> None:
        if self.stuck > 0:
            self.stuck -= 1
            raise ApplicationError("away", type="ProviderUnavailable")
        self.did.append("remove")

    @activity.defn(name="archives.fail")
    async def fail(self, step: ArchiveStepInput) -> None:
        if self.stuck > 0:
            self.stuck -= 1
            raise ApplicationError("away", type="ProviderUnavailable")
        self.did.append("fail")

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True


@contextlib.asynccontextmanager
async def archiving(env: WorkflowEnvironment, files: Files) -> AsyncIterator[WorkflowHandle]:
    """A run of an archive."""
    start = messages.BusinessArchiveInput(uuid4(), uuid4())
    worker = Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[BusinessArchiveWorkflow],
        activities=[files.write, files.remove, files.fail, files.file],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                messages.WORKFLOW,
                start,
                id=ids.business_archive(start.archive_id),
                task_queue=queues.PLATFORM,
                result_type=FileStatus,
            )


async def test_archive_is_removed_after_its_time(temporal_time_skipping: WorkflowEnvironment) -> None:
    files = Files()
    async with archiving(temporal_time_skipping, files) as handle:
        await temporal_time_skipping.fast_forward(handle, FILE_LASTS - timedelta(hours=1))
        assert files.did == ["write"]
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.EXPIRED
    assert files.did == ["write", "remove"]


async def test_archive_that_cannot_be_written_raises_an_alert(temporal_time_skipping: WorkflowEnvironment) -> None:
    files = Files(away=FOREVER)
    async with archiving(temporal_time_skipping, files) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.FAILED
    assert files.did == ["fail"]
    assert [matter.kind for matter in files.filed] == ["archive_stuck"]


async def test_archive_whose_file_cannot_be_removed_is_tried_until_it_is(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """A day of retries raises an alert, and then it goes on: the file has personal data."""
    files = Files(stuck=106)
    async with archiving(temporal_time_skipping, files) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.EXPIRED
    assert files.did == ["write", "remove"]
    assert {matter.kind for matter in files.filed} == {"archive_stuck"}


async def test_archive_that_cannot_be_written_nor_deleted_is_tried_until_it_is(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """The storage is away for more than a day after that of writing: people hear of it, and nothing stays."""
    files = Files(away=FOREVER, stuck=106)
    async with archiving(temporal_time_skipping, files) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.FAILED
    assert files.did == ["fail"]
    assert len(files.filed) == 2
