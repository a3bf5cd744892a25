"""Messages by LINE and SMS while the providers fail half of the calls and real workers are killed by SIGKILL: each
arrives once, or has visibly failed.

``OMOTENASHI_TEST_NOTICES=2000`` for the whole proof.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from db.engine.session import Database as Pool
from db.engine.session import Scope
from db.messages.notices import QueuedNotice
from db.messages.preferences import Person
from domain.messages.kinds import Channel, NoticeKind
from domain.messages.preferences import Choice, PreferenceSource
from runtime.temporal import connect
from tests.chaos.test_waitlist_killed import clock, environment
from tests.e2e.platform import end_all
from tests.support import sampling, servers
from tests.support.data import HOUR, Salon, add_booking, add_salon, opened, rows
from tests.support.sandbox import Sandbox, running_sandbox

ROOT = Path(__file__).parents[2]
NOTICES = int(os.environ.get("OMOTENASHI_TEST_NOTICES", "24"))
#: How often the worker is killed at least, and how many seconds after it has begun to work.
DEATHS, LIVES = sampling.examples(3, whole=30), (1.0, 4.0)
#: The pauses are shorter than on a real platform, and in the same order: a try ends before the next one may look.
_WORKER = """
import asyncio
from datetime import timedelta
import domain.messages.sending as sending
sending.UNKNOWN_FOR = timedelta(seconds=4)
import workflows.support.options as options
options.SEND["start_to_close_timeout"] = timedelta(seconds=3)
options.SEND["retry_policy"].initial_interval = timedelta(seconds=1)
options.SEND["retry_policy"].backoff_coefficient = 1.1
from runtime.settings import Settings
from workers.main import run_worker
from runtime.temporal import guard_exit
guard_exit()
print("begins", flush=True)
asyncio.run(run_worker(Settings(), ["notices"]))
"""
_RELAY = """
import asyncio
from runtime.settings import Settings
from workers.outbox_relay import run
from runtime.temporal import guard_exit
guard_exit()
print("begins", flush=True)
asyncio.run(run(Settings()))
"""
#: What the providers do to half of the calls.
_FAULTS = (("rate_limited", 0.1), ("error_500", 0.15), ("error_500_after_success", 0.2), ("timeout_after_success", 0.1))
_ENDED = "status IN ('sent', 'delivered', 'failed', 'dropped', 'bounced')"


@dataclass
class Worker:
    """A real process that is started again whenever it is killed."""

    program: str
    environment: dict[str, str]
    log: Path
    deaths: int = 0

    @asynccontextmanager
    async def running(self, chance: random.Random | None) -> AsyncIterator[None]:
        """For as long as the block runs; killed at times where ``chance`` is given."""
        keeper = asyncio.create_task(self._keep(chance))
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper

    async def _keep(self, chance: random.Random | None) -> None:
        while True:
            with self.log.open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-c", self.program),
                    cwd=ROOT,
                    env=self.environment,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                )
            assert process.stdout is not None
            try:
                await process.stdout.readline()  # imported everything, which takes seconds
                if chance is None or self.deaths >= DEATHS:
                    await process.wait()
                else:
                    await asyncio.sleep(chance.uniform(*LIVES))
                    os.kill(process.pid, signal.SIGKILL)
                    self.deaths += 1
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


async def queued(pool: Pool, salon: Salon) -> None:
    """Half of the messages go by LINE, half by SMS; all about one booking."""
    wants = {NoticeKind.BOOKING_CONFIRMED: Channel.LINE, NoticeKind.BOOKING_CHANGED: Channel.SMS}
    async with pool.unit_of_work(Scope.self_(salon.user_id)) as work:
        number = await work.messages.channels.start_number(salon.user_id, "+819012345678", clock())
        await work.messages.channels.try_code(salon.user_id, number.id, True, clock())
        await work.messages.channels.link_line(salon.user_id, "U1", clock())
        # The others come after it, and would be reached only where the first one refuses.
        choices = [Choice(kind, channel, True, None, 1) for kind, channel in wants.items()]
        await work.messages.preferences.choose(Person(user_id=salon.user_id), choices, PreferenceSource.LOGIN)
    booking = await add_booking(pool, salon, clock() + 48 * HOUR)
    asked = [
        QueuedNotice(kind, booking, salon.business_id, str(uuid4())) for _ in range(NOTICES // 2) for kind in wants
    ]
    async with pool.unit_of_work(salon.scope) as work:
        assert len(await work.messages.notices.queue_many(asked)) == len(asked)


@pytest.mark.timeout(300 + NOTICES)
async def test_short_messages_arrive_once_while_workers_are_killed(
    database: servers.Database, redis_url: str, temporal_server: str, tmp_path: Path
) -> None:
    chance = random.Random(f"{sampling.seed()} notices")
    (tmp_path / "sandbox").mkdir()
    with running_sandbox(tmp_path / "sandbox") as sandbox:
        settings = sandbox.settings(
            **database.settings(redis_url=redis_url, temporal_address=temporal_server).model_dump(
                include={"environment", "database_url", "redis_url", "temporal_address"}
            )
        )
        for kind, share in _FAULTS:
            for operation in ("sms.send", "line.push"):
                sandbox.fault(operation, kind, times=None, share=share, seconds=3)
        variables = environment(database, settings) | of_channels(sandbox)
        client: Client = await connect(settings, process="test")
        await end_all(client)
        try:
            async with opened(database, database_pool_size=4, database_pool_overflow=0) as pool:
                await queued(pool, await add_salon(pool))
                worker = Worker(_WORKER, variables, tmp_path / "worker.log")
                relay = Worker(_RELAY, variables, tmp_path / "relay.log")
                async with worker.running(chance), relay.running(None):
                    await until_all_have_ended(pool)
                await check(pool, sandbox, worker)
        finally:
            await end_all(client)


def of_channels(sandbox: Sandbox) -> dict[str, str]:
    """The settings with which a process reaches the sandbox."""
    given = sandbox.settings()
    names = [name for name in type(given).model_fields if name.startswith(("twilio_", "line_"))]
    values = {f"OMOTENASHI_{name.upper()}": getattr(given, name) for name in names if "per_business" not in name}
    plain = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        for name, value in values.items()
    }
    many = ("SMS_PER_BUSINESS", "LINE_PER_BUSINESS", "MESSAGES_PER_DAY")
    return {
        **plain,
        **{f"OMOTENASHI_{name}": "1000000" for name in many},
        "OMOTENASHI_SENDGRID_BASE_URL": sandbox.url,
        "OMOTENASHI_PROVIDER_TIMEOUT": "PT1S",
    }


async def until_all_have_ended(pool: Pool) -> None:
    async with asyncio.timeout(240 + NOTICES):
        while True:
            [row] = await rows(pool, f"SELECT count(*) FILTER (WHERE NOT {_ENDED}) AS left FROM notification_outbox")
            if row["left"] == 0:
                return
            await asyncio.sleep(0.5)


async def check(pool: Pool, sandbox: Sandbox, worker: Worker) -> None:
    stored = await rows(pool, "SELECT id, status, channel, link_code, failure_reason FROM notification_outbox")
    assert len(stored) == NOTICES // 2 * 2
    arrived = Counter[str]()
    for message in sandbox.get("/mailbox.json", limit=1000)["messages"]:
        arrived[message["text"].rpartition("/m/")[2].strip()] += 1
    if NOTICES <= 1000:  # the mailbox shows no more
        for row in stored:
            copies = arrived[row["link_code"]]
            assert copies == (1 if row["status"] in {"sent", "delivered"} else 0), (row, copies)
    for row in stored:
        assert (row["failure_reason"] is not None) == (row["status"] == "failed")
    assert sandbox.get("/sandbox/state")["objects"]["message"] == sum(row["status"] == "sent" for row in stored)
    calls = Counter(row["outcome"] for row in await rows(pool, "SELECT outcome FROM notification_attempts"))
    assert calls["unknown"] > 0
    assert sum(calls.values()) > NOTICES, "no call failed"
    assert worker.deaths >= min(DEATHS, 1)
