"""A year of all businesses into the daily aggregates, beside the same figures by one SQL script."""

import asyncio
import os
import resource
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import text

from analytics import calendars, extract, load
from analytics.days import aggregate, page_of, recompute
from analytics.page import BusinessDay
from db.engine.session import Database, Scope
from tests.bench.history import DAYS, FIRST, make_history
from tests.support import data, servers

BUSINESSES = int(os.environ.get("BENCH_BUSINESSES", "1000"))
BOOKINGS = int(os.environ.get("BENCH_BOOKINGS", "1000000"))
#: Business days a page, as the worker has them.
PAGE = 60_000

_PLACED = """
    CREATE TEMP TABLE placed ON COMMIT DROP AS
    SELECT b.id, b.business_id, b.customer_id, b.status, b.party_size, b.price, l.at,
           CASE WHEN extract(epoch FROM l.at::time) / 60 < coalesce(s.spill, 0) THEN l.at::date - 1 ELSE l.at::date END
             AS day,
           coalesce(p.captured, 0) AS captured, coalesce(p.refunded, 0) AS refunded,
           b.status = 'completed' AND row_number() OVER (
               PARTITION BY b.customer_id, b.status ORDER BY b.start_at, b.id) = 1 AS is_first
      FROM bookings b JOIN businesses z ON z.id = b.business_id
      CROSS JOIN LATERAL (SELECT b.start_at AT TIME ZONE z.time_zone AS at) l
      LEFT JOIN (SELECT business_id, weekday, max(closes) - 1440 AS spill FROM business_hours GROUP BY 1, 2) s
        ON s.business_id = b.business_id AND s.weekday = extract(isodow FROM l.at::date - 1)::int - 1
      LEFT JOIN (SELECT booking_id, sum(captured) AS captured, sum(refunded) AS refunded FROM booking_payments
                  WHERE captured > 0 GROUP BY 1) p ON p.booking_id = b.id
"""
_SCRIPT = (
    _PLACED,
    """CREATE TEMP TABLE d1 ON COMMIT DROP AS
       SELECT business_id, day, count(*) AS bookings, count(*) FILTER (WHERE status = 'completed') AS completed,
              count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
              count(*) FILTER (WHERE status = 'no_show') AS no_show,
              sum(party_size) FILTER (WHERE status IN ('confirmed', 'checked_in', 'completed')) AS people,
              sum(price) FILTER (WHERE status IN ('confirmed', 'checked_in', 'completed')) AS value,
              sum(captured) AS gross, sum(refunded) AS refunds, sum(captured - refunded) AS net,
              count(DISTINCT customer_id) FILTER (WHERE is_first) AS new_customers,
              count(DISTINCT customer_id) FILTER (WHERE status = 'completed') AS visitors
         FROM placed GROUP BY 1, 2""",
    """CREATE TEMP TABLE d2 ON COMMIT DROP AS
       SELECT p.business_id, p.day, i.service_id, count(DISTINCT p.id) AS bookings,
              sum(i.price) FILTER (WHERE p.status IN ('confirmed', 'checked_in', 'completed')) AS value,
              sum(captured - refunded) AS net
         FROM placed p JOIN booking_items i ON i.booking_id = p.id GROUP BY 1, 2, 3""",
    """CREATE TEMP TABLE d3 ON COMMIT DROP AS
       SELECT p.business_id, p.day, c.resource_id, count(DISTINCT p.id) AS bookings,
              sum(extract(epoch FROM c.ends_at - c.starts_at) / 60) AS minutes
         FROM placed p JOIN resource_claims c ON c.booking_id = p.id AND c.released_at IS NULL GROUP BY 1, 2, 3""",
    """CREATE TEMP TABLE d4 ON COMMIT DROP AS
       SELECT business_id, day, extract(hour FROM at)::int + CASE WHEN at::date > day THEN 24 ELSE 0 END AS hour,
              count(*) AS bookings, sum(party_size) AS people
         FROM placed WHERE status IN ('confirmed', 'checked_in', 'completed') GROUP BY 1, 2, 3""",
)


async def analytics(database: servers.Database, pool: Database) -> dict[str, Any]:
    """Processor seconds of reading, computing and writing a year of everything, and of the same in SQL; milliseconds of
    one business day again."""
    began = time.perf_counter()
    found: dict[str, Any] = {"bookings": await make_history(database, BUSINESSES, BOOKINGS)}
    found["generated in s"] = round(time.perf_counter() - began, 1)
    rows = await data.rows(pool, "SELECT id FROM businesses ORDER BY id")
    days = [BusinessDay(row["id"], FIRST + timedelta(days=n)) for row in rows for n in range(DAYS + 1)]
    spent = {"read": 0.0, "compute": 0.0, "write": 0.0}
    wide = database.settings(database_statement_timeout=timedelta(minutes=10))
    async with data.opened(database, database_statement_timeout=wide.database_statement_timeout) as patient:
        for start in range(0, len(days), PAGE):
            await _one_page(patient, days[start : start + PAGE], spent)
        found |= {f"{name} s": round(seconds, 2) for name, seconds in spent.items()}
        found["the same figures by SQL s"] = round(await _script(patient), 2)
    found["(read + compute) / SQL"] = round((spent["read"] + spent["compute"]) / found["the same figures by SQL s"], 2)
    again = [await _timed(lambda: _again(pool, days[DAYS // 2])) for _ in range(5)]
    found["one business day again ms"] = round(min(again) * 1000)
    night = [one for one in days if one.day == FIRST + timedelta(days=200)]
    found["one day of all businesses again ms"] = round(await _timed(lambda: _again(pool, *night)) * 1000)
    found["peak memory MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


async def _one_page(pool: Database, days: list[BusinessDay], spent: dict[str, float]) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        backend = int(await work.session.scalar(text("SELECT pg_backend_pid()")) or 0)
        marks = [_processor_seconds(backend)]
        page = await page_of(work.session, days)
        openings = await calendars.read(work.session, page)
        rows = await extract.read(work.session, page)
        marks.append(_processor_seconds(backend))
        aggregates = await asyncio.to_thread(aggregate, rows, openings, page)
        marks.append(_processor_seconds(backend))
        for declared, frame in aggregates.by_table().items():
            await load.replace(work.session, declared.__table__, frame, page)  # type: ignore[arg-type]
        marks.append(_processor_seconds(backend))
    for name, (begin, end) in zip(spent, pairwise(marks), strict=True):
        spent[name] += end - begin


async def _script(pool: Database) -> float:
    async with pool.unit_of_work(Scope.platform()) as work:
        # One process for both: helpers of a parallel query are not counted.
        await work.session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
        backend = int(await work.session.scalar(text("SELECT pg_backend_pid()")) or 0)
        began = _processor_seconds(backend)
        for statement in _SCRIPT:
            await work.session.execute(text(statement))
        return _processor_seconds(backend) - began


def _processor_seconds(backend: int) -> float:
    """Processor time of this process and of its server process of Postgres, which does not depend on what else the
    machine does."""
    fields = Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _again(pool: Database, *days: BusinessDay) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        await recompute(work.session, days)


async def _timed(step: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await step()
    return time.perf_counter() - began
