"""Which business days are marked: those that ended, and earlier ones whose bookings or payments changed."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest_asyncio

from analytics.days import recompute
from analytics.page import BusinessDay
from db.engine.session import Database, Scope
from domain.booking_status import BookingStatus
from tests.support import data, servers
from tests.support.data import HOUR, add_booking, add_payment, add_salon, rows
from tests.support.desk import Desk
from tests.support.reviews import add_review

#: 02:00 in Tokyo on Thursday, 26 November 2026.
NIGHT = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
WEDNESDAY = date(2026, 11, 25)
DAY = timedelta(days=1)


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> Database:
    """Collecting sees every business, so these tests have a database of their own."""
    async with data.opened(database) as opened:
        yield opened


async def test_collect_marks_the_day_that_ended(pool: Database) -> None:
    """Once; a second collection of the same night finds nothing."""
    salon = await add_salon(pool)
    assert await _collect(pool, NIGHT) == 1
    assert await _take_all(pool) == {(salon.business_id, WEDNESDAY)}
    await _collect(pool, NIGHT + HOUR)
    assert await _take_all(pool) <= {(salon.business_id, WEDNESDAY), (salon.business_id, WEDNESDAY - DAY)}


async def test_collect_makes_up_for_nights_without_a_collection(pool: Database) -> None:
    """Every day since the last one is marked."""
    salon = await add_salon(pool)
    await _collect(pool, NIGHT)
    await _take_all(pool)
    await _collect(pool, NIGHT + 4 * DAY)
    found = await _take_all(pool)
    assert {(salon.business_id, WEDNESDAY + n * DAY) for n in range(1, 5)} <= found


async def test_collect_uses_the_dates_of_each_zone(pool: Database) -> None:
    """At 02:00 in Tokyo it is still Wednesday in New York: Tuesday is the day that ended."""
    salon = await add_salon(pool)
    await rows(pool, "UPDATE businesses SET time_zone = 'America/New_York' WHERE id = :id", id=salon.business_id)
    await _collect(pool, NIGHT)
    assert await _take_all(pool) == {(salon.business_id, WEDNESDAY - DAY)}


async def test_collect_marks_the_day_of_a_booking_that_changed_later(pool: Database) -> None:
    """A booking of two weeks ago is marked as not come: its day, and no other, is computed again."""
    salon = await add_salon(pool)
    visit = NIGHT - 14 * DAY
    booking_id = await add_booking(pool, salon, visit, status="confirmed")
    await _collect(pool, NIGHT)
    await _take_all(pool)
    await Desk(pool, salon).do("no_show", booking_id, now=NIGHT)
    await _mark_history_at(pool, booking_id, NIGHT + 2 * HOUR)
    await _collect(pool, NIGHT + 3 * HOUR)
    old = {(business, day) for business, day in await _take_all(pool) if day < WEDNESDAY - DAY}
    assert old == {(salon.business_id, _tokyo(visit))}


async def test_collect_marks_the_day_of_a_refund(pool: Database) -> None:
    """Money that goes back next week changes the day of the visit."""
    salon = await add_salon(pool)
    visit = NIGHT - 7 * DAY
    booking_id = await add_booking(pool, salon, visit, status=BookingStatus.COMPLETED.value)
    payment_id = await add_payment(pool, salon, booking_id, status="captured")
    await _collect(pool, NIGHT)
    await _take_all(pool)
    await rows(
        pool,
        "INSERT INTO payment_transactions"
        " (id, business_id, payment_id, movement_id, movement, phase, amount, currency) VALUES"
        " (uuidv7(CAST(:at AS timestamptz) - now()), :business, :payment, 'm1', 'void', 'intended', 1, 'JPY')",
        at=NIGHT + 2 * HOUR,
        business=salon.business_id,
        payment=payment_id,
    )
    await _collect(pool, NIGHT + 3 * HOUR)
    assert (salon.business_id, _tokyo(visit)) in await _take_all(pool)


async def test_collect_marks_the_next_visit_of_the_same_customer(pool: Database) -> None:
    """Whether a customer was new on a day depends on their earlier bookings."""
    salon = await add_salon(pool)
    first, second, third = (NIGHT - n * DAY for n in (30, 20, 10))
    booking_id = await add_booking(pool, salon, first, status="confirmed")
    for at in (second, third):
        await add_booking(pool, salon, at, status="completed")
    await _collect(pool, NIGHT)
    await _take_all(pool)
    await Desk(pool, salon).do("no_show", booking_id, now=NIGHT)
    await _mark_history_at(pool, booking_id, NIGHT + 2 * HOUR)
    await _collect(pool, NIGHT + 3 * HOUR)
    found = {day for _, day in await _take_all(pool)}
    assert {_tokyo(first), _tokyo(second)} <= found
    assert _tokyo(third) not in found


async def test_collect_marks_the_visits_of_merged_customers(pool: Database) -> None:
    """Who is new and who returns depends on whose the earlier visits are, after a merge and after its undo."""
    salon = await add_salon(pool)
    first, second = NIGHT - 20 * DAY, NIGHT - 10 * DAY
    other = await data.add_customer(pool, salon.business_id)
    await add_booking(pool, salon, first, status="completed")
    await add_booking(pool, salon, second, status="completed", customer_id=other, user_id=None)
    await _collect(pool, NIGHT)
    await _take_all(pool)
    for hours, step in ((2, "merge"), (4, "unmerge")):
        async with pool.unit_of_work(salon.scope) as work:
            await getattr(work.customers.merges, step)(salon.customer_id, other, NIGHT)
        await rows(
            pool,
            "UPDATE customer_merges SET change_key = uuidv7(CAST(:at AS timestamptz) - now())",
            at=NIGHT + hours * HOUR,
        )
        await _collect(pool, NIGHT + (hours + 1) * HOUR)
        assert {_tokyo(first), _tokyo(second)} <= {day for _, day in await _take_all(pool)}


async def test_collect_marks_the_night_of_the_day_before(pool: Database) -> None:
    """A booking at 1:00 may belong to the day before where hours run past midnight."""
    salon = await add_salon(pool)
    await rows(
        pool, "UPDATE business_hours SET opens = 600, closes = 1560 WHERE business_id = :id", id=salon.business_id
    )
    visit = datetime(2026, 11, 9, 16, 0, tzinfo=UTC)  # 1:00 on the 10th in Tokyo
    booking_id = await add_booking(pool, salon, visit, status="confirmed")
    await _collect(pool, NIGHT)
    await _take_all(pool)
    await Desk(pool, salon).do("no_show", booking_id, now=NIGHT)
    await _mark_history_at(pool, booking_id, NIGHT + 2 * HOUR)
    await _collect(pool, NIGHT + 3 * HOUR)
    found = {day for _, day in await _take_all(pool)}
    assert {date(2026, 11, 9), date(2026, 11, 10)} <= found


async def test_collect_marks_the_night_that_the_hours_had_when_it_was_counted(pool: Database) -> None:
    """The business closes earlier since: the booking at 1:00 is the date's own now, and must leave the day before."""
    salon = await add_salon(pool)
    hours = "UPDATE business_hours SET opens = 600, closes = :closes WHERE business_id = :id"
    await rows(pool, hours, id=salon.business_id, closes=1560)
    visit = datetime(2026, 11, 9, 16, 0, tzinfo=UTC)  # 1:00 on the 10th in Tokyo
    booking_id = await add_booking(pool, salon, visit, status="confirmed")
    await _collect(pool, NIGHT)
    async with pool.unit_of_work(Scope.platform()) as work:
        await recompute(work.session, [BusinessDay(salon.business_id, date(2026, 11, day)) for day in (9, 10)])
    await _take_all(pool)
    await rows(pool, hours, id=salon.business_id, closes=1200)
    await Desk(pool, salon).do("no_show", booking_id, now=NIGHT)
    await _mark_history_at(pool, booking_id, NIGHT + 2 * HOUR)
    await _collect(pool, NIGHT + 3 * HOUR)
    assert {date(2026, 11, 9), date(2026, 11, 10)} <= {day for _, day in await _take_all(pool)}


