"""Logins, which cost a core a fifth of a second each, and what they leave of everything else at the same time."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

from api.access.passwords import Passwords
from db.engine.session import Database
from tests.bench import bench_data, load
from tests.support import data, servers

PASSWORD = "Sakura-2026"
READ = load.get("/api/v1/businesses?limit=20")


async def logins(database: servers.Database, pool: Database) -> dict[str, Any]:
    """POST /auth/login at 12 rounds, beside the bare hashes; and a list of businesses alone, and while logins come as
    fast as they are answered, and while more come than can be."""
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    people = [f"person{number}@example.jp" for number in range(200)]
    for email in people:
        await data.add_user(pool, email=email, password_hash=stored)
    await bench_data.make_salon(pool, 5, 1)
    found: dict[str, Any] = {}
    async with bench_data.api(database.settings(), 1) as port:
        await load.run(port, 4, itertools.repeat(READ, 100))
        found["reading alone"] = (await load.run(port, 4, itertools.repeat(READ, 1000))).summary()
        found["logins alone"] = (await load.run(port, 8, _logins(people[:60]))).summary()
        for name, connections, count in (("some", 8, 100), ("a flood of", 100, 600)):
            entering = asyncio.create_task(load.run(port, connections, _logins(people, count)))
            reading = await load.run(port, 4, _while(entering))
            found[f"{name} logins"] = (await entering).summary()
            found[f"reading beside {name} logins"] = reading.summary()
    found["hashes per second, bare"] = round(await _bare(passwords, stored), 1)
    passwords.close()
    alone = found["reading alone"]["per_second"]
    for name in ("some", "a flood of"):
        share = found[f"reading beside {name} logins"]["per_second"] / alone
        found[f"share of reading left by {name} logins"] = round(float(share), 2)
    return found


def _logins(people: list[str], count: int | None = None) -> Iterator[bytes]:
    for email in itertools.islice(itertools.cycle(people), count or len(people)):
        yield load.post("/api/v1/auth/login", json.dumps({"email": email, "password": PASSWORD}).encode(), [])


def _while(other: asyncio.Task[Any]) -> Iterator[bytes]:
    while not other.done():
        yield READ


async def _bare(passwords: Passwords, stored: str) -> float:
    """With as many at once as there are threads."""
    count, began = 20, time.perf_counter()
    for _ in range(count // bench_data.CORES):
        await asyncio.gather(*(passwords.matches(PASSWORD, stored) for _ in range(bench_data.CORES)))
    return count / (time.perf_counter() - began)
