"""What runs by the clock: written twice it is there once, and it really runs."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio
from temporalio.client import Client, ScheduleOverlapPolicy, ScheduleUpdate, ScheduleUpdateInput

from tests.support import data, servers
from tests.workers.test_main import running
from workers.main import run_worker
from workers.schedules import SCHEDULES, write_schedules
from workflows.support import queues


@pytest_asyncio.fixture
async def scheduled(temporal: Client) -> AsyncIterator[Client]:
    """A server with our schedules, which leave with the test."""
    await write_schedules(temporal)
    yield temporal
    for each in SCHEDULES:
        await temporal.get_schedule_handle(each.id).delete()


async def test_schedules_written_twice_are_there_once(scheduled: Client) -> None:
    await write_schedules(scheduled)
    for each in SCHEDULES:
        found = await scheduled.get_schedule_handle(each.id).describe()
        assert found.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
        assert found.schedule.policy.catchup_window == each.catch_up
        assert found.schedule.spec.time_zone_name == "Asia/Tokyo"
        assert len(found.info.next_action_times) > 3
        assert not found.schedule.state.paused


async def test_schedules_stay_paused_but_lose_other_changes(scheduled: Client) -> None:
    handle = scheduled.get_schedule_handle(SCHEDULES[0].id)
    await handle.pause(note="the disk is full")

    def lengthen(found: ScheduleUpdateInput) -> ScheduleUpdate:
        found.description.schedule.policy.catchup_window = timedelta(days=3)
        return ScheduleUpdate(found.description.schedule)

    await handle.update(lengthen)
    await write_schedules(scheduled)
    found = (await handle.describe()).schedule
    assert (found.state.paused, found.state.note) == (True, "the disk is full")
    assert found.policy.catchup_window == SCHEDULES[0].catch_up


async def test_schedule_fires_and_its_round_is_run(
    database: servers.Database, scheduled: Client, temporal_server: str, storage: servers.StorageServer
) -> None:
    old = """INSERT INTO idempotency_keys (subject, key, fingerprint, created_at)
             VALUES ('me', 'x', '', now() - interval '2 days')"""
    settings = database.settings(temporal_address=temporal_server, **storage.settings())
    async with data.opened(database) as pool:
        await data.rows(pool, old)
        async with running(run_worker(settings, [queues.PLATFORM, queues.MEDIA, queues.ANALYTICS])):
            # The others call providers; tests/workflows/payments/test_reconciliation.py runs them.
            for each in (one for one in SCHEDULES if one.queue != queues.PAYMENTS):
                done = await _fire(scheduled, each.id)
                assert done["failed"] == [], each.id
        assert await data.rows(pool, "SELECT 1 FROM idempotency_keys") == []


async def _fire(client: Client, schedule_id: str) -> dict[str, Any]:
    handle = client.get_schedule_handle(schedule_id)
    await handle.trigger()
    async with asyncio.timeout(30):
        while not (await handle.describe()).info.recent_actions:  # noqa: ASYNC110 (the server does it)
            await asyncio.sleep(0.05)
    action = (await handle.describe()).info.recent_actions[0].action
    result: dict[str, Any] = await client.get_workflow_handle(action.workflow_id).result()
    return result
