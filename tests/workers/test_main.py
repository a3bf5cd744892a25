"""Whole processes: relay and workers together on real Postgres and Temporal, ended as an orchestrator ends them."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from db.engine.session import Database
from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.platform.actor import ActorKind
from runtime.settings import Settings
from tests.api.http.test_monitoring import EXPRESSIONS, SDK_SERIES, labels_of
from tests.support import data, servers
from tests.support.sandbox import free_port, running_sandbox
from tests.workers.commands import ask_to_start, deliver_all, snapshot_of
from workers import outbox_relay as relay
from workers.main import run_worker, steps_at_once
from workflows.bookings.booking import messages
from workflows.payments.reconciliation import messages as reconciliation
from workflows.support import ids, queues


@contextlib.asynccontextmanager
async def running(*processes: Awaitable[None]) -> AsyncIterator[None]:
    """Processes that run until the block ends, and then stop by SIGTERM."""
    tasks = [asyncio.ensure_future(process) for process in processes]
    async with asyncio.timeout(30):
        # Without a handler the signal would end the process of this test.
        while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(30):
            await asyncio.gather(*tasks)


async def _until_seen(pool: Database, sql: str) -> list[dict[str, object]]:
    async with asyncio.timeout(30):
        while not (seen := await data.rows(pool, sql)):  # noqa: ASYNC110 (another process writes it)
            await asyncio.sleep(0.02)
    return seen


@pytest.fixture
def settings(database: servers.Database, temporal_server: str) -> Settings:
    """Of both processes; their providers are away."""
    nowhere = "http://127.0.0.1:1"
    return database.settings(temporal_address=temporal_server, stripe_base_url=nowhere, sendgrid_base_url=nowhere)


async def test_worker_confirms_what_its_owner_approves(pool: Database, temporal: Client, settings: Settings) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    deadline = start - timedelta(days=1)
    salon = await data.add_salon(pool)
    booking_id = await data.add_booking(
        pool, salon, start, status="pending", needs_approval=True, hold_expires_at=deadline, approval_deadline=deadline
    )
    await ask_to_start(pool, await snapshot_of(pool, salon.business_id, booking_id))
    command = BookingCommand(booking_id, salon.business_id, str(uuid4()), ActorKind.STAFF, salon.owner_id)
    async with running(run_worker(settings, ["bookings"])):
        await deliver_all(relay.OutboxRelay(pool, relay.OutboxDispatcher(temporal, pool)), pool)
        handle = temporal.get_workflow_handle(ids.booking(booking_id))
        outcome = await handle.execute_update(
            messages.CONFIRM, command, id=command.command_id, result_type=BookingOutcome
        )
        state = await handle.query(messages.STATE, result_type=messages.BookingRunState)
    assert outcome.status is BookingStatus.CONFIRMED
    assert state.stage == "confirmed"
    (row,) = await data.rows(pool, "SELECT status FROM bookings")
    assert row["status"] == "confirmed"
    history = await data.rows(pool, "SELECT event FROM booking_history WHERE to_status = 'confirmed'")
    assert len(history) == 1


async def test_unpaid_hold_ends_at_the_provider_first(
    pool: Database, temporal: Client, settings: Settings, tmp_path: Path
) -> None:
    """The intent was asked for and its answer lost: the worker finds it by the payment's key, closes it, expires."""
    salon = await data.add_salon(pool)
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    lapsed = datetime.now(UTC) - timedelta(seconds=1)
    prepay = {"status": "pending", "amount_due": 6600, "payment_mode": "prepay", "hold_expires_at": lapsed}
    booking_id = await data.add_booking(pool, salon, start, **prepay)
    await data.add_payment(pool, salon, booking_id, provider_intent_id=None)
    await ask_to_start(pool, await snapshot_of(pool, salon.business_id, booking_id))
    with running_sandbox(tmp_path) as sandbox:
        reachable = {"stripe_base_url": sandbox.url, "sendgrid_base_url": sandbox.url}
        both = run_worker(settings.model_copy(update=reachable), ["bookings", "payments"])
        async with running(both):
            await deliver_all(relay.OutboxRelay(pool, relay.OutboxDispatcher(temporal, pool)), pool)
            await _until_seen(pool, "SELECT 1 FROM bookings WHERE status = 'expired'")
    (payment,) = await data.rows(pool, "SELECT status, provider_intent_id FROM booking_payments")
    assert payment["status"] == "voided"
    assert payment["provider_intent_id"]
    ledger = await data.rows(pool, "SELECT movement, phase FROM payment_transactions ORDER BY id")
    assert {"movement": "void", "phase": "intended"} in ledger
    assert {"movement": "void", "phase": "succeeded"} in ledger
    assert await data.rows(pool, "SELECT 1 FROM resource_claims WHERE released_at IS NULL") == []


