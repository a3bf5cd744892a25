"""Who looks after each booking and each unsent notice, asked of a real Temporal."""

from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from db.platform.tables import OutboxRow
from runtime.temporal import connect as connect_temporal
from tests.stack.audit.audited import PATHS, Audited, book
from tests.support.data import add


@pytest_asyncio.fixture
async def temporal(temporal_server: str, audited: Audited) -> Client:
    return await connect_temporal(audited.servers.settings(temporal_address=temporal_server))


async def start(client: Client, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """A run that nobody works on."""
    return await client.start_workflow(
        "x",
        id=workflow_id,
        task_queue=f"nobody-{uuid4()}",
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,  # another test's: the copies share their ids
    )


@pytest_asyncio.fixture
async def running(audited: Audited, temporal: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    """A workflow for each booking and for the unsent notice; those of bookings that are over have ended."""
    handles = {name: await start(temporal, f"booking/{audited.ids[name]}") for name in PATHS}
    handles["queued"] = await start(temporal, f"notice/{audited.ids['queued']}")
    for name in ("completed", "cancelled", "expired"):
        await handles[name].terminate()
    return handles


Handles = dict[str, WorkflowHandle[Any, Any]]


async def test_audit_finds_nothing_with_a_workflow_for_each(
    audited: Audited, temporal: Client, running: Handles
) -> None:
    found = await audited.audit(temporal)
    assert (found.counts, found.unchecked) == ({}, {})


async def test_booking_whose_workflow_ended_too_early(audited: Audited, temporal: Client, running: Handles) -> None:
    await running["confirmed"].terminate()
    found = await audited.audit(temporal)
    assert found.counts == {"workflow_not_running": 1}
    assert "terminated" in found.violations[0].sentence
    assert found.violations[0].ids["booking_id"] == str(audited.ids["confirmed"])


@pytest.mark.parametrize(("status", "hour"), [("confirmed", 90), ("completed", 92)])
async def test_booking_that_never_had_a_workflow(
    audited: Audited, temporal: Client, running: Handles, status: str, hour: int
) -> None:
    booking_id = await book(audited.pool, audited.salon, status, hour)
    found = await audited.audit(temporal)
    assert found.counts == {"booking_without_workflow": 1}
    order = {"event": "booking.held", "aggregate": f"booking/{booking_id}", "command": "booking.start"}
    await add(audited.pool, OutboxRow, business_id=audited.salon.business_id, **order)
    assert (await audited.audit(temporal)).counts == {}


async def test_booking_that_ended_before_temporal_forgot_it_is_not_missed(
    audited: Audited, temporal: Client, running: Handles
) -> None:
    booking_id = await book(audited.pool, audited.salon, "completed", 90)
    await audited.plant(f"UPDATE bookings SET updated_at = now() - interval '400 days' WHERE id = '{booking_id}'")
    assert (await audited.audit(temporal)).counts == {}


async def test_second_run_after_a_closed_one_counts(audited: Audited, temporal: Client, running: Handles) -> None:
    await running["confirmed"].terminate()
    await start(temporal, f"booking/{audited.ids['confirmed']}")
    assert (await audited.audit(temporal)).counts == {}


async def test_unsent_notice_that_nobody_is_going_to_send(audited: Audited, temporal: Client, running: Handles) -> None:
    await running["queued"].terminate()
    found = await audited.audit(temporal)
    assert found.counts == {"notice_without_workflow": 1}
    assert found.violations[0].ids["notice_id"] == str(audited.ids["queued"])
    order = {"event": "notice.queued", "aggregate": f"notice/{audited.ids['queued']}", "command": "notice.start"}
    await add(audited.pool, OutboxRow, business_id=audited.salon.business_id, **order)
    assert (await audited.audit(temporal)).counts == {}
