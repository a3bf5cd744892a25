"""A thousand followers of one business on one API process: memory, and how late an event arrives."""

import asyncio
import time
from pathlib import Path
from typing import Any

from db.engine.session import Database
from tests.bench import bench_data
from tests.support import data, servers

FOLLOWERS, ROUNDS, EVENTS = 1000, 5, 100


async def live(database: servers.Database, pool: Database) -> dict[str, Any]:
    """``ROUNDS`` times ``EVENTS`` events, each to every follower. Memory is that of the process, in MiB."""
    salon = await bench_data.make_salon(pool, 1, 1)
    [owner] = await data.rows(pool, "SELECT owner_id FROM businesses WHERE id = :id", id=salon.business_id)
    token = bench_data.token(database.settings(), owner["owner_id"])
    found: dict[str, Any] = {"followers": FOLLOWERS}
    async with bench_data.api(database.settings(), 1) as port:
        found["memory alone"] = _memory()
        lines = [await _follow(port, salon.business_id, token, number) for number in range(FOLLOWERS)]
        found["memory with followers"] = _memory()
        for number in range(ROUNDS):
            found[f"round {number + 1}"] = await _round(pool, salon.business_id, lines)
        for _, writer in lines:
            writer.close()
    return found


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _follow(port: int, business_id: object, token: str, number: int) -> Line:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = f"/api/v1/businesses/{business_id}/events?client={number}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    assert b" 200 " in await reader.readline()
    await reader.readuntil(b"retry: 2000\n\n")
    return reader, writer


async def _round(pool: Database, business_id: object, lines: list[Line]) -> dict[str, Any]:
    begun = time.perf_counter()
    readers = [asyncio.create_task(_receive(reader)) for reader, _ in lines]
    await data.rows(
        pool,
        "INSERT INTO outbox (business_id, event, aggregate) SELECT :b, 'booking.confirmed', 'booking/' || uuidv7() "
        "FROM generate_series(1, :n)",
        b=business_id,
        n=EVENTS,
    )
    await asyncio.gather(*readers)
    return {"all have all after s": round(time.perf_counter() - begun, 2), "memory": _memory()}


async def _receive(reader: asyncio.StreamReader) -> None:
    for _ in range(EVENTS):
        await reader.readuntil(b"\nevent: booking.confirmed\n")


def _memory() -> float:
    """Of the API, the child with the largest memory."""
    sizes = [0]
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
            if "uvicorn" in Path(f"/proc/{child}/cmdline").read_text():
                sizes += [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
    return round(max(sizes) / 1024, 1)
