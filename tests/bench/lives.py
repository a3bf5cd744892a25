"""What a hold and a booking's whole life cost on the running platform: servers, API, relay, worker and sandbox, as
``omotenashi up`` starts them. Beside them a bare request of FastAPI and a bare workflow, in the same run.

``python -m tests.bench lives``. All customers are this process, whose time does not count. Processor time of the idle
platform is measured first and left out.
"""

import asyncio
import itertools
import json
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psutil
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from db.engine.session import Database
from db.engine.session import connect as connect_database
from runtime.settings import Settings
from runtime.temporal import connect as connect_temporal
from stack.folder import DataFolder
from stack.platform import Platform
from stack.processes import Child
from tests.bench import bench_data, load
from tests.bench.shares import processor_time_of_bare
from tests.chaos.caller import Caller, Heard
from tests.chaos.killer import Crashes
from tests.support import data, servers
from workers.main import CACHED_RUNS, STICKY

HOLDS = int(os.environ.get("BENCH_HOLDS", "600"))
LIVES = int(os.environ.get("BENCH_LIVES", "200"))
BARE_RUNS = 1000
AT_ONCE = 8
#: For how long the platform is watched doing nothing.
_IDLE = 15.0
#: A life has a visit of one minute, two to three minutes after its hold, and a reminder a minute before it.
_AHEAD = timedelta(minutes=3)
_LOOKS = 900


@workflow.defn(name="bare_run")
class BareRun:
    """Start, timer, signal, end: what every life needs of Temporal."""

    def __init__(self) -> None:
        self._is_paid = False

    @workflow.run
    async def run(self) -> None:
        """Ends after the signal and a short timer."""
        await workflow.wait_condition(lambda: self._is_paid)
        await asyncio.sleep(0.2)

    @workflow.signal
    def pay(self) -> None:
        """What it waits for."""
        self._is_paid = True


@dataclass(frozen=True)
class _Cost:
    """Seconds of processor time by process, and of wall time."""

    seconds: dict[str, float]
    wall: float

    def each(self, count: int, idle: "_Cost") -> dict[str, float]:
        """Milliseconds of one of ``count``, without what the idle platform takes."""
        rest = {name: taken - idle.seconds.get(name, 0) * self.wall / idle.wall for name, taken in self.seconds.items()}
        found = {name: round(max(taken, 0) * 1000 / count, 2) for name, taken in sorted(rest.items())}
        return {**found, "all": round(sum(rest.values()) * 1000 / count, 1)}


def _seconds_of(children: Sequence[Child]) -> dict[str, float]:
    """Processor time of each child with its own children, ended ones too."""
    found = {}
    for child in children:
        if child.pid is None:
            continue
        process = psutil.Process(child.pid)
        times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
        found[child.program.name] = sum(one.user + one.system for one in times) + (
            times[0].children_user + times[0].children_system
        )
    return found


