"""The drill of a lost machine: ``python -m tests.chaos.restore --bookings 300 --history 1000000``; exit code 0 if
nothing was lost.

A stack under load has a base backup and receives its WAL. Then Postgres and Temporal are killed with everything else
and their folders removed. A second cluster is made from the backup, the runs from its rows, and all of it is audited.
"""

import argparse
import asyncio
import json
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import asyncpg

from db.engine.session import connect as connect_database
from db.invariants import Limits
from runtime.temporal import connect as connect_temporal
from runtime.temporal import guard_exit
from stack.audit.report import audit
from stack.backup import BackupFolder, restore
from stack.environment import process_environment
from stack.folder import DataFolder
from stack.platform import Platform
from stack.runs import restore_runs
from tests.chaos import population
from tests.chaos.backlog import Backlog, Stuck
from tests.chaos.caller import Caller, Heard
from tests.chaos.customers import Customer, Visit, settle_what_is_slow
from tests.chaos.killer import Crashes
from tests.chaos.plan import Plan
from tests.chaos.run import visits_of
from tests.support.data import rows

#: Visits of the history, finished long ago; as many as a year of businesses has. Each with its item, its released claim
#: and its history.
_HISTORY = (
    "INSERT INTO customers (business_id, family_name) SELECT id, '鈴木' FROM businesses",
    "CREATE UNLOGGED TABLE drawn AS SELECT uuidv7() AS id, g, date_trunc('hour', now()) - interval '60 days'"
    " - g / 20 * interval '1 minute' AS start_at FROM generate_series(1, $1::int) g",
    """INSERT INTO bookings (id, business_id, customer_id, code, status, start_at, end_at, time_zone, price, amount_due,
           currency, payment_mode, needs_approval, policy, created_at, updated_at)
       SELECT d.id, c.business_id, c.id, lpad(d.g::text, 8, '0'), 'completed', start_at, start_at + interval '1 hour',
              'Asia/Tokyo', 6600, 0, 'JPY', 'at_venue', false, '{}', start_at - interval '1 day', start_at
         FROM drawn d CROSS JOIN (SELECT id, business_id FROM customers ORDER BY id LIMIT 1) c""",
    """INSERT INTO booking_items (business_id, booking_id, service_id, position, name, start_at, end_at,
           buffer_before_minutes, buffer_after_minutes, price, tax_percent)
       SELECT b.business_id, b.id, (SELECT id FROM services v WHERE v.business_id = b.business_id LIMIT 1), 0,
              '{"ja": "カット"}', b.start_at, b.end_at, 0, 0, 6600, 10 FROM bookings b JOIN drawn d USING (id)""",
    """INSERT INTO resource_claims (business_id, booking_id, resource_id, unit, starts_at, ends_at, released_at)
       SELECT b.business_id, b.id, (SELECT id FROM resources r WHERE r.business_id = b.business_id LIMIT 1), 0,
              b.start_at, b.end_at, b.end_at FROM bookings b JOIN drawn d USING (id)""",
    """INSERT INTO booking_history (business_id, booking_id, event, from_status, to_status, actor_kind, created_at)
       SELECT b.business_id, b.id, s.event, s.before, s.event, 'system', b.start_at
         FROM bookings b JOIN drawn d USING (id)
        CROSS JOIN (VALUES (1, 'pending', NULL), (2, 'confirmed', 'pending'), (3, 'checked_in', 'confirmed'),
                           (4, 'completed', 'checked_in')) s(n, event, before) ORDER BY b.id, s.n""",
    "DROP TABLE drawn",
)
_DRAIN = timedelta(minutes=3)


@dataclass
class Drill:
    """What it showed. ``wrong`` are sentences. ``acknowledged``: bookings that the API has answered."""

    acknowledged: int = 0
    lost: int = 0
    committed_in_backup: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    events: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def timed(self, what: str) -> AsyncIterator[None]:
        """Measure a part."""
        began = monotonic()
        try:
            yield
        finally:
            self.seconds[what] = round(monotonic() - began, 1)


