"""Days with nights, with a changed clock, and with blocked time, counted by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from analytics.days import recompute
from analytics.page import BusinessDay
from db.engine.session import Database, Scope
from db.scheduling.tables import Block
from tests.support.data import Salon, add, add_booking, add_salon, rows

#: The Saturday whose night has 02:00 to 03:00 twice in Berlin.
BACK = date(2026, 10, 24)
#: The Saturday whose night has no 02:00 to 03:00 in Berlin.
FORWARD = date(2027, 3, 27)


async def test_recompute_counts_both_hours_of_a_night_with_25_hours(pool: Database) -> None:
    """A business is open from 20:00 to 27:00 on the night in which the clock goes back. Both times that are called
    02:30 belong to Saturday's hour 26, 03:30 to Sunday."""
    salon = await _night_salon(pool)
    for start_at in (
        datetime(2026, 10, 24, 20, 0, tzinfo=UTC),  # 22:00
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 02:30 in summer time
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # 02:30 in winter time
        datetime(2026, 10, 25, 2, 30, tzinfo=UTC),  # 03:30
    ):
        await add_booking(pool, salon, start_at, status="completed")
    await _recompute(pool, salon, BACK, BACK + timedelta(days=1))
    assert await _counted(pool, salon) == {BACK: 3, BACK + timedelta(days=1): 1}
    assert await _hours(pool, salon, BACK) == {22: 1, 26: 2}


async def test_recompute_counts_a_night_with_23_hours(pool: Database) -> None:
    """The clock goes from 02:00 to 03:00: the minute before is Saturday's hour 25, the minute after is Sunday's."""
    salon = await _night_salon(pool)
    for start_at in (datetime(2027, 3, 28, 0, 59, tzinfo=UTC), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)):
        await add_booking(pool, salon, start_at, status="completed")
    await _recompute(pool, salon, FORWARD, FORWARD + timedelta(days=1))
    assert await _counted(pool, salon) == {FORWARD: 1, FORWARD + timedelta(days=1): 1}
    assert await _hours(pool, salon, FORWARD) == {25: 1}


async def test_recompute_counts_blocked_minutes_inside_the_hours_alone(pool: Database) -> None:
    """A block from Saturday 26:00 to Sunday 21:00 of one resource, with hours from 20:00 to 27:00: an hour of each day.
    It is on the wall clock, so the second 02:00 of the night does not count again."""
    salon = await _night_salon(pool)
    await _block(pool, salon, datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 20, 0, tzinfo=UTC))
    days = [BACK + timedelta(days=n) for n in range(-1, 3)]
    await _recompute(pool, salon, *days)
    found = await rows(
        pool,
        "SELECT day, blocked_minutes, open_minutes FROM analytics_daily WHERE business_id = :id ORDER BY day",
        id=salon.business_id,
    )
    assert {row["day"]: row["blocked_minutes"] for row in found} == dict(zip(days, (0, 60, 60, 0), strict=True))
    assert all(row["open_minutes"] == 2 * 420 for row in found)


async def test_block_times_mark_ended_days_when_they_appear_and_go(pool: Database) -> None:
    """The figures of a day that has ended follow a block that is written later, and its removal; the removed block
    leaves no claims behind."""
    salon = await _night_salon(pool)
    start = datetime(2026, 10, 25, 20, 0, tzinfo=UTC)
    block_id = await _block(pool, salon, start, start + timedelta(hours=2))
    marked = "SELECT day FROM analytics_stale_days WHERE business_id = :id ORDER BY day"
    expected = [start.date() - timedelta(days=1), start.date()]
    assert [row["day"] for row in await rows(pool, marked, id=salon.business_id)] == expected
    await rows(pool, "DELETE FROM analytics_stale_days WHERE business_id = :id", id=salon.business_id)
    await rows(pool, "DELETE FROM resource_claims WHERE block_id = :id", id=block_id)
    await rows(pool, "DELETE FROM block_times WHERE block_id = :id", id=block_id)
    assert [row["day"] for row in await rows(pool, marked, id=salon.business_id)] == expected


async def _night_salon(pool: Database) -> Salon:
    """In Berlin, open from 20:00 to 27:00 every day, with two resources."""
    salon = await add_salon(pool)
    await rows(pool, "UPDATE businesses SET time_zone = 'Europe/Berlin' WHERE id = :id", id=salon.business_id)
    await rows(
        pool, "UPDATE business_hours SET opens = 1200, closes = 1620 WHERE business_id = :id", id=salon.business_id
    )
    return salon


async def _block(pool: Database, salon: Salon, starts_at: datetime, ends_at: datetime) -> Any:
    times = {"starts_at": starts_at, "ends_at": ends_at}
    block_id = await add(pool, Block, business_id=salon.business_id, resource_id=salon.resources[0], **times)
    await rows(
        pool,
        "INSERT INTO block_times (business_id, block_id, starts_at, ends_at)"
        " VALUES (:business, :block, :starts_at, :ends_at)",
        business=salon.business_id,
        block=block_id,
        **times,
    )
    await rows(pool, "SELECT app_fill_block(:block, NULL, '-infinity', 'infinity') IS NULL AS filled", block=block_id)
    return block_id


async def _recompute(pool: Database, salon: Salon, *days: date) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        await recompute(work.session, [BusinessDay(salon.business_id, day) for day in days])


async def _counted(pool: Database, salon: Salon) -> dict[date, int]:
    found = await rows(pool, "SELECT day, bookings FROM analytics_daily WHERE business_id = :id", id=salon.business_id)
    return {row["day"]: row["bookings"] for row in found}


async def _hours(pool: Database, salon: Salon, day: date) -> dict[int, int]:
    found = await rows(
        pool,
        "SELECT hour, bookings FROM analytics_daily_hours WHERE business_id = :id AND day = :day",
        id=salon.business_id,
        day=day,
    )
    return {row["hour"]: row["bookings"] for row in found}
