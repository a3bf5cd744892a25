"""Two commands that both end a booking and move its money."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from domain.bookings.commands import BookingOutcome
from domain.errors import DomainError, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused
from domain.payments.refunds import RefundReason
from domain.platform.actor import ActorKind
from tests.races.overlap import Step, overlap
from tests.support.data import HOUR, NOW, add_booking, add_payment
from tests.support.desk import Desk

#: So long before the start the policy keeps half.
HALF = NOW + 30 * HOUR


def command(desk: Desk, verb: str, booking_id: UUID, by: ActorKind) -> Step:
    """One command with an id of its own."""
    command = desk.command(booking_id, by)

    async def step(work: Any) -> Any:
        return await getattr(work.bookings.changes, verb)(command, NOW)

    return step


async def authorized(desk: Desk) -> tuple[UUID, UUID]:
    """A visit that is under way, with the promise of a card."""
    booking_id = await add_booking(
        desk.database, desk.salon, HALF, status="checked_in", amount_due=6600, payment_mode="card_hold"
    )
    held = {"status": "authorized", "capture_method": "manual"}
    return booking_id, await add_payment(desk.database, desk.salon, booking_id, **held)


async def paid(desk: Desk) -> tuple[UUID, UUID]:
    """A confirmed booking that is paid; cancelling it costs its customer half."""
    booking_id = await add_booking(desk.database, desk.salon, HALF, amount_due=6600, payment_mode="prepay")
    return booking_id, await add_payment(desk.database, desk.salon, booking_id, status="captured")


def orders(desk: Desk, booking_id: UUID) -> dict[str, tuple[Step, Step]]:
    """Cancelling and completing, by who is first."""
    cancel = command(desk, "cancel", booking_id, ActorKind.STAFF)
    complete = command(desk, "complete", booking_id, ActorKind.STAFF)
    return {"cancel": (cancel, complete), "complete": (complete, cancel)}


@pytest.mark.parametrize(("first", "movement"), [("cancel", "void"), ("complete", "capture")])
async def test_cancel_and_capture(desk: Desk, first: str, movement: str) -> None:
    booking_id, payment_id = await authorized(desk)
    won, lost = await overlap(desk.database, desk.salon.scope, *orders(desk, booking_id)[first])
    assert isinstance(won, BookingOutcome)
    assert isinstance(lost, WrongState)
    assert [asked for asked, _, _ in await desk.ledger(payment_id)] == [movement]
    assert len(await desk.history(booking_id)) == 1


async def test_card_is_captured_and_voided_without_the_locks(desk: Desk, without_locks: Callable[[], None]) -> None:
    """The control."""
    booking_id, payment_id = await authorized(desk)
    without_locks()
    both = await overlap(desk.database, desk.salon.scope, *orders(desk, booking_id)["cancel"])
    assert not any(isinstance(one, DomainError) for one in both)
    assert sorted(asked for asked, _, _ in await desk.ledger(payment_id)) == ["capture", "void"]


@pytest.mark.parametrize(
    ("first", "second", "refund"),
    [(ActorKind.CUSTOMER, ActorKind.STAFF, 3300), (ActorKind.STAFF, ActorKind.CUSTOMER, 6600)],
)
async def test_cancel_and_cancel(desk: Desk, first: ActorKind, second: ActorKind, refund: int) -> None:
    """The first decides what it costs; the other is answered that it is cancelled."""
    booking_id, payment_id = await paid(desk)
    steps = [command(desk, "cancel", booking_id, by) for by in (first, second)]
    won, lost = await overlap(desk.database, desk.salon.scope, *steps)
    assert won.refunding == refund
    assert isinstance(lost, WrongState)
    assert lost.details["status"] == "cancelled"
    assert await desk.refunds(payment_id) == [("requested", refund, "cancelled")]


async def test_booking_is_cancelled_twice_without_the_locks(desk: Desk, without_locks: Callable[[], None]) -> None:
    """The control: what the customer was to pay for cancelling goes back, and half once more."""
    booking_id, payment_id = await paid(desk)
    without_locks()
    steps = [command(desk, "cancel", booking_id, by) for by in (ActorKind.CUSTOMER, ActorKind.STAFF)]
    both = await overlap(desk.database, desk.salon.scope, *steps)
    assert not any(isinstance(one, DomainError) for one in both)
    assert sum(amount for _, amount, _ in await desk.refunds(payment_id)) > 6600


def by_hand(payment_id: UUID, amount: int) -> Step:
    """The business gives money back."""

    async def step(work: Any) -> Any:
        return await work.payments.refunds.request(
            payment_id, Money(amount), RefundReason.GOODWILL, f"by hand {payment_id}"
        )

    return step


async def test_refund_by_hand_and_then_a_cancellation(desk: Desk) -> None:
    booking_id, payment_id = await paid(desk)
    cancel = command(desk, "cancel", booking_id, ActorKind.STAFF)
    _, cancelled = await overlap(desk.database, desk.salon.scope, by_hand(payment_id, 5000), cancel)
    assert cancelled.refunding == 1600
    assert [amount for _, amount, _ in await desk.refunds(payment_id)] == [5000, 1600]


async def test_cancellation_and_then_a_refund_by_hand(desk: Desk) -> None:
    booking_id, payment_id = await paid(desk)
    cancel = command(desk, "cancel", booking_id, ActorKind.STAFF)
    cancelled, refused = await overlap(desk.database, desk.salon.scope, cancel, by_hand(payment_id, 5000))
    assert cancelled.refunding == 6600
    assert isinstance(refused, AmountRefused)
    assert [amount for _, amount, _ in await desk.refunds(payment_id)] == [6600]


async def test_refunds_exceed_the_payment_without_the_locks(desk: Desk, without_locks: Callable[[], None]) -> None:
    """The control."""
    booking_id, payment_id = await paid(desk)
    without_locks()
    cancel = command(desk, "cancel", booking_id, ActorKind.STAFF)
    await overlap(desk.database, desk.salon.scope, by_hand(payment_id, 5000), cancel)
    assert sum(amount for _, amount, _ in await desk.refunds(payment_id)) == 11600
