"""A booking waits for the proof of its address; the proof confirms it, and nothing else does for the guest."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.booking_status import BookingStatus
from domain.bookings.errors import HoldLimit
from domain.bookings.limits import MAX_OPEN_HOLDS
from domain.errors import WrongState
from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, add_booking
from tests.support.desk import Desk

WITHIN = timedelta(minutes=30)


async def waiting(desk: Desk, number: int = 0, **values: object) -> UUID:
    """A booking that waits for the proof of its address."""
    asked = {"status": "pending", "hold_expires_at": NOW + WITHIN, "proof_deadline": NOW + WITHIN}
    who = {"user_id": None, "email": "ai@example.jp", "ip": "203.0.113.7"}
    return await add_booking(desk.database, desk.salon, NOW + (48 + 2 * number) * HOUR, **{**asked, **who, **values})


async def test_prove_contact_confirms_and_notifies_both(desk: Desk) -> None:
    booking_id = await waiting(desk)
    outcome = await desk.do("prove_contact", booking_id, ActorKind.GUEST)
    assert (outcome.status, outcome.proof_deadline) == (BookingStatus.CONFIRMED, None)
    row = await desk.booking(booking_id)
    assert (row["contact_proven_at"], row["proof_deadline"]) == (NOW, None)
    assert await desk.notices(booking_id) == [("booking_confirmed", "business"), ("booking_confirmed", "customer")]
    again = await desk.do("prove_contact", booking_id, ActorKind.GUEST)
    assert again.status is BookingStatus.CONFIRMED


async def test_prove_contact_asks_the_business_where_approval_is_needed(desk: Desk) -> None:
    until = NOW + 24 * HOUR
    booking_id = await waiting(desk, needs_approval=True, approval_deadline=until)
    outcome = await desk.do("prove_contact", booking_id, ActorKind.GUEST)
    assert (outcome.status, outcome.hold_expires_at) == (BookingStatus.PENDING, until)
    assert [claim["holds_until"] for claim in await desk.claims(booking_id)] == [until]
    assert ("booking_requested", "business") in await desk.notices(booking_id)


async def test_prove_contact_counts_the_bookings_of_an_address_from_all_networks(desk: Desk) -> None:
    for number in range(MAX_OPEN_HOLDS):
        made = await waiting(
            desk, number, ip=f"203.0.113.{number}", email="AI@example.jp" if number % 2 else "ai@example.jp"
        )
        await desk.do("prove_contact", made, ActorKind.GUEST)
    refused = await waiting(desk, MAX_OPEN_HOLDS, ip="198.51.100.1")
    with pytest.raises(HoldLimit):
        await desk.do("prove_contact", refused, ActorKind.GUEST)
    assert (await desk.booking(refused))["status"] == "pending"
    other = await waiting(desk, MAX_OPEN_HOLDS + 1, email="other@example.jp")
    assert (await desk.do("prove_contact", other, ActorKind.GUEST)).status is BookingStatus.CONFIRMED


async def test_confirm_refuses_a_booking_whose_address_is_unproven(desk: Desk) -> None:
    booking_id = await waiting(desk)
    with pytest.raises(WrongState) as refused:
        await desk.do("confirm", booking_id)
    assert refused.value.details["missing"] == "proof"


async def test_approve_lets_staff_confirm_without_the_proof(desk: Desk) -> None:
    booking_id = await waiting(desk)
    assert (await desk.do("approve", booking_id, ActorKind.STAFF)).status is BookingStatus.CONFIRMED
    row = await desk.booking(booking_id)
    assert (row["contact_proven_at"], row["proof_deadline"]) == (None, None)


async def test_expire_unproven_ends_the_hold_and_writes_to_nobody(desk: Desk) -> None:
    booking_id = await waiting(desk)
    assert (await desk.do("expire_unproven", booking_id)).status is BookingStatus.EXPIRED
    assert await desk.claims(booking_id) == []
    assert await desk.notices(booking_id) == []
    with pytest.raises(WrongState):
        await desk.do("prove_contact", booking_id, ActorKind.GUEST)


async def test_expire_unproven_leaves_a_proven_booking_alone(desk: Desk) -> None:
    booking_id = await waiting(desk)
    await desk.do("prove_contact", booking_id, ActorKind.GUEST)
    assert (await desk.do("expire_unproven", booking_id)).status is BookingStatus.CONFIRMED


async def test_reschedule_keeps_the_proof_that_is_asked_for(desk: Desk) -> None:
    booking_id = await waiting(desk)
    start = NOW + 72 * HOUR
    moved = await desk.do("reschedule", booking_id, ActorKind.GUEST, start_at=start)
    assert (moved.status, moved.proof_deadline) == (BookingStatus.PENDING, NOW + WITHIN)
    assert await desk.notices(booking_id) == []


@pytest.mark.parametrize(
    ("verb", "by"), [("cancel", ActorKind.GUEST), ("decline", ActorKind.STAFF), ("expire", ActorKind.SYSTEM)]
)
async def test_unproven_booking_that_ends_writes_to_nobody(desk: Desk, verb: str, by: ActorKind) -> None:
    booking_id = await waiting(desk)
    await desk.do(verb, booking_id, by)
    assert await desk.notices(booking_id) == []