async def run(plan: Plan, folder: Path, history: int, say: Callable[[str], None]) -> Drill:
    """Do all of it in ``folder``."""
    os.environ["OMOTENASHI_UNPAID_BOOKINGS_PER_NETWORK"] = "100000"
    drill = Drill()
    data_folder, backups = DataFolder.at(folder / "data"), BackupFolder(folder / "backups")
    platform = Platform(data_folder, Crashes(), free_ports=True)
    async with platform:
        await _start(platform)
        visits, before = await _load(platform, plan, backups, history, drill, say)
    # `force` in `_load` ended everything at once, as a power cut does.
    for lost in ("postgres", "temporal"):
        await asyncio.to_thread(shutil.rmtree, data_folder.part(lost))
    say(f"killed and removed, with {drill.acknowledged} bookings acknowledged")
    async with drill.timed("copy the base backup"):
        await asyncio.to_thread(restore, backups, data_folder.part("postgres"))
    began = monotonic()
    platform = Platform(data_folder, Crashes(), free_ports=True)
    async with platform:
        async with drill.timed("recover and start"):
            await _start(platform)
        await _look(platform, visits, before, drill, say, began)
        platform.supervisor.force()
    return drill


async def _start(platform: Platform) -> None:
    servers = platform.servers()
    await platform.supervisor.start(servers.postgres.program(), servers.redis.program(), servers.temporal.program())
    await platform.start_parts(seed=False)


async def _load(
    platform: Platform, plan: Plan, backups: BackupFolder, history: int, drill: Drill, say: Callable[[str], None]
) -> tuple[list[Visit], Counter[str]]:
    """Customers come; in the middle a base backup is taken; at the end the machine is lost."""
    database = connect_database(platform.settings())
    url = platform.addresses["postgres"]
    made = await population.make(database, plan)
    visits = visits_of(plan, made, platform.settings())
    before: Counter[str] = Counter()
    if history:
        async with drill.timed(f"write {history} bookings"):
            await _write_history(url, history)
        before = await _counts(platform)
    receiver = await _command("wal", str(backups.root), "--synchronous", "--url", url)
    try:
        await _until_synchronous(url)
        say("commits wait for the backup")
        heard = Heard()
        coming = [asyncio.create_task(_come(visit, platform, plan, heard)) for visit in visits]
        await _until(lambda: _booked(visits) >= plan.bookings // 4)
        async with drill.timed("base backup under load"):
            base = await _command("base", str(backups.root), "--url", url)
            if await base.wait():
                drill.wrong.append("the base backup failed")
        await _until(lambda: _is_busy(visits, plan) or all(one.done() for one in coming))
        child = platform.supervisor.child("postgres")
        if child.pid is not None:
            os.kill(child.pid, signal.SIGKILL)
        platform.supervisor.force()
        for one in coming:
            one.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
        drill.acknowledged = _booked(visits)
    finally:
        with suppress(ProcessLookupError):
            receiver.send_signal(signal.SIGTERM)
        await receiver.wait()
        await database.close()
    return visits, before


async def _look(
    platform: Platform,
    visits: list[Visit],
    before: Counter[str],
    drill: Drill,
    say: Callable[[str], None],
    began: float,
) -> None:
    """What is there again, and whether it works on."""
    database = connect_database(platform.settings())
    temporal = await connect_temporal(platform.settings(), process="drill")
    sandbox = Caller(platform.ports["sandbox"], Heard())
    try:
        async with drill.timed("restore the runs"):
            done = await restore_runs(database, temporal)
        drill.runs = {each.process: each.ordered for each in done.processes if each.ordered}
        drill.events = done.events
        drill.wrong += [f"a run without a row: {run}" for each in done.processes for run in each.without_row]
        async with drill.timed("audit"):
            after = await _counts(platform, Limits())
        drill.seconds["beyond copying"] = round(monotonic() - began, 1)
        drill.wrong += [f"audit right after: {kind}: {after[kind]}" for kind in after if after[kind] != before[kind]]
        found = await rows(database, "SELECT id, status FROM bookings WHERE updated_at > now() - interval '30 days'")
        status = {str(row["id"]): row["status"] for row in found}
        drill.committed_in_backup = len(status)
        missing = [visit.booking_id for visit in visits if visit.booking_id and visit.booking_id not in status]
        drill.lost = len(missing)
        drill.wrong += [f"booking {booking_id} was acknowledged and is lost" for booking_id in missing]
        say(f"{drill.committed_in_backup} bookings are there again; waiting until the runs have settled them")
        # Customers at their bank's page were lost with the machine, and their bookings would be held for minutes more.
        await settle_what_is_slow(sandbox, platform.settings().stripe_api_key.get_secret_value())
        async with drill.timed("settle everything"):
            try:
                await Backlog(database, sandbox).drain(_DRAIN)
            except Stuck as stuck:
                drill.wrong.append(str(stuck))
        final = await _counts(platform, Limits(*(timedelta(),) * 6))
        drill.wrong += [f"audit at the end: {kind}: {final[kind]}" for kind in final if final[kind] != before[kind]]
        found = await rows(database, "SELECT id, status FROM bookings WHERE updated_at > now() - interval '30 days'")
        drill.statuses = Counter(row["status"] for row in found)
        ended = {str(row["id"]): row["status"] for row in found}
        drill.wrong += [
            f"booking {visit.booking_id} was paid and is {ended.get(visit.booking_id)}"
            for visit in visits
            if visit.booking_id and visit.paid_at and not visit.cancel and ended.get(visit.booking_id) != "confirmed"
        ]
        again = await restore_runs(database, temporal)
        drill.wrong += [
            f"{each.process}: {each.ordered} runs are missing again" for each in again.processes if each.ordered
        ]
    finally:
        await sandbox.aclose()
        await database.close()


async def _come(visit: Visit, platform: Platform, plan: Plan, heard: Heard) -> None:
    dice = plan.dice(visit.name)
    await asyncio.sleep(dice.uniform(0, plan.bookings / 20))
    api, bank = Caller(platform.ports["api"], heard), Caller(platform.ports["sandbox"], Heard())
    try:
        await Customer(visit, api, bank, random.Random(dice.random()), lambda: datetime.now(UTC)).live()
    finally:
        await api.aclose()
        await bank.aclose()


async def _counts(platform: Platform, limits: Limits | None = None) -> Counter[str]:
    """What the audit finds, by kind."""
    database = connect_database(platform.settings())
    try:
        temporal = await connect_temporal(platform.settings(), process="drill")
        report = await audit(database, temporal, limits)
    finally:
        await database.close()
    return Counter({**report.counts, **{f"not checked: {name}": 1 for name in report.unchecked}})


def _booked(visits: list[Visit]) -> int:
    return sum(visit.booking_id is not None for visit in visits)


def _is_busy(visits: list[Visit], plan: Plan) -> bool:
    """Most have booked, and some have paid."""
    paid = sum(visit.paid_at is not None for visit in visits)
    return _booked(visits) >= plan.bookings * 3 // 4 and paid >= plan.bookings // 5


async def _until(reached: Callable[[], bool]) -> None:
    for _ in range(3000):
        if reached():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError


async def _write_history(url: str, count: int) -> None:
    connection = await asyncpg.connect(url, ssl=False)
    try:
        # No triggers and no foreign keys: the rows are right by construction.
        await connection.execute("SET session_replication_role = replica")
        for statement in _HISTORY:
            await connection.execute(statement.replace("$1", str(count)))
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _command(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "stack", "backup", *arguments), env=process_environment({})
    )


