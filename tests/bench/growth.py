"""Whether hot requests take longer with a hundred times as many bookings: two clusters, asked in turn.

``python -m tests.bench growth``; ``BENCH_GROWN`` bookings (a million) against ten thousand, over 1 000 businesses, and
beside them one salon of 20 people with a thousand bookings in both. The figures are medians of the time of a whole
transaction, in milliseconds.
"""

import os
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from db.bookings.commands.hold_request import HoldRequest
from db.bookings.queries import BookingFilter
from db.businesses.search import Search, Sort
from db.engine.session import Database, Scope, UnitOfWork
from db.scheduling.free_time import Asked
from tests.bench import bench_data
from tests.bench.history import make_history
from tests.support import servers
from tests.support.data import single

SMALL = 10_000
GROWN = int(os.environ.get("BENCH_GROWN", "1000000"))
BUSINESSES = 1000
ROUNDS = 60
Step = Callable[[], Awaitable[object]]


async def growth(database: servers.Database, pool: Database) -> dict[str, Any]:
    """Each step in both clusters in turn, and how many times longer it takes in the grown one."""
    async with bench_data.fresh() as (other, grown):
        small_steps, grown_steps = await _prepared(database, pool, SMALL), await _prepared(other, grown, GROWN)
        found: dict[str, Any] = {"bookings": f"{SMALL} against {GROWN}"}
        for name in small_steps:
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(ROUNDS):
                for step, taken in zip((small_steps[name], grown_steps[name]), times, strict=True):
                    begun = time.perf_counter()
                    await step()
                    taken.append((time.perf_counter() - begun) * 1000)
            small, large = (statistics.median(taken[10:]) for taken in times)
            found[name] = f"{small:.1f} ms, {large:.1f} ms: {large / small:.2f} times"
    return found


async def _prepared(database: servers.Database, pool: Database, bookings: int) -> dict[str, Step]:
    await make_history(database, BUSINESSES, bookings)
    salon = await bench_data.make_salon(pool, 20, ROUNDS)
    first, now = bench_data.days_ahead(1), datetime.now(UTC)
    await bench_data.fill(database, salon, 1000, first, 31)
    asked = Asked([salon.service_id], first.date(), (first + timedelta(days=30)).date())
    calls = iter(range(ROUNDS))

    def within(scope: Scope, step: Callable[[UnitOfWork], Awaitable[object]]) -> Step:
        async def run() -> None:
            async with pool.unit_of_work(scope) as work:
                await step(work)

        return run

    async def hold(work: UnitOfWork) -> object:
        number = next(calls)
        start_at = bench_data.days_ahead(40) + timedelta(hours=number)
        request = HoldRequest(single(salon.service_id), start_at, user_id=salon.users[number])
        return await work.bookings.holds.hold(request, now)

    everything = BookingFilter(business_id=salon.business_id, since=now)
    service = Scope.of("service", salon.service_id, None)
    return {
        "a month of availability": within(service, lambda work: work.scheduling.availability.starts(asked, now, 1)),
        "a hold": within(service, hold),
        "a page of the salon's bookings": within(
            Scope.tenant(salon.business_id), lambda work: work.bookings.list_(everything, 20)
        ),
        "the first page of businesses": within(
            Scope.public(), lambda work: work.businesses.search(Search(Sort.NAME, "ja", 20))
        ),
    }