async def test_collect_marks_the_day_alone_of_a_business_that_has_no_hours_any_more(pool: Database) -> None:
    salon = await add_salon(pool)
    visit = datetime(2026, 11, 9, 3, 0, tzinfo=UTC)
    booking_id = await add_booking(pool, salon, visit, status="confirmed")
    await _collect(pool, NIGHT)
    await _take_all(pool)
    await rows(pool, "DELETE FROM business_hours WHERE business_id = :id RETURNING 1", id=salon.business_id)
    await Desk(pool, salon).do("no_show", booking_id, now=NIGHT)
    await _mark_history_at(pool, booking_id, NIGHT + 2 * HOUR)
    await _collect(pool, NIGHT + 3 * HOUR)
    found = {day for _, day in await _take_all(pool)}
    assert date(2026, 11, 9) in found
    assert date(2026, 11, 8) not in found


async def test_business_in_another_zone_has_its_computed_days_marked(pool: Database) -> None:
    """A booking at 8:00 in Tokyo is of the day before in London: the days beside the computed ones are marked."""
    salon = await add_salon(pool)
    async with pool.unit_of_work(Scope.platform()) as work:
        await recompute(work.session, [BusinessDay(salon.business_id, date(2026, 11, 9))])
    zone = "UPDATE businesses SET time_zone = :zone WHERE id = :id"
    await rows(pool, zone, id=salon.business_id, zone="Asia/Tokyo")
    assert await _take_all(pool) == set()
    async with pool.unit_of_work(salon.scope) as work:
        await work.businesses.change(salon.business_id, {"time_zone": "Europe/London"})
    assert {day for _, day in await _take_all(pool)} == {date(2026, 11, day) for day in (8, 9, 10)}