async def _until_synchronous(url: str) -> None:
    connection = await asyncpg.connect(url, ssl=False)
    try:
        for _ in range(300):
            if await connection.fetchval("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
                return
            await asyncio.sleep(0.1)
    finally:
        await connection.close()
    raise TimeoutError("no receiver is synchronous")


def main() -> int:
    """The exit code: 1 if anything was lost or wrong; then the folder is kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.restore", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--bookings", type=int, default=300, help="customers who come while the backups are made")
    parser.add_argument("--history", type=int, default=0, help="finished bookings that are there before, as 1000000")
    parser.add_argument("--report", type=Path, help="where the JSON goes")
    asked = parser.parse_args()
    guard_exit()
    folder = Path(tempfile.mkdtemp(prefix="omotenashi-drill-"))
    folder.chmod(0o711)
    plan = Plan(asked.seed, bookings=asked.bookings, hold=timedelta(seconds=90), providers=("stripe",))
    drill = asyncio.run(run(plan, folder, asked.history, lambda line: print(line, flush=True)))  # noqa: T201
    found = {**vars(drill), "statuses": dict(drill.statuses)}
    print(json.dumps(found, indent=2, default=str))  # noqa: T201
    print(f"committed bookings lost: {drill.lost}; beyond copying: {drill.seconds['beyond copying']} s")  # noqa: T201
    if asked.report:
        asked.report.write_text(json.dumps(found, default=str))
    if drill.wrong:
        print(f"Logs and data: {folder}")  # noqa: T201
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
