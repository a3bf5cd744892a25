"""A copy of one's data lives as long as its file; a person who is forgotten is unknown at once and gone later."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.platform.attention import AttentionInput
from activities.privacy.erasures import ErasureStepInput
from activities.privacy.exports import ExportStepInput
from domain.platform.files import FILE_LASTS, FileStatus
from domain.privacy.status import ERASURE_DELAY
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.stub_state import now
from workflows.privacy.erasure import messages as erasure
from workflows.privacy.erasure.workflow import ErasureWorkflow
from workflows.privacy.export import messages as export
from workflows.privacy.export.workflow import ExportWorkflow
from workflows.support import ids, queues

FOREVER = 10_000


@dataclass
class Archive:
    """Postgres and the storage. ``away``: how often the named step fails; ``looks``: how often the last e-mail still
    waits; ``unwanted``: the person asked to be forgotten while the file was written."""

    away: dict[str, int] = field(default_factory=dict)
    looks: int = 0
    unwanted: bool = False
    did: list[str] = field(default_factory=list)
    filed: list[AttentionInput] = field(default_factory=list)

    def _step(self, name: str) -> None:
        if self.away.get(name, 0) > 0:
            self.away[name] -= 1
            raise ApplicationError("away", type="ProviderUnavailable")
        self.did.append(name)

    @activity.defn(name="exports.write")
    async def write(self, about: ExportStepInput) -> datetime | None:
        self._step("write")
        return None if self.unwanted else now() + FILE_LASTS

    @activity.defn(name="exports.remove")
    async def remove(self, about: ExportStepInput) -> None:
        self._step("remove")

    @activity.defn(name="exports.fail")
    async def fail(self, about: ExportStepInput) -> None:
        self._step("fail")

    @activity.defn(name="erasures.remove_exports")
    async def remove_exports(self, about: ErasureStepInput) -> int:
        self._step("remove_exports")
        return 0

    @activity.defn(name="erasures.anonymise")
    async def anonymise(self, about: ErasureStepInput) -> bool:
        self._step("anonymise")
        return True

    @activity.defn(name="erasures.finish")
    async def finish(self, about: ErasureStepInput) -> bool:
        self._step("finish")
        return True

    @activity.defn(name="erasures.forget_address")
    async def forget_address(self, about: ErasureStepInput) -> bool:
        self._step("forget_address!" if about.even_if_unsent else "forget_address")
        self.looks -= 1
        return about.even_if_unsent or self.looks < 0

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        self.filed.append(matter)
        return True

    @property
    def activities(self) -> list[Any]:
        return [
            *(self.write, self.remove, self.fail, self.remove_exports, self.anonymise, self.finish),
            *(self.forget_address, self.file),
        ]


@contextlib.asynccontextmanager
async def _running(env: WorkflowEnvironment, archive: Archive) -> AsyncIterator[None]:
    worker = Worker(
        env.client,
        task_queue=queues.PLATFORM,
        workflows=[ExportWorkflow, ErasureWorkflow],
        activities=archive.activities,
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            yield


@contextlib.asynccontextmanager
async def exporting(env: WorkflowEnvironment, archive: Archive) -> AsyncIterator[WorkflowHandle]:
    """A run of a copy."""
    export_id = uuid4()
    async with _running(env, archive):
        yield await env.client.start_workflow(
            export.WORKFLOW,
            export.ExportInput(export_id, uuid4()),
            id=ids.export(export_id),
            task_queue=queues.PLATFORM,
            result_type=FileStatus,
        )


@contextlib.asynccontextmanager
async def forgetting(env: WorkflowEnvironment, archive: Archive) -> AsyncIterator[WorkflowHandle]:
    """A run that forgets somebody."""
    user_id: UUID = uuid4()
    async with _running(env, archive):
        yield await env.client.start_workflow(
            erasure.WORKFLOW,
            erasure.ErasureInput(uuid4(), user_id, now() + ERASURE_DELAY),
            id=ids.erasure(user_id),
            task_queue=queues.PLATFORM,
        )


async def test_file_goes_after_its_time(temporal_time_skipping: WorkflowEnvironment) -> None:
    archive = Archive()
    async with exporting(temporal_time_skipping, archive) as handle:
        await temporal_time_skipping.fast_forward(handle, FILE_LASTS - timedelta(hours=1))
        assert archive.did == ["write"]
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.EXPIRED
    assert archive.did == ["write", "remove"]


async def test_file_that_nobody_may_have_any_more(temporal_time_skipping: WorkflowEnvironment) -> None:
    archive = Archive(unwanted=True)
    async with exporting(temporal_time_skipping, archive) as handle:
        assert await handle.result() is FileStatus.EXPIRED
    assert archive.did == ["write"]


async def test_file_that_cannot_be_written_raises_an_alert(temporal_time_skipping: WorkflowEnvironment) -> None:
    archive = Archive(away={"write": FOREVER})
    async with exporting(temporal_time_skipping, archive) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.FAILED
    assert archive.did[-1] == "fail"
    assert [matter.kind for matter in archive.filed] == ["export_stuck"]


async def test_file_that_cannot_be_removed_is_tried_until_it_is(temporal_time_skipping: WorkflowEnvironment) -> None:
    """A day of retries raises an alert, and then it goes on: the file has personal data."""
    archive = Archive(away={"remove": 106})
    async with exporting(temporal_time_skipping, archive) as handle:
        await temporal_time_skipping.fast_forward(handle)
        assert await handle.result() is FileStatus.EXPIRED
    assert archive.did == ["write", "remove"]
    assert {matter.kind for matter in archive.filed} == {"export_stuck"}


async def test_erased_person_is_unknown_at_once_and_gone_after_the_delay(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    archive = Archive(away={"remove_exports": 2, "finish": 1})
    async with forgetting(temporal_time_skipping, archive) as handle:
        await temporal_time_skipping.fast_forward(handle, ERASURE_DELAY - timedelta(hours=1))
        assert archive.did == ["anonymise", "remove_exports"]
        await temporal_time_skipping.fast_forward(handle)
        await handle.result()
    assert archive.did[2:] == ["remove_exports", "finish", "forget_address"]
    assert archive.filed == []


async def test_erasure_keeps_the_address_until_the_last_email(temporal_time_skipping: WorkflowEnvironment) -> None:
    archive = Archive(looks=3)
    async with forgetting(temporal_time_skipping, archive) as handle:
        await temporal_time_skipping.fast_forward(handle)
        await handle.result()
    assert archive.did.count("forget_address") == 4


async def test_erasure_does_not_keep_the_address_forever(temporal_time_skipping: WorkflowEnvironment) -> None:
    archive = Archive(looks=FOREVER, away={"remove_exports": FOREVER})
    async with forgetting(temporal_time_skipping, archive) as handle:
        await temporal_time_skipping.fast_forward(handle)
        await handle.result()
    assert archive.did[-1] == "forget_address!"
    assert archive.did.count("forget_address!") == 1
    assert "finish" in archive.did, "the storage keeps nothing else from its turn"
    assert {matter.kind for matter in archive.filed} == {"erasure_stuck"}
