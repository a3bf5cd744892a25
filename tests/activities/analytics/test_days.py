"""Computing the marked days of many businesses: in pages, resumable, and one that fails stops no other."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.analytics import days as activity_days
from activities.analytics.days import AnalyticsActivities, CollectInput, ComputeInput, next_page
from analytics import days as steps
from analytics.page import BusinessDay
from db.engine.session import Database, Scope
from domain.errors import Unavailable
from tests.analytics.generated import DAYS, add_history
from tests.support import data, servers
from tests.support.data import rows

NOW = datetime(2027, 6, 1, tzinfo=UTC)
FIRST = date(2027, 3, 1)


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> Database:
    """Every marked day is computed, so these tests have a database of their own."""
    async with data.opened(database) as opened:
        yield opened


async def _mark(pool: Database, *businesses: UUID) -> None:
    await rows(pool, "UPDATE businesses SET created_at = :at", at=datetime(2026, 1, 1, tzinfo=UTC))
    async with pool.unit_of_work(Scope.platform()) as work:
        for business in businesses:
            await work.analytics.stale_days.mark(FIRST, FIRST + timedelta(days=DAYS - 1), NOW, business)


async def _left(pool: Database) -> set[UUID]:
    return {row["business_id"] for row in await rows(pool, "SELECT DISTINCT business_id FROM analytics_stale_days")}


async def test_compute_takes_every_marked_day_in_pages(pool: Database) -> None:
    """Pages of five days: two businesses of eight days take four."""
    made = [await add_history(pool, seed, "Asia/Tokyo", FIRST, bookings=20) for seed in (1, 2)]
    await _mark(pool, *(one.salon.business_id for one in made))
    beats: list[int] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = beats.append
    done = await environment.run(AnalyticsActivities(pool, lambda: NOW).compute, ComputeInput(page=5))
    [stored] = await rows(pool, "SELECT count(*) AS days, sum(bookings)::int AS bookings FROM analytics_daily")
    assert (done.days, done.bookings, done.failed) == (16, stored["bookings"], ())
    assert list(dict.fromkeys(beats)) == [0, 5, 10, 15, 16]
    assert stored["days"] == 16
    assert not await _left(pool)


async def test_compute_makes_pages_smaller_where_days_have_many_bookings(
    pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page says how many bookings a day has."""
    made = await add_history(pool, 4, "Asia/Tokyo", FIRST, bookings=60)
    await _mark(pool, made.salon.business_id)
    monkeypatch.setattr(activity_days, "FIRST_PAGE", 4)
    monkeypatch.setattr(activity_days, "BOOKINGS", 1)
    beats: list[int] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = beats.append
    await environment.run(AnalyticsActivities(pool, lambda: NOW).compute, ComputeInput())
    assert list(dict.fromkeys(beats)) == [0, *range(4, DAYS + 1)]


@pytest.mark.parametrize(
    ("days", "bookings", "found"),
    [(20_000, 0, 60_000), (20_000, 55_000, 60_000), (20_000, 400_000, 10_000), (1, 10**9, 1)],
)
def test_next_page_has_as_many_days_as_fit(days: int, bookings: int, found: int) -> None:
    """Never more than the most, and at least one."""
    assert next_page(60_000, days, bookings) == found


async def test_compute_leaves_a_business_that_fails_and_computes_the_others(
    pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its days stay marked, so that the next run tries them again."""
    made = [await add_history(pool, seed, "Asia/Tokyo", FIRST, bookings=20) for seed in (1, 2, 3)]
    ids = [one.salon.business_id for one in made]
    await _mark(pool, *ids)
    real = steps.recompute

    async def recompute(session: object, page: list[BusinessDay]) -> int:
        if any(one.business_id == ids[1] for one in page):
            raise ZeroDivisionError
        return await real(session, page)

    monkeypatch.setattr(steps, "recompute", recompute)
    done = await ActivityEnvironment().run(AnalyticsActivities(pool, lambda: NOW).compute, ComputeInput(page=100))
    assert (done.days, done.failed) == (2 * DAYS, (ids[1],))
    assert await _left(pool) == {ids[1]}
    monkeypatch.undo()
    done = await ActivityEnvironment().run(AnalyticsActivities(pool, lambda: NOW).compute, ComputeInput())
    assert (done.days, done.failed) == (DAYS, ())


async def test_compute_is_tried_again_when_postgres_is_away(pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage is no fault of a business: the try ends, and what it computed before stays computed."""
    made = [await add_history(pool, seed, "Asia/Tokyo", FIRST, bookings=20) for seed in (1, 2)]
    await _mark(pool, *(one.salon.business_id for one in made))
    real, calls = steps.recompute, []

    async def recompute(session: object, page: list[BusinessDay]) -> int:
        calls.append(len(page))
        if len(calls) == 2:
            raise Unavailable({"dependency": "postgres"})
        return await real(session, page)

    monkeypatch.setattr(steps, "recompute", recompute)
    activities = AnalyticsActivities(pool, lambda: NOW)
    with pytest.raises(Unavailable):
        await ActivityEnvironment().run(activities.compute, ComputeInput(page=DAYS))
    assert len(await _left(pool)) == 1
    done = await ActivityEnvironment().run(activities.compute, ComputeInput(page=DAYS))
    assert done.days == DAYS


async def test_collect_then_compute_covers_the_day_that_ended(pool: Database) -> None:
    """The whole night's work over the real tables: the day that ended, and those of reviews and other late entries."""
    made = await add_history(pool, 1, "Asia/Tokyo", date(2027, 5, 25), bookings=20)
    activities = AnalyticsActivities(pool, lambda: NOW)
    await ActivityEnvironment().run(activities.collect, CollectInput())
    marked = {row["day"] for row in await rows(pool, "SELECT DISTINCT day FROM analytics_stale_days")}
    done = await ActivityEnvironment().run(activities.compute, ComputeInput())
    stored = await rows(pool, "SELECT business_id, day FROM analytics_daily")
    assert done.days == len(stored)
    assert {row["day"] for row in stored} == marked
    assert {row["business_id"] for row in stored} == {made.salon.business_id}
    assert max(row["day"] for row in stored) == date(2027, 5, 31)
