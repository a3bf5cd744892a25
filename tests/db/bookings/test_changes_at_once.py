"""Two commands for one booking at the same time, on two connections: one wins, the other hears it."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from db.bookings.commands import transition
from domain.booking_status import ALLOWED, BookingStatus
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.errors import DomainError, WrongState
from domain.platform.actor import ActorKind
from tests.races.overlap import Step, overlap
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows
from tests.support.desk import Desk, minutes

ROUNDS = 6
PAID = {"status": "pending", "amount_due": 6600, "payment_mode": "prepay"}


async def race(desk: Desk, *entries: tuple[str, BookingCommand], now: Any = NOW) -> list[BookingOutcome | DomainError]:
    """Give all commands at once; an answer or a refusal each."""

    async def run(verb: str, command: BookingCommand) -> BookingOutcome | DomainError:
        try:
            return await desk.execute_command(verb, command, now)
        except DomainError as refusal:
            return refusal

    return await asyncio.gather(*(run(verb, command) for verb, command in entries))


async def assert_one_path(desk: Desk, booking_id: UUID, status: str = "pending") -> None:
    """The history is a walk through the table from ``status`` to where the booking is."""
    steps = [(before, after) for _, before, after in await desk.history(booking_id)]
    for before, after in steps:
        assert before == status
        assert BookingStatus(after) in ALLOWED[BookingStatus(before)]
        status = after
    assert (await desk.booking(booking_id))["status"] == status


@pytest.mark.parametrize("first", ["cancel", "confirm"])
async def test_cancel_and_confirm(desk: Desk, first: str) -> None:
    for number in range(ROUNDS):
        booking_id = await add_booking(desk.database, desk.salon, NOW + (72 + 2 * number) * HOUR, **PAID)
        payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
        entries = [
            ("cancel", desk.command(booking_id, ActorKind.CUSTOMER)),
            ("confirm", desk.command(booking_id)),
        ]
        answers = await race(desk, *sorted(entries, key=lambda entry: entry[0] != first))
        # Whatever comes first, the customer wanted out: it ends cancelled, with one refund.
        assert not any(isinstance(answer, DomainError) for answer in answers)
        assert (await desk.booking(booking_id))["status"] == "cancelled"
        assert await desk.refunds(payment_id) == [("requested", 6600, "cancelled")]
        await assert_one_path(desk, booking_id)


async def test_expire_and_confirm_have_one_winner(desk: Desk) -> None:
    for number in range(ROUNDS):
        booking_id = await add_booking(desk.database, desk.salon, NOW + (72 + 2 * number) * HOUR, status="pending")
        answers = await race(desk, ("expire", desk.command(booking_id)), ("confirm", desk.command(booking_id)))
        heard = {answer.status for answer in answers if isinstance(answer, BookingOutcome)}
        assert len(heard) == 1
        assert len(await desk.history(booking_id)) == 1
        assert len(await desk.claims(booking_id)) == (heard == {BookingStatus.CONFIRMED})
        await assert_one_path(desk, booking_id)


async def test_expire_and_confirm_both_win_without_the_lock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the second command reads before the first commits. If this fails, the race above shows nothing."""
    unlocked = transition._LOCK.text.replace("FOR NO KEY UPDATE", "")
    assert unlocked != transition._LOCK.text
    monkeypatch.setattr(transition, "_LOCK", text(unlocked))
    booking_id = await add_booking(desk.database, desk.salon, status="pending")

    def step(verb: str) -> Step:
        command = desk.command(booking_id)
        return lambda work: getattr(work.bookings.changes, verb)(command, NOW)

    answers = await overlap(desk.database, desk.salon.scope, step("expire"), step("confirm"))
    heard = {answer.status for answer in answers if isinstance(answer, BookingOutcome)}
    assert heard == {BookingStatus.EXPIRED, BookingStatus.CONFIRMED}
    assert len(await desk.history(booking_id)) == 2


async def test_cancel_and_complete_have_one_winner(desk: Desk) -> None:
    for number in range(ROUNDS):
        booking_id = await add_booking(
            desk.database, desk.salon, NOW + 2 * number * HOUR, status="checked_in", amount_due=6600
        )
        payment_id = await add_payment(
            desk.database, desk.salon, booking_id, status="authorized", capture_method="manual"
        )
        answers = await race(
            desk,
            ("cancel", desk.command(booking_id, ActorKind.STAFF)),
            ("complete", desk.command(booking_id, ActorKind.STAFF)),
        )
        assert sorted(isinstance(answer, WrongState) for answer in answers) == [False, True]
        intended = [movement for movement, _, _ in await desk.ledger(payment_id)]
        completed = (await desk.booking(booking_id))["status"] == "completed"
        assert intended == (["capture"] if completed else ["void"])
        await assert_one_path(desk, booking_id, "checked_in")


async def test_reschedules_at_once_leave_one_time(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon)
    answers = await race(
        desk,
        ("reschedule", desk.command(booking_id, ActorKind.CUSTOMER, start_at=NOW + 96 * HOUR)),
        ("reschedule", desk.command(booking_id, ActorKind.STAFF, start_at=NOW + 120 * HOUR)),
    )
    assert not any(isinstance(answer, DomainError) for answer in answers)
    (claim,) = await desk.claims(booking_id)
    booking = await desk.booking(booking_id)
    assert (claim["starts_at"], booking["version"]) == (booking["start_at"], 2)


async def test_command_delivered_three_times_at_once_counts_once(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, amount_due=6600, payment_mode="prepay")
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
    command = desk.command(booking_id, ActorKind.CUSTOMER)
    answers = await race(desk, *[("cancel", command)] * 3)
    assert answers[0] == answers[1] == answers[2]
    assert len(await desk.history(booking_id)) == 1
    assert await desk.refunds(payment_id) == [("requested", 6600, "cancelled")]


async def test_sweep_and_the_money_never_both_win(desk: Desk) -> None:
    later = NOW + minutes(10)
    for number in range(ROUNDS):
        booking_id = await add_booking(desk.database, desk.salon, NOW + (72 + 2 * number) * HOUR, **PAID)
        payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
        swept, confirmed = await asyncio.gather(
            desk.within(lambda work, one=booking_id: work.bookings.changes.sweep([one], later)),
            desk.do("confirm", booking_id, now=later),
        )
        assert swept == 0
        assert confirmed.status is BookingStatus.CONFIRMED
        assert await rows(desk.database, "SELECT 1 FROM refunds WHERE payment_id = :id", id=payment_id) == []
