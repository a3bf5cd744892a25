"""One message for all bookings that one request changes, each in a transaction of its own."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, add_booking, rows
from tests.support.desk import Desk

WEEK = timedelta(weeks=1)


@pytest.fixture
def together() -> UUID:
    """The id of one request."""
    return uuid4()


async def made(desk: Desk, count: int = 3) -> list[UUID]:
    return [await add_booking(desk.database, desk.salon, NOW + 72 * HOUR + week * WEEK) for week in range(count)]


async def messages(desk: Desk, bookings: list[UUID]) -> list[dict[str, Any]]:
    found = "SELECT * FROM notification_outbox WHERE booking_id = ANY(:ids) ORDER BY audience, id"
    return await rows(desk.database, found, ids=bookings)


async def cancel(desk: Desk, booking_id: UUID, change_id: UUID) -> None:
    command = desk.command(booking_id, ActorKind.STAFF, change_id=change_id)
    await desk.execute_command("cancel", command)


async def test_bookings_of_one_change_have_one_message_that_waits_for_the_last(desk: Desk, together: UUID) -> None:
    bookings = await made(desk)
    for booking_id in reversed(bookings):
        await cancel(desk, booking_id, together)
    [message] = await messages(desk, bookings)
    assert (message["kind"], message["booking_id"]) == ("booking_cancelled", bookings[0])
    assert [UUID(one[0]) for one in message["facts"]["series"]] == bookings
    [command] = await rows(
        desk.database, "SELECT not_before FROM outbox WHERE aggregate = :it", it=f"notice/{message['id']}"
    )
    assert command["not_before"] == NOW + timedelta(minutes=1)


async def test_moves_of_one_change_name_the_old_and_new_times_to_both_sides(desk: Desk, together: UUID) -> None:
    bookings = await made(desk)
    starts = [NOW + 72 * HOUR + week * WEEK for week in range(3)]
    for booking_id, start in zip(bookings, starts, strict=True):
        command = desk.command(booking_id, ActorKind.CUSTOMER, start_at=start + HOUR, change_id=together)
        await desk.execute_command("reschedule", command)
    found = await messages(desk, bookings)
    assert [(one["audience"], one["kind"]) for one in found] == [
        ("business", "booking_changed"),
        ("customer", "booking_changed"),
    ]
    expected = [
        [str(booking), (start + HOUR).isoformat(), (start + 2 * HOUR).isoformat(), 1, start.isoformat()]
        for booking, start in zip(bookings, starts, strict=True)
    ]
    assert all(one["facts"]["series"] == expected for one in found)


async def test_command_that_is_repeated_adds_its_booking_once(desk: Desk, together: UUID) -> None:
    bookings = await made(desk, 2)
    for booking_id in bookings:
        command = desk.command(booking_id, ActorKind.STAFF, change_id=together)
        for _ in range(2):
            await desk.execute_command("cancel", command)
    [message] = await messages(desk, bookings)
    assert len(message["facts"]["series"]) == 2


@pytest.mark.parametrize("how", ["sent", "begun"])
async def test_booking_that_comes_too_late_has_a_message_of_its_own(desk: Desk, together: UUID, how: str) -> None:
    bookings = await made(desk, 2)
    await cancel(desk, bookings[0], together)
    [message] = await messages(desk, bookings)
    sent = {
        "sent": "UPDATE notification_outbox SET status = 'sent', sent_at = now() WHERE id = :id",
        "begun": "INSERT INTO notification_attempts (business_id, notice_id, started_at)"
        " SELECT business_id, id, now() FROM notification_outbox WHERE id = :id",
    }
    await rows(desk.database, sent[how], id=message["id"])
    await cancel(desk, bookings[1], together)
    first, second = await messages(desk, bookings)
    assert [UUID(one[0]) for one in first["facts"]["series"]] == bookings[:1]
    assert (second["booking_id"], "series" in second["facts"]) == (bookings[1], False)


async def test_changes_of_two_requests_have_two_messages(desk: Desk) -> None:
    bookings = await made(desk, 2)
    for booking_id in bookings:
        await cancel(desk, booking_id, booking_id)
    assert len(await messages(desk, bookings)) == 2
