"""A roll-out while bookings are made: two versions of the workers on the real server, and back."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock, Mock
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from typer.testing import CliRunner

from db.engine.session import Database
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.platform.actor import ActorKind
from runtime.settings import Settings
from runtime.temporal import core_runtime
from stack.alive import worker_polls
from stack.cli import app
from tests.support import data, servers
from tests.workers.commands import ask_to_start, deliver_all, snapshot_of
from workers import versions
from workers.main import make_worker
from workers.outbox_dispatcher import OutboxDispatcher
from workers.outbox_relay import OutboxRelay
from workers.registry import WorkerServices, worker_specs
from workflows.bookings.booking import messages
from workflows.support import ids, queues

#: What the roll-out must not take longer than, on the way back.
BACK_WITHIN = timedelta(seconds=30)


@pytest_asyncio.fixture
async def temporal() -> AsyncIterator[Client]:
    """A server of its own: which version a queue's runs go to is kept by the server."""
    async with servers.run_temporal() as server:
        yield await Client.connect(server.address, data_converter=servers.CONVERTER, runtime=core_runtime())


@dataclass
class Load:
    """Bookings that wait for their owner's approval; some are approved while versions change."""

    pool: Database
    temporal: Client
    salon: data.Salon
    made: list[UUID] = field(default_factory=list)

    async def book(self, number: int) -> Sequence[UUID]:
        """Bookings whose runs are open."""
        new = []
        for _ in range(number):
            start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3, hours=len(self.made))
            until = start - timedelta(days=1)
            times = {"hold_expires_at": until, "approval_deadline": until}
            booking = await data.add_booking(
                self.pool, self.salon, start, status="pending", needs_approval=True, **times
            )
            await ask_to_start(self.pool, await snapshot_of(self.pool, self.salon.business_id, booking))
            self.made.append(booking)
            new.append(booking)
        await deliver_all(OutboxRelay(self.pool, OutboxDispatcher(self.temporal, self.pool)), self.pool)
        return new

    async def approve(self, bookings: Sequence[UUID]) -> None:
        """All at the same time, each answered by its run."""

        async def one(booking: UUID) -> str:
            command = BookingCommand(
                booking, self.salon.business_id, str(uuid4()), ActorKind.STAFF, self.salon.owner_id
            )
            outcome = await self.run(booking).execute_update(
                messages.CONFIRM,
                command,
                id=command.command_id,
                result_type=BookingOutcome,
                rpc_timeout=timedelta(seconds=20),
            )
            return outcome.status.value

        assert set(await asyncio.gather(*(one(booking) for booking in bookings))) == {"confirmed"}

    def run(self, booking: UUID) -> WorkflowHandle[object, object]:
        return self.temporal.get_workflow_handle(ids.booking(booking))

    async def worked_on_by(self, booking: UUID) -> list[str]:
        """The versions that worked on the run, without repeats. No task of it has failed."""
        history = await self.run(booking).fetch_history()
        assert not [each for each in history.events if each.HasField("workflow_task_failed_event_attributes")]
        done = [each.workflow_task_completed_event_attributes for each in history.events]
        seen = [each.deployment_version.build_id for each in done if each.HasField("deployment_version")]
        return list(dict.fromkeys(seen))


@asynccontextmanager
async def version(settings: Settings, client: Client, deployment: str | None, build_id: str) -> AsyncIterator[None]:
    """Workers of two queues, whose tasks go by versions."""
    services = WorkerServices.of(settings)
    specs = worker_specs(services)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(services.aclose)
        for queue in (queues.BOOKINGS, queues.NOTICES):
            await stack.enter_async_context(make_worker(client, queue, specs[queue], build_id, 5, deployment))
        if deployment is not None:
            await versions.begin(client, deployment, build_id)
        yield


async def until_known(client: Client, deployment: str, build_id: str) -> None:
    """Until all queues of the present version have workers of this one, which Temporal demands of a new one."""
    async with asyncio.timeout(30):
        while True:
            try:
                await versions.set_ramping(client, deployment, build_id, 50)
            except RPCError:  # not yet
                await asyncio.sleep(0.1)
            else:
                return


