"""The deadline for another card has passed: what is written, once, and for whom."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.booking_status import BookingStatus
from domain.payments.status import Movement
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows
from tests.support.desk import Desk

LATER = NOW + timedelta(days=1)


async def held(desk: Desk, setting: str, status: str = "authorized", lapse: timedelta = timedelta(hours=24)) -> UUID:
    """A card hold in three days whose authorization has ended at ``LATER``."""
    booking_id = await add_booking(
        desk.database, desk.salon, NOW + 72 * HOUR, status="confirmed", amount_due=6600, payment_mode="card_hold"
    )
    await add_payment(
        desk.database,
        desk.salon,
        booking_id,
        status=status,
        capture_method="manual",
        provider_intent_id=f"pi_{uuid4().hex}",
    )
    sql = "UPDATE booking_payments SET authorized_until = :until WHERE booking_id = :id"
    await rows(desk.database, sql, until=NOW + lapse, id=booking_id)
    sql = "UPDATE business_settings SET without_card = :setting WHERE business_id = :id"
    await rows(desk.database, sql, setting=setting, id=desk.salon.business_id)
    return booking_id


async def test_end_card_request_keeps_the_booking_and_asks_a_person_once(desk: Desk) -> None:
    booking_id = await held(desk, "keep")
    for _ in range(2):
        outcome = await desk.do("end_card_request", booking_id, command_id="card:1", now=LATER)
        assert (outcome.status, outcome.money) == (BookingStatus.CONFIRMED, None)
    assert await desk.attention() == ["card_missing"]
    assert await desk.notices(booking_id) == []


async def test_end_card_request_cancels_once_and_free_of_charge(desk: Desk) -> None:
    booking_id = await held(desk, "cancel")
    for _ in range(2):
        outcome = await desk.do("end_card_request", booking_id, command_id="card:1", now=LATER)
        assert outcome.status is BookingStatus.CANCELLED
        assert outcome.money is not None
        assert outcome.money.movement is Movement.VOID
    booking = await desk.booking(booking_id)
    assert booking["cancellation_penalty"] == 0
    assert [claim for claim in await desk.claims(booking_id) if claim["released_at"] is None] == []
    assert sorted(await desk.notices(booking_id)) == [
        ("booking_cancelled", "business"),
        ("booking_cancelled", "customer"),
    ]
    assert await desk.attention() == []


@pytest.mark.parametrize("setting", ["keep", "cancel"])
async def test_end_card_request_leaves_a_new_card_alone(desk: Desk, setting: str) -> None:
    booking_id = await held(desk, setting, lapse=timedelta(days=6))
    outcome = await desk.do("end_card_request", booking_id, now=LATER)
    assert (outcome.status, outcome.money) == (BookingStatus.CONFIRMED, None)
    assert await desk.attention() == []
