"""A business with many uploads does not delay the upload of another one, and messages that somebody waits for go before
reminders."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle

from activities.media.media import MediaInspectionInput
from activities.messages.notices import NoticeSendInput
from db.engine.session import Database, Scope
from db.platform.outbox import START_MEDIA, START_NOTICE, OutboxStore
from domain.media.status import MediaStatus
from domain.messages.kinds import NoticeStatus
from tests.workers.commands import deliver_all
from workers.main import make_worker
from workers.outbox_dispatcher import OutboxDispatcher
from workers.outbox_relay import OutboxRelay
from workers.registry import worker_specs
from workflows.support import ids, queues
from workflows.support.priorities import ANSWER, REMINDER


@dataclass
class Inspections:
    """Whose files were inspected, in this order."""

    order: list[UUID] = field(default_factory=list)

    @activity.defn(name="media.inspect")
    async def inspect(self, asked: MediaInspectionInput) -> MediaStatus:
        self.order.append(asked.business_id)
        return MediaStatus.READY


@dataclass
class Sent:
    """Which messages were sent, in this order."""

    order: list[str] = field(default_factory=list)

    @activity.defn(name="notices.send")
    async def send(self, asked: NoticeSendInput) -> NoticeStatus:
        self.order.append(ids.notice(asked.notice_id))
        return NoticeStatus.SENT


async def upload(pool: Database, temporal: Client, business_ids: list[UUID]) -> list[WorkflowHandle]:
    """A run per file, started by the relay in this order."""
    runs = []
    async with pool.unit_of_work(Scope.platform()) as work:
        outbox = OutboxStore(work.session, work.context)
        for business_id in business_ids:
            media_id = uuid4()
            payload = {"media_id": media_id, "business_id": business_id}
            await outbox.add("media.uploaded", f"media/{media_id}", None, payload, START_MEDIA)
            runs.append(temporal.get_workflow_handle(ids.media(media_id)))
    await deliver_all(OutboxRelay(pool, OutboxDispatcher(temporal, pool)), pool)
    return runs


async def until_queued(runs: list[WorkflowHandle]) -> None:
    """Until the inspection of every file waits in the task queue."""
    async with asyncio.timeout(60):
        for run in runs:
            while not (await run.describe()).raw_description.pending_activities:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_inspections_of_two_businesses_take_turns(pool: Database, temporal: Client) -> None:
    many, one = uuid4(), uuid4()
    runs = await upload(pool, temporal, [*[many] * 40, one])
    spec = worker_specs(Mock())[queues.MEDIA]
    async with make_worker(temporal, queues.MEDIA, replace(spec, activities=[]), "test", 10):
        await until_queued(runs)
        keys = [(await run.describe()).raw_description.workflow_execution_info.priority.fairness_key for run in runs]
    assert keys == [*[str(many)] * 40, str(one)]
    inspections = Inspections()
    async with make_worker(temporal, queues.MEDIA, replace(spec, activities=[inspections.inspect]), "test", 10):
        async with asyncio.timeout(60):
            await asyncio.gather(*(run.result() for run in runs))
    assert len(inspections.order) == 41
    # Each partition of the queue is fair by itself, so some of the many may come first.
    assert inspections.order.index(one) < 20


async def notify(pool: Database, temporal: Client, kinds: list[tuple[str, UUID]]) -> list[WorkflowHandle]:
    """A run per message, started by the relay in this order."""
    runs = []
    async with pool.unit_of_work(Scope.platform()) as work:
        outbox = OutboxStore(work.session, work.context)
        for kind, business_id in kinds:
            notice_id = uuid4()
            payload = {
                "notice_id": notice_id,
                "business_id": business_id,
                "kind": kind,
                "give_up_at": datetime.now(UTC) + timedelta(hours=1),
            }
            await outbox.add("notice.queued", f"notice/{notice_id}", None, payload, START_NOTICE)
            runs.append(temporal.get_workflow_handle(ids.notice(notice_id)))
    await deliver_all(OutboxRelay(pool, OutboxDispatcher(temporal, pool)), pool)
    return runs


async def test_messages_that_somebody_waits_for_go_before_reminders(pool: Database, temporal: Client) -> None:
    """A confirmation that is queued behind forty reminders is sent before most of them."""
    many, one = uuid4(), uuid4()
    runs = await notify(pool, temporal, [*[("booking_reminder", many)] * 40, ("booking_confirmed", one)])
    found = [(await run.describe()).raw_description.workflow_execution_info.priority for run in runs]
    assert [(each.priority_key, each.fairness_key) for each in found] == [
        *[(REMINDER, str(many))] * 40,
        (ANSWER, str(one)),
    ]
    sent = Sent()
    spec = worker_specs(Mock())[queues.NOTICES]
    async with make_worker(temporal, queues.NOTICES, replace(spec, activities=[]), "test", 10):
        await until_queued(runs)
    async with make_worker(temporal, queues.NOTICES, replace(spec, activities=[sent.send], at_once=1), "test", 10):
        async with asyncio.timeout(60):
            await asyncio.gather(*(run.result() for run in runs))
    assert len(sent.order) == 41
    # Each partition of the queue has an order of its own, and pollers take ahead.
    assert sent.order.index(runs[-1].id) < 20