async def test_versions_change_under_load_and_back(
    pool: Database, temporal: Client, database: servers.Database
) -> None:
    nowhere = "http://127.0.0.1:1"
    deployment = "omotenashi"
    address = temporal.service_client.config.target_host
    settings = database.settings(temporal_address=address, stripe_base_url=nowhere, sendgrid_base_url=nowhere)
    load = Load(pool, temporal, await data.add_salon(pool))
    async with AsyncExitStack() as running:
        await running.enter_async_context(version(settings, temporal, deployment, "one"))
        last, *old = await load.book(7)
        await load.approve(old[:2])
        await running.enter_async_context(version(settings, temporal, deployment, "two"))
        found = await versions.find(temporal, deployment)
        assert found is not None
        assert found.current == "one", "a second version does not take over by itself"
        assert await worker_polls(settings, queues.BOOKINGS)

        await until_known(temporal, deployment, "two")
        ramped = await load.book(6)
        await load.approve([*old[2:4], *ramped[:3]])
        await versions.set_current(temporal, deployment, "two")
        new = await load.book(2)
        await load.approve([*old[4:5], *ramped[3:5], new[0]])
        assert await load.worked_on_by(new[0]) == ["two"]
        assert await load.worked_on_by(old[4]) == ["one", "two"], "open runs of bookings change versions"

        started = time.monotonic()
        await versions.set_current(temporal, deployment, "one")
        await load.approve([new[1], old[5], ramped[5]])
        back = time.monotonic() - started
        assert back < BACK_WITHIN.total_seconds()
        assert (await load.worked_on_by(new[1]))[-1] == "one"
        for booking in load.made:
            await load.worked_on_by(booking)
    found = await versions.find(temporal, deployment)
    assert found is not None
    assert {each.build_id for each in found.known} == {"one", "two"}
    assert (found.current, found.ramping) == ("one", None)

    # Versions are given up: workers without them take over, new runs and old ones.
    await versions.set_current(temporal, deployment, "", force=True)
    async with version(settings, temporal, None, "three"):
        await load.approve([*await load.book(1), last])
    (row,) = await data.rows(pool, "SELECT count(*) AS n FROM bookings WHERE status = 'confirmed'")
    assert row["n"] == len(load.made) == 16

    # A worker with versions that starts now, as a pod that was moved, does not take the runs back.
    async with version(settings, temporal, deployment, "one"):
        found = await versions.find(temporal, deployment)
    assert found is not None
    assert found.current is None


async def test_set_current_ends_when_a_queue_does_not_learn_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a sentence that the command prints, and `begin` goes on."""

    async def find(client: Client, deployment: str) -> versions.Versions:
        return versions.Versions("two", None, 0, [], settled=False)

    monkeypatch.setattr(versions, "find", find)
    monkeypatch.setattr(versions, "_SETTLED_WITHIN", timedelta(milliseconds=50))
    client = Mock(namespace="default", identity="test")
    client.workflow_service.set_worker_deployment_current_version = AsyncMock()
    async with asyncio.timeout(10):
        with pytest.raises(versions.NotSettled, match="versions list"):
            await versions.set_current(client, "omotenashi", "two")


def test_versions_command_says_when_there_are_none(temporal_server: str) -> None:
    environment = {
        "OMOTENASHI_ENVIRONMENT": "test",
        "OMOTENASHI_TEMPORAL_ADDRESS": temporal_server,
        "OMOTENASHI_TEMPORAL_DEPLOYMENT": f"nobody-{uuid4()}",
    }
    listed = CliRunner().invoke(app, ["versions", "list"], env=environment)
    assert listed.exit_code == 0, listed.output
    assert "OMOTENASHI_TEMPORAL_VERSIONING=true" in listed.output
    refused = CliRunner().invoke(app, ["versions", "current", "two"], env=environment)
    assert refused.exit_code == 1
