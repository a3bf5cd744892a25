"""``make bench``: measure, print, and write JSON under ``.omotenashi/bench/``. Figures are shares and counts first."""

import itertools
import json
import platform
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from db.engine.session import Database
from db.scheduling.free_time import Asked
from runtime.temporal import guard_exit
from tests.bench import bench_data, load
from tests.bench.analytics import analytics
from tests.bench.growth import growth
from tests.bench.limit import limit_of_holds, rate_of_writes
from tests.bench.live import live
from tests.bench.lives import lives
from tests.bench.logins import logins
from tests.bench.response_cache import cached
from tests.bench.server import BENCH_HOLD
from tests.bench.shares import shares
from tests.bench.webhooks import webhooks
from tests.support import data, servers

REPORTS = Path(".omotenashi") / "bench"
Row = tuple[str, load.Outcome]


async def availability(database: servers.Database, pool: Database) -> dict[str, Any]:
    """A month for 20 and for 50 staff with 1 000 bookings at 8 connections, beside its statements alone."""
    first = bench_data.days_ahead(1)
    small, large = await bench_data.make_salon(pool, 20, 1), await bench_data.make_salon(pool, 50, 1)
    for salon in (small, large):
        await data.rows(pool, "UPDATE business_settings SET slot_interval_minutes = 15")
        await bench_data.fill(database, salon, 1000, first, 31)
    span = f"from={first.date()}&to={(first + timedelta(days=30)).date()}"
    raw = f"first={first.date()}&last={(first + timedelta(days=30)).date()}"
    found: dict[str, Any] = {"statements": await _statements(pool, small, first)}
    async with bench_data.api(database.settings(cache_responses=False), bench_data.CORES) as port:
        for name, path in (
            ("rows of 20 staff", f"/bench/rows?service_id={small.service_id}&{raw}"),
            ("month of 20 staff", f"/api/v1/availability?service_id={small.service_id}&{span}"),
            ("month of 50 staff", f"/api/v1/availability?service_id={large.service_id}&{span}"),
            (
                "day of 20 staff",
                f"/api/v1/availability?service_id={small.service_id}&from={first.date()}&to={first.date()}",
            ),
        ):
            await load.run(port, 8, itertools.repeat(load.get(path), 100))
            outcome = await load.run(port, 8, itertools.repeat(load.get(path), 1000))
            found[name] = outcome.summary() | {"bytes": outcome.size}
    found["share of the rows' rate"] = _share(found, "month of 20 staff", "rows of 20 staff")
    found["50 staff against 20"] = round(found["month of 50 staff"]["p50_ms"] / found["month of 20 staff"]["p50_ms"], 2)
    return found