async def test_run_relay_delivers_a_row_and_stops(pool: Database, temporal: Client, settings: Settings) -> None:
    salon = await data.add_salon(pool)
    booking_id = await data.add_booking(pool, salon)
    async with running(relay.run(settings)):
        await ask_to_start(pool, await snapshot_of(pool, salon.business_id, booking_id))
        await _until_seen(pool, "SELECT id FROM outbox WHERE delivered_at IS NOT NULL")
    described = await temporal.get_workflow_handle(ids.booking(booking_id)).describe()
    assert described.workflow_type == messages.WORKFLOW


async def _polled(temporal: Client, queue: str) -> None:
    """Wait until a worker asks for tasks of the queue."""
    request = DescribeTaskQueueRequest(namespace=temporal.namespace, task_queue=TaskQueue(name=queue))
    async with asyncio.timeout(30):
        while not (await temporal.workflow_service.describe_task_queue(request)).pollers:  # noqa: ASYNC110 - Temporal does not notify
            await asyncio.sleep(0.02)


async def test_run_worker_serves_all_roles_in_one_process(temporal: Client, settings: Settings) -> None:
    roles = ["bookings", "payments", "notices", "platform", "media"]
    async with running(run_worker(settings, roles)):
        for queue in roles:
            await _polled(temporal, queue)


async def test_run_worker_stops_before_temporal_answers(settings: Settings) -> None:
    asked = asyncio.Event()

    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        asked.set()

    async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        elsewhere = settings.model_copy(update={"temporal_address": f"127.0.0.1:{port}"})
        async with running(run_worker(elsewhere, ["notices"])), asyncio.timeout(30):
            await asked.wait()


async def test_run_worker_stops_in_the_moment_of_its_start(
    temporal: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes when the workers exist and have not begun: none of them may run on."""

    async def connected(settings: Settings, process: str, stop: asyncio.Event) -> Client:
        stop.set()
        return temporal

    monkeypatch.setattr("workers.main.connect_when_available", connected)
    await asyncio.wait_for(run_worker(settings, ["bookings", "notices"]), 20)


async def test_run_worker_names_an_unknown_role(settings: Settings) -> None:
    with pytest.raises(KeyError, match="gardening"):
        await run_worker(settings, ["gardening"])


def test_steps_at_once_leaves_a_connection_for_each_step(settings: Settings) -> None:
    all_connections = settings.database_pool_size + settings.database_pool_overflow
    for number in (1, 2, 3, 4):
        assert steps_at_once(settings, number) * number * 2 <= all_connections


async def test_worker_serves_the_series_that_the_alerts_name(temporal: Client, settings: Settings) -> None:
    """With the labels that the rules use: a task that fails, and a call to a provider that is away."""
    address = f"127.0.0.1:{free_port()}"
    measured = settings.model_copy(update={"temporal_metrics_address": address})
    wanted = {name for one in EXPRESSIONS for name in SDK_SERIES.findall(one)}
    assert len(wanted) == 5
    async with running(run_worker(measured, ["payments"])):
        await temporal.start_workflow("unknown", id=f"unknown/{uuid4()}", task_queue=queues.PAYMENTS)
        about = reconciliation.ReconciliationInput(providers=("stripe",))
        await temporal.start_workflow(
            reconciliation.WORKFLOW, about, id=f"reconciliation/{uuid4()}", task_queue=queues.PAYMENTS
        )
        served: list[str] = []
        async with asyncio.timeout(200), httpx.AsyncClient() as http:
            missing = wanted
            while missing:
                served = (await http.get(f"http://{address}/metrics")).text.splitlines()
                missing = {name for name in wanted if not any(line.startswith(f"{name}{{") for line in served)}
                await asyncio.sleep(0.2)
    labels = {name: " ".join(line for line in served if line.startswith(name)) for name in wanted}
    for expression in EXPRESSIONS:
        for name in SDK_SERIES.findall(expression):
            assert all(f'{label}="' in labels[name] for label in labels_of(expression)), (name, labels[name])
