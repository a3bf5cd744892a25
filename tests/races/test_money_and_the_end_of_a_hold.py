"""Money that arrives while somebody else sweeps the hold that it pays for."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine.session import Scope
from domain.booking_status import BookingStatus
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import PaymentStatus
from tests.races.overlap import Step, overlap
from tests.support.data import NOW, add_booking, add_payment
from tests.support.desk import Desk, minutes

LATER = NOW + minutes(10)
_INBOX = text("SELECT id FROM payment_webhooks WHERE event_id = :event_id")


async def waiting(desk: Desk) -> tuple[UUID, UUID, Step, Step]:
    """A hold that has just ended, with an open intent: booking, payment, the step in which the event of its money comes
    and are applied, and the step that sweeps it."""
    booking_id = await add_booking(desk.database, desk.salon, status="pending", amount_due=6600, payment_mode="prepay")
    payment_id = await add_payment(desk.database, desk.salon, booking_id)
    name = (await desk.payment(payment_id))["provider_intent_id"]
    captured = IntentEvent(name, PaymentStatus.CAPTURED, 6600, "JPY", 6600)
    event_id, event = f"evt-{booking_id}", ProviderEvent(intent=captured)

    async def pay(work: Any) -> Any:
        await work.payments.webhooks.receive("stripe", event_id, "event", name, event, LATER)
        [webhook_id] = await work.session.scalars(_INBOX, {"event_id": event_id})
        return await work.payments.webhooks.apply(webhook_id, LATER)

    async def sweep(work: Any) -> Any:
        return await work.bookings.changes.sweep([booking_id], LATER)

    return booking_id, payment_id, pay, sweep


async def test_money_that_is_first_keeps_the_booking(desk: Desk) -> None:
    booking_id, payment_id, pay, sweep = await waiting(desk)
    _, swept = await overlap(desk.database, Scope.platform(), pay, sweep)
    assert swept == 0
    assert (await desk.payment(payment_id))["status"] == "captured"
    assert (await desk.do("confirm", booking_id, now=LATER)).status is BookingStatus.CONFIRMED


async def test_money_that_is_second_is_late_and_takes_the_time_again(desk: Desk) -> None:
    booking_id, payment_id, pay, sweep = await waiting(desk)
    swept, (_, status, payment) = await overlap(desk.database, Scope.platform(), sweep, pay)
    assert (swept, status, payment.status) == (1, BookingStatus.EXPIRED, PaymentStatus.CAPTURED)
    assert (await desk.do("reinstate_after_late_payment", booking_id, now=LATER)).status is BookingStatus.CONFIRMED
    assert await desk.refunds(payment_id) == []


async def test_sweep_takes_a_paid_booking_without_the_locks(desk: Desk, without_locks: Callable[[], None]) -> None:
    """The control: the first of these tests is lost."""
    booking_id, payment_id, pay, sweep = await waiting(desk)
    without_locks()
    (_, status, _), swept = await overlap(desk.database, Scope.platform(), pay, sweep)
    assert (status, swept) == (BookingStatus.PENDING, 1)
    assert (await desk.payment(payment_id))["status"] == "captured"
    assert (await desk.booking(booking_id))["status"] == "expired"
