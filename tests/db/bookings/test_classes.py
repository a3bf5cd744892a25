"""The places of a class where a booking moves, or comes back."""

import pytest

from db.engine.session import Database
from domain.platform.actor import ActorKind
from domain.scheduling.errors import SlotTaken
from tests.support import data
from tests.support.data import HOUR, NOW, Salon
from tests.support.desk import Desk

FULL = NOW + 72 * HOUR


async def class_of_four(pool: Database) -> Salon:
    """Two rooms of six seats for a class of four places, three of them sold at ``FULL``."""
    salon = await data.add_salon(pool, capacity=4, party_max=4)
    await data.rows(pool, "UPDATE resources SET capacity = 6 WHERE business_id = :b", b=salon.business_id)
    await data.add_booking(pool, salon, FULL, party_size=3)
    return salon


async def test_moved_booking_needs_places(pool: Database) -> None:
    salon = await class_of_four(pool)
    desk = Desk(pool, salon)
    two = await data.add_booking(pool, salon, FULL + 24 * HOUR, party_size=2)
    with pytest.raises(SlotTaken):
        await desk.do("reschedule", two, ActorKind.STAFF, start_at=FULL)
    one = await data.add_booking(pool, salon, FULL + 48 * HOUR, party_size=1)
    assert (await desk.do("reschedule", one, ActorKind.STAFF, start_at=FULL)).start_at == FULL


async def test_booking_does_not_count_against_itself(pool: Database) -> None:
    salon = await class_of_four(pool)
    whole = await data.add_booking(pool, salon, FULL + 24 * HOUR, party_size=4)
    later = FULL + 24 * HOUR + HOUR / 2
    assert (await Desk(pool, salon).do("reschedule", whole, ActorKind.STAFF, start_at=later)).start_at == later


async def test_claims_are_not_taken_again_where_the_places_are_sold(pool: Database) -> None:
    salon = await class_of_four(pool)
    lost = await data.add_booking(pool, salon, FULL, unit=5, party_size=2, status="expired")
    kept = await data.add_booking(pool, salon, FULL, unit=4, party_size=1, status="expired")

    async def reinstate(booking_id: object) -> bool:
        async with pool.unit_of_work(salon.scope) as work:
            return bool(await work.bookings.holds.reinstate_claims(booking_id, NOW))

    assert not await reinstate(lost)
    assert await Desk(pool, salon).claims(lost) == []
    assert await reinstate(kept)