async def _statements(pool: Database, salon: bench_data.BenchSalon, first: datetime) -> int:
    seen: list[str] = []

    def see(_c: object, _k: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(pool.engine.sync_engine, "before_cursor_execute", see)
    from db.engine.session import Scope

    async with pool.unit_of_work(Scope.of("service", salon.service_id, None)) as work:
        await work.scheduling.availability.starts(
            Asked([salon.service_id], first.date(), (first + timedelta(days=30)).date()), datetime.now(UTC), 1
        )
    event.remove(pool.engine.sync_engine, "before_cursor_execute", see)
    return len(seen)


async def holds(database: servers.Database, pool: Database) -> dict[str, Any]:
    """POST /bookings at 32 connections, logged in, keyed. Beside it the same writes as one function, over bare asyncpg
    and from Postgres's own client, and the limit: the least that a hold must write."""
    count, staff = 3000, 20
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        await connection.execute(BENCH_HOLD)
    await owner.dispose()
    salons = [await bench_data.make_salon(pool, staff, 3 * count // 4) for _ in range(2)]
    await bench_data.analyze(database)
    settings = database.settings()
    found: dict[str, Any] = {}
    async with bench_data.api(settings, bench_data.CORES) as port:
        await load.run(port, 32, _holds(settings, salons[1], 200, staff, 40))
        found["POST /bookings"] = (await load.run(port, 32, _holds(settings, salons[0], count, staff, 3))).summary()
        found["one SQL function"] = (await load.run(port, 32, _bare(salons[1], count, staff))).summary()
    found["share of the function's rate"] = _share(found, "POST /bookings", "one SQL function")
    limit, writes = await limit_of_holds(database), await rate_of_writes(database, salons[1])
    found["limit, per second"], found["the writes alone, per second"] = limit, writes
    found["share of the limit (bar: 0.15)"] = round(found["POST /bookings"]["per_second"] / limit, 3)
    found["the writes' share of the limit (bar: 0.4)"] = round(writes / limit, 3)
    return found


def _holds(settings: Any, salon: bench_data.BenchSalon, count: int, staff: int, day: int) -> Iterator[bytes]:
    first = bench_data.days_ahead(day)
    tokens = [bench_data.token(settings, user) for user in salon.users[:count]]
    for number in range(count):
        body = {
            "service_id": str(salon.service_id),
            "start_at": (first + timedelta(hours=number // staff)).isoformat(),
        }
        headers = [("Authorization", f"Bearer {tokens[number % len(tokens)]}"), ("Idempotency-Key", str(uuid4()))]
        yield load.post("/api/v1/bookings", json.dumps(body).encode(), headers)


def _bare(salon: bench_data.BenchSalon, count: int, staff: int) -> Iterator[bytes]:
    first = bench_data.days_ahead(3)
    for number in range(count):
        body = {
            "business_id": str(salon.business_id),
            "service_id": str(salon.service_id),
            "resource_id": str(salon.staff[number % staff]),
            "user_id": str(salon.users[number % len(salon.users)]),
            "start_at": (first + timedelta(hours=number // staff)).isoformat(),
        }
        yield load.post("/bench/hold", json.dumps(body).encode(), [])


async def crowd(database: servers.Database, pool: Database) -> dict[str, Any]:
    """1 000 clients on one slot, each on a connection of its own, all at once; beside them as many for the liveness."""
    clients = 1000
    salon = await bench_data.make_salon(pool, 1, clients)
    await bench_data.analyze(database)
    settings = database.settings()
    codes: Counter[str] = Counter()

    def see(status: int, body: bytes) -> None:
        answer = json.loads(body)
        alternatives = len(answer.get("error", {}).get("details", {}).get("alternatives", []))
        codes["won" if status == 201 else f"{answer['error']['code']}, {alternatives} alternatives"] += 1

    start = (bench_data.days_ahead(2) + timedelta(hours=3)).isoformat()
    body = json.dumps({"service_id": str(salon.service_id), "start_at": start}).encode()
    requests = [
        load.post("/api/v1/bookings", body, [("Authorization", f"Bearer {bench_data.token(settings, user)}"), _key()])
        for user in salon.users
    ]
    async with bench_data.api(settings, bench_data.CORES) as port:
        await load.run(port, 32, _holds(settings, salon, 50, 1, 5))
        alive = await load.run(port, clients, itertools.repeat(load.get("/health/live"), clients))
        outcome = await load.run(port, clients, iter(requests), see)
    return {
        "1 000 clients on one slot": outcome.summary(),
        "1 000 clients for the liveness": alive.summary(),
        "times of it (bar: 3)": round(outcome.seconds / alive.seconds, 2),
        "answers": dict(codes),
    }


def _key() -> tuple[str, str]:
    return ("Idempotency-Key", str(uuid4()))


def _share(found: dict[str, Any], ours: str, beside: str) -> float:
    return round(float(found[ours]["per_second"] / found[beside]["per_second"]), 2)


def _print(console: Console, name: str, found: dict[str, Any]) -> None:
    table = Table("", "per second", "p50 ms", "p95 ms", "p99 ms", "max ms", "answers", title=name)
    for row, value in found.items():
        if isinstance(value, dict) and "per_second" in value:
            times = (str(value[key]) for key in ("per_second", "p50_ms", "p95_ms", "p99_ms", "max_ms"))
            table.add_row(row, *times, str(value["statuses"]))
        else:
            table.add_row(row, str(value))
    console.print(table)


async def main() -> None:
    """All of them or those that are named, one after the other, each on a cluster of its own."""
    console = Console(width=140)
    report: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(),
        "machine": platform.platform(),
        "cores": bench_data.CORES,
    }
    measures = (shares, availability, holds, crowd, cached, logins, webhooks, analytics, live, growth, lives)
    wanted = set(sys.argv[1:]) or {measure.__name__ for measure in measures}
    for measure in (one for one in measures if one.__name__ in wanted):
        async with bench_data.fresh() as (database, pool):
            report[measure.__name__] = await measure(database, pool)
        _print(console, measure.__name__, report[measure.__name__])
    REPORTS.mkdir(parents=True, exist_ok=True)
    path = REPORTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    path.write_text(json.dumps(report, indent=2), encoding="utf-8")
    console.print(f"written to {path}")


if __name__ == "__main__":
    guard_exit()
    uvloop.run(main())