class _Watch:
    """Of the platform's processes."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[list[_Cost]]:
        """The list has the cost when the block has ended."""
        found: list[_Cost] = []
        before, began = _seconds_of(self._platform.supervisor.children), time.perf_counter()
        yield found
        after = _seconds_of(self._platform.supervisor.children)
        found.append(_Cost({name: after[name] - before.get(name, 0) for name in after}, time.perf_counter() - began))


async def lives(_database: servers.Database, _pool: Database) -> dict[str, Any]:
    """Milliseconds of processor time by process for a hold and for a life; both as shares of their references."""
    os.environ["OMOTENASHI_UNPAID_BOOKINGS_PER_NETWORK"] = "100000"
    found: dict[str, Any] = {}
    async with servers.scratch_folder() as folder:
        platform = Platform(DataFolder.at(folder), Crashes(), free_ports=True)
        async with platform:
            made = platform.servers()
            await platform.supervisor.start(made.postgres.program(), made.redis.program(), made.temporal.program())
            await platform.start_parts(seed=False)
            database = connect_database(platform.settings())
            try:
                await _measure(platform, database, found)
            finally:
                await database.close()
            platform.supervisor.force()
    return found


async def _measure(platform: Platform, database: Database, found: dict[str, Any]) -> None:
    watch, settings = _Watch(platform), platform.settings()
    bare = await processor_time_of_bare()
    found["a bare request, ms"] = round(bare, 3)
    salons = [await bench_data.make_salon(database, 20, HOLDS // 3) for _ in range(3)]
    await _hold(platform, settings, salons, 60, days=20)
    await _drained(database)
    async with watch.watching() as idle:
        await asyncio.sleep(_IDLE)
    found["idle, ms in a second"] = idle[0].each(1, _Cost({}, 1.0)) | {"seconds": _IDLE}
    async with watch.watching() as cost:
        outcome = await _hold(platform, settings, salons, HOLDS, days=3)
        await _drained(database)
    each = cost[0].each(HOLDS, idle[0])
    found["holds"] = outcome.summary()
    found["ms of a hold"] = each
    found["a hold in bare requests (bar: 170)"] = round(each["all"] / bare)
    async with watch.watching() as cost:
        await _live(platform, database, settings)
    life = cost[0].each(LIVES, idle[0])
    found["ms of a life"] = life
    client = await connect_temporal(settings, process="bench")
    found["ms of a bare workflow"] = bare_run = await _bare_runs(client, watch, idle[0])
    found["lives per second that the cores can do"] = round(bench_data.CORES * 1000 / life["all"], 1)
    found["share of a bare workflow (bar: 0.33)"] = round(bare_run["all"] / life["all"], 3)


def _holds(settings: Settings, salons: Sequence[bench_data.BenchSalon], count: int, days: int) -> Iterator[bytes]:
    first = bench_data.days_ahead(days)
    for number in range(count):
        salon, turn = salons[number % len(salons)], number // len(salons)
        body = {
            "service_id": str(salon.service_id),
            "start_at": (first + timedelta(hours=turn // len(salon.staff))).isoformat(),
        }
        token = bench_data.token(settings, salon.users[turn % len(salon.users)])
        headers = [("Authorization", f"Bearer {token}"), ("Idempotency-Key", str(uuid4()))]
        yield load.post("/api/v1/bookings", json.dumps(body).encode(), headers)


async def _hold(
    platform: Platform, settings: Settings, salons: Sequence[bench_data.BenchSalon], count: int, *, days: int
) -> load.Outcome:
    outcome = await load.run(platform.ports["api"], AT_ONCE, _holds(settings, salons, count, days))
    if set(outcome.statuses) != {201}:
        raise RuntimeError(f"holds: {outcome.statuses}")
    return outcome


async def _drained(database: Database) -> None:
    """Wait until the relay has started every run. Raises TimeoutError."""
    await _none(database, "SELECT id FROM outbox WHERE command IS NOT NULL AND delivered_at IS NULL LIMIT 1")


async def _none(database: Database, statement: str) -> None:
    for _ in range(_LOOKS):
        if not await data.rows(database, statement):
            return
        await asyncio.sleep(0.5)
    raise TimeoutError(statement)


async def _live(platform: Platform, database: Database, settings: Settings) -> None:
    """Every life to its end: held, paid by webhook, confirmed, with its messages, completed."""
    staff = 10
    salons = [await _short_visits(database, staff, LIVES) for _ in range(-(-LIVES // (2 * staff)))]
    first = datetime.now(UTC).replace(second=0, microsecond=0) + _AHEAD
    turns = itertools.count()

    async def customer() -> None:
        api = Caller(platform.ports["api"], Heard())
        try:
            while (turn := next(turns)) < LIVES:
                salon, nth = salons[turn % len(salons)], turn // len(salons)
                start = first + timedelta(minutes=nth // staff)
                await _pay_for(api, settings, salon.service_id, salon.users[turn], start)
        finally:
            await api.aclose()

    await asyncio.gather(*(customer() for _ in range(AT_ONCE)))
    services = ", ".join(f"'{salon.service_id}'" for salon in salons)
    mine = f"FROM bookings b JOIN booking_items i ON i.booking_id = b.id WHERE i.service_id IN ({services})"
    await _none(database, f"SELECT b.id {mine} AND b.status <> 'completed' LIMIT 1")
    [made] = await data.rows(database, f"SELECT count(*) AS n {mine}")
    if made["n"] != LIVES:
        raise RuntimeError(f"{made['n']} lives")
    await _drained(database)
    await _none(database, "SELECT id FROM notification_outbox WHERE status = 'queued' LIMIT 1")
    reminded = "SELECT count(*) AS n FROM notification_outbox WHERE kind = 'booking_reminder' AND status <> 'queued'"
    [reminders] = await data.rows(database, reminded)
    if reminders["n"] < LIVES:
        raise RuntimeError(f"{reminders['n']} reminders of {LIVES}")


async def _short_visits(database: Database, staff: int, users: int) -> bench_data.BenchSalon:
    salon = await bench_data.make_salon(database, staff, users, duration=1)
    await data.rows(
        database,
        "UPDATE business_settings SET lead_time = '0', slot_interval_minutes = 1, no_show_grace = '0',"
        " reminder_offsets = ARRAY[interval '1 minute'] WHERE business_id = :id",
        id=salon.business_id,
    )
    return salon


async def _pay_for(api: Caller, settings: Settings, service_id: UUID, user: UUID, start: datetime) -> None:
    token = bench_data.token(settings, user)

    async def post(path: str, body: dict[str, object]) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
        answer = await api.ask("POST", f"/api/v1{path}", body, headers)
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {answer.content[:300]!r}")
        return answer.data

    booking = await post("/bookings", {"service_id": str(service_id), "start_at": start.isoformat()})
    opened = await post("/payments/intent", {"booking_id": booking["id"]})
    confirmed = {
        "payment_id": opened["payment_id"],
        "payment_method": "pm_card_visa",
        "return_url": "http://127.0.0.1/b",
    }
    await post("/payments/confirm", confirmed)


async def _bare_runs(client: Client, watch: _Watch, idle: _Cost) -> dict[str, float]:
    """Milliseconds of Temporal and of this process, which serves and starts them."""
    queue = "bench"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[BareRun],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=CACHED_RUNS,
        sticky_queue_schedule_to_start_timeout=STICKY,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
    ):
        numbers = iter(range(BARE_RUNS))

        async def start() -> None:
            for number in numbers:
                handle = await client.start_workflow(BareRun.run, id=f"bare/{number}", task_queue=queue)
                await handle.signal(BareRun.pay)
                await handle.result()

        own = sum(psutil.Process().cpu_times()[:2])
        async with watch.watching() as cost:
            await asyncio.gather(*(start() for _ in range(4 * AT_ONCE)))
        mine = sum(psutil.Process().cpu_times()[:2]) - own
    temporal = cost[0].each(BARE_RUNS, idle)["temporal"]
    here = round(mine * 1000 / BARE_RUNS, 2)
    return {"temporal": temporal, "worker and starter": here, "all": round(temporal + here, 1)}