async def test_mark_takes_a_range_up_to_yesterday(pool: Database) -> None:
    """Days that have not ended and days before the business was created are left out."""
    salon, other = await add_salon(pool), await add_salon(pool)
    await rows(pool, "UPDATE businesses SET created_at = :at", at=NIGHT - 5 * DAY)
    async with pool.unit_of_work(Scope.platform()) as work:
        marked = await work.analytics.stale_days.mark(date(2020, 1, 1), date(2030, 1, 1), NIGHT, salon.business_id)
    found = await _take_all(pool)
    assert marked == len(found) == 5
    assert {business for business, _ in found} == {salon.business_id}
    assert max(day for _, day in found) == WEDNESDAY
    assert other.business_id not in {business for business, _ in found}


async def test_remove_leaves_days_that_were_marked_again(pool: Database) -> None:
    """What changes while a day is computed is computed by the next page."""
    salon = await add_salon(pool)
    await rows(pool, "UPDATE businesses SET created_at = :at", at=NIGHT - 5 * DAY)
    await _collect(pool, NIGHT)
    async with pool.unit_of_work(Scope.platform()) as work:
        taken = await work.analytics.stale_days.take(10)
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.analytics.stale_days.mark(WEDNESDAY, WEDNESDAY, NIGHT, salon.business_id)
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.analytics.stale_days.remove([(row.business_id, row.day, row.marked) for row in taken])
        assert len(await work.analytics.stale_days.take(10)) == 1


async def _collect(pool: Database, now: datetime) -> int:
    async with pool.unit_of_work(Scope.platform()) as work:
        return await work.analytics.stale_days.collect(now)


async def _take_all(pool: Database) -> set[tuple[UUID, date]]:
    """The marked days, which are marked no more."""
    async with pool.unit_of_work(Scope.platform()) as work:
        taken = await work.analytics.stale_days.take(10_000)
        await work.analytics.stale_days.remove([(row.business_id, row.day, row.marked) for row in taken])
    return {(row.business_id, row.day) for row in taken}


async def _mark_history_at(pool: Database, booking_id: UUID, at: datetime) -> None:
    """Give the last change of a booking the key of another time: keys are made by the database's own clock."""
    await rows(
        pool,
        "INSERT INTO booking_history (id, business_id, booking_id, event, to_status, actor_kind)"
        " SELECT uuidv7(CAST(:at AS timestamptz) - now()), business_id, id, 'seen', status, 'system'"
        " FROM bookings WHERE id = :id",
        id=booking_id,
        at=at,
    )


def _tokyo(at: datetime) -> date:
    return (at + 9 * HOUR).date()


async def test_collect_marks_the_day_of_late_money_at_the_venue_and_of_a_review(pool: Database) -> None:
    """Both count on the day of the visit, and no other day is computed again."""
    salon = await add_salon(pool)
    paid, reviewed, untouched = (NIGHT - n * DAY for n in (21, 14, 7))
    bookings = [await add_booking(pool, salon, at, status="completed") for at in (paid, reviewed, untouched)]
    await _collect(pool, NIGHT)
    await _take_all(pool)
    await rows(
        pool,
        "INSERT INTO venue_payments (id, business_id, booking_id, kind, method, amount, currency, day, taken_by,"
        " command_id) VALUES (uuidv7(CAST(:at AS timestamptz) - now()), :business, :booking, 'payment', 'cash', 100,"
        " 'JPY', '2026-11-25', :person, 'c1')",
        at=NIGHT + 2 * HOUR,
        business=salon.business_id,
        booking=bookings[0],
        person=salon.owner_id,
    )
    await add_review(pool, salon, bookings[1], updated_at=NIGHT + 2 * HOUR)
    await _collect(pool, NIGHT + 3 * HOUR)
    found = {day for _, day in await _take_all(pool)}
    assert {_tokyo(paid), _tokyo(reviewed)} <= found
    assert _tokyo(untouched) not in found
