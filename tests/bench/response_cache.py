"""Public answers from the cache, beside the same questions answered from Postgres in the same minute."""

import itertools
from datetime import timedelta
from typing import Any

from db.engine.session import Database
from tests.bench import bench_data, load
from tests.support import servers


async def cached(database: servers.Database, pool: Database) -> dict[str, Any]:
    """A business, and a month of availability for 20 staff with 1 000 bookings, at 8 connections, one process each."""
    first = bench_data.days_ahead(1)
    salon = await bench_data.make_salon(pool, 20, 1)
    await bench_data.fill(database, salon, 1000, first, 31)
    until = (first + timedelta(days=30)).date()
    paths = {
        "a business": f"/api/v1/businesses/{salon.business_id}",
        "a month": f"/api/v1/availability?service_id={salon.service_id}&from={first.date()}&to={until}",
    }
    found: dict[str, Any] = {}
    async with (
        bench_data.api(database.settings(cache_responses=False), 1) as plain,
        bench_data.api(database.settings(), 1) as keeping,
    ):
        for name, path in paths.items():
            for how, port in (("from Postgres", plain), ("cached", keeping)):
                await load.run(port, 8, itertools.repeat(load.get(path), 50))
                found[f"{name}, {how}"] = (await load.run(port, 8, itertools.repeat(load.get(path), 400))).summary()
            rates = [found[f"{name}, {how}"]["per_second"] for how in ("cached", "from Postgres")]
            found[f"{name}: times the rate"] = round(float(rates[0] / rates[1]), 1)
    return found
