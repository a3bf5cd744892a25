"""The totals of customers equal a recount of their bookings, whatever happens to those."""

import random

import pytest

from db.engine.session import Database
from domain.booking_status import BookingStatus
from tests.support import data
from tests.support.desk import Desk

#: A pending one needs a deadline, and counts as little as a confirmed one.
STATUSES = [status.value for status in BookingStatus if status is not BookingStatus.PENDING]
_RECOUNT = """
    SELECT customer_id, currency, count(*) FILTER (WHERE status = 'completed')::int AS visits,
           count(*) FILTER (WHERE status = 'no_show')::int AS no_shows,
           coalesce(sum(price) FILTER (WHERE status = 'completed'), 0)::bigint AS spent
      FROM bookings WHERE business_id = :id AND status IN ('completed', 'no_show')
     GROUP BY customer_id, currency ORDER BY 1, 2"""
_KEPT = """
    SELECT customer_id, currency, visits, no_shows, spent FROM customer_totals
     WHERE business_id = :id AND (visits, no_shows, spent) <> (0, 0, 0) ORDER BY 1, 2"""


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_totals_equal_a_recount_after_every_change(pool: Database, desk: Desk, seed: int) -> None:
    salon, chance = desk.salon, random.Random(seed)
    people = [salon.customer_id, await data.add_customer(pool, salon.business_id)]
    bookings, counted = [], 0
    for step in range(40):
        status = chance.choice(STATUSES)
        values = {"customer_id": chance.choice(people), "price": chance.choice([0, 5500, 8800])}
        values["currency"] = chance.choice(["JPY", "USD"])
        if len(bookings) < 6 or chance.random() < 0.2:
            at = data.NOW + (100 + 2 * step) * data.HOUR
            bookings.append(await data.add_booking(pool, salon, at, status=status, **values))
        else:
            changed = {"status": status, **values}
            sets = ", ".join(f"{name} = :{name}" for name in chance.sample(sorted(changed), 2))
            used = {name: value for name, value in changed.items() if f":{name}" in sets}
            await data.rows(pool, f"UPDATE bookings SET {sets} WHERE id = :id", id=chance.choice(bookings), **used)
        kept = await data.rows(pool, _KEPT, id=salon.business_id)
        assert kept == await data.rows(pool, _RECOUNT, id=salon.business_id)
        counted += bool(kept)
    assert counted > 20


async def test_totals_are_part_of_the_transaction_that_completes(pool: Database, desk: Desk) -> None:
    booking = await data.add_booking(pool, desk.salon, status="checked_in")

    async def undone() -> None:
        async with data.one_transaction(pool):
            await data.rows(pool, "UPDATE bookings SET status = 'completed' WHERE id = :id", id=booking)
            assert len(await data.rows(pool, _KEPT, id=desk.salon.business_id)) == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert await data.rows(pool, _KEPT, id=desk.salon.business_id) == []
