"""Hot requests as shares of what a bare FastAPI answers, in turn with it in the same run.

``python -m tests.bench shares``. Redis is there, the API logs every request and checks its protocol as in production.
Load comes from wrk where it is installed, else from this project's client; the same for both sides. Beside the rate
stands the processor time of the API per request, which other work on the machine changes less.
"""

import asyncio
import itertools
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psutil

from db.engine.session import Database
from tests.bench import bench_data, load
from tests.support import data, servers

#: Seconds of load for each measurement, and how often each is made in turn with its reference; the best one counts.
_SECONDS = 3
_ROUNDS = 3


@dataclass(frozen=True)
class _Server:
    """A running server: its port and the process that began it."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """Of the process and its children, so far."""
        process = psutil.Process(self.pid)
        times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
        return sum(time.user + time.system for time in times)


@asynccontextmanager
async def _serving(module: str, workers: int, environment: dict[str, str] | None = None) -> AsyncIterator[_Server]:
    [port] = servers.choose_ports(["api"], {}).values()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, str(port), str(workers)),
        env={**os.environ, **(environment or {})},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await bench_data.answers(port)
        yield _Server(port, process.pid)
    finally:
        process.terminate()
        await process.wait()


@dataclass(frozen=True)
class _Measured:
    """One round: answers per second, and milliseconds of processor time of the server for each."""

    rate: float
    milliseconds: float


async def _measure(server: _Server, path: str, connections: int) -> _Measured:
    before = server.processor_seconds()
    count, seconds = await _load(server.port, path, connections)
    return _Measured(count / seconds, (server.processor_seconds() - before) * 1000 / count)


async def _load(port: int, path: str, connections: int) -> tuple[int, float]:
    """Requests answered, and the seconds they took. Raises RuntimeError for an answer that is not 2xx."""
    wrk = shutil.which("wrk")
    if wrk is None:
        some = await load.run(port, connections, itertools.repeat(load.get(path), 200))
        outcome = await load.run(port, connections, itertools.repeat(load.get(path), int(some.rate * _SECONDS) + 1))
        if set(outcome.statuses) != {200}:
            raise RuntimeError(f"{path}: {outcome.statuses}")
        return len(outcome.latencies), outcome.seconds
    process = await asyncio.create_subprocess_exec(
        *(wrk, "-t1", f"-c{connections}", f"-d{_SECONDS}s", f"http://127.0.0.1:{port}{path}"),
        stdout=asyncio.subprocess.PIPE,
    )
    printed = (await process.communicate())[0].decode()
    if "Non-2xx" in printed or "Socket errors" in printed:
        raise RuntimeError(f"{path}: {printed}")
    found = re.search(r"(\d+) requests in ([\d.]+)s", printed)
    if found is None:
        raise RuntimeError(printed)
    return int(found[1]), float(found[2])


async def processor_time_of_bare() -> float:
    """Milliseconds of processor time of a bare request."""
    async with _serving("tests.bench.bare", 1) as bare:
        await _load(bare.port, "/x", 8)
        return min([(await _measure(bare, "/x", 8)).milliseconds for _ in range(_ROUNDS)])


async def _share(server: _Server, bare: _Server, path: str, connections: int = 8) -> dict[str, Any]:
    await _load(server.port, path, connections)
    ours, reference = [], []
    for _ in range(_ROUNDS):
        reference.append(await _measure(bare, "/x", connections))
        ours.append(await _measure(server, path, connections))
    best, most = (max(one.rate for one in found) for found in (ours, reference))
    least, bare_least = (min(one.milliseconds for one in found) for found in (ours, reference))
    return {
        "answers per second": round(best),
        "bare": round(most),
        "share": round(best / most, 3),
        "processor ms": round(least, 2),
        "share of processor time": round(bare_least / least, 3),
    }


async def shares(database: servers.Database, pool: Database) -> dict[str, Any]:
    """Liveness, cached answers, availability that nothing caches, and the list of businesses."""
    first = bench_data.days_ahead(1)
    small, large = await bench_data.make_salon(pool, 20, 1), await bench_data.make_salon(pool, 50, 1)
    await data.rows(pool, "UPDATE business_settings SET slot_interval_minutes = 15")
    for salon in (small, large):
        await bench_data.fill(database, salon, 1000, first, 31)
    month = f"from={first.date()}&to={(first + timedelta(days=30)).date()}"
    day = f"from={first.date()}&to={first.date()}"

    def availability(salon: bench_data.BenchSalon, span: str) -> str:
        return f"/api/v1/availability?service_id={salon.service_id}&{span}"

    found: dict[str, Any] = {}
    settings = database.settings()
    plain = settings.model_copy(update={"cache_responses": False})
    logged = {"OMOTENASHI_LOG_LEVEL": "INFO", "OMOTENASHI_LOG_JSON": "true"}
    async with (
        _serving("tests.bench.bare", 1) as bare,
        _serving("tests.bench.server", 1, bench_data.environment(settings) | logged) as one,
    ):
        found["GET /health/live"] = await _share(one, bare, "/health/live")
        found["a month of availability, cached"] = await _share(one, bare, availability(small, month))
        found["a business, cached"] = await _share(one, bare, f"/api/v1/businesses/{small.business_id}")
    async with (
        _serving("tests.bench.bare", bench_data.CORES) as bare,
        _serving("tests.bench.server", bench_data.CORES, bench_data.environment(plain) | logged) as api,
    ):
        found["a month, 20 staff, not cached"] = await _share(api, bare, availability(small, month))
        found["a month, 50 staff, not cached"] = await _share(api, bare, availability(large, month))
        found["a day, 20 staff, not cached"] = await _share(api, bare, availability(small, day))
        found["list of businesses"] = await _share(api, bare, "/api/v1/businesses")
    return found
