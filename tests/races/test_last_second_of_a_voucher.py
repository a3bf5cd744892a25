"""A voucher's last second: the money of the store, the end of the hold, and a cancellation come at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from db.engine.session import Scope
from domain.booking_status import BookingStatus
from domain.bookings.commands import BookingOutcome
from domain.errors import DomainError
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.vouchers import StoreCode, Voucher
from domain.platform.actor import ActorKind
from tests.races.overlap import Step, overlap
from tests.support.data import NOW, add_booking, add_payment
from tests.support.desk import Desk

_INBOX = text("SELECT id FROM payment_webhooks WHERE event_id = :event_id")
LAST = NOW + timedelta(days=1)
AFTER = LAST + timedelta(seconds=1)
B, P = BookingStatus, PaymentStatus


async def waiting(desk: Desk) -> tuple[UUID, UUID, dict[str, Step]]:
    """A booking whose voucher ends at ``LAST``: its id, its payment's, and the three steps of that second."""
    booking_id = await add_booking(
        desk.database, desk.salon, NOW + timedelta(days=3), status="pending", amount_due=6600, payment_mode="prepay"
    )
    payment_id = await add_payment(desk.database, desk.salon, booking_id)
    name = (await desk.payment(payment_id))["provider_intent_id"]
    waits = IntentEvent(name, P.REQUIRES_PAYMENT, 6600, "JPY", 0, voucher=Voucher(LAST, (StoreCode("lawson", "123"),)))

    async def open_voucher(work: Any) -> Any:
        return await work.payments.vouchers.record_answer(payment_id, waits, NOW)

    await desk.within(open_voucher, Scope.platform())
    assert (await desk.booking(booking_id))["hold_expires_at"] == AFTER
    event_id, paid = f"evt-{booking_id}", replace(waits, status=P.CAPTURED, captured=6600, voucher=None)

    async def pay(work: Any) -> Any:
        await work.payments.webhooks.receive("stripe", event_id, "event", name, ProviderEvent(intent=paid), LAST)
        [webhook_id] = await work.session.scalars(_INBOX, {"event_id": event_id})
        return await work.payments.webhooks.apply(webhook_id, AFTER)

    ended, cancelled = desk.command(booking_id), desk.command(booking_id, ActorKind.CUSTOMER)

    async def end(work: Any) -> Any:
        return await work.bookings.changes.begin_expiry(ended, AFTER)

    async def cancel(work: Any) -> Any:
        return await work.bookings.changes.cancel(cancelled, AFTER)

    return booking_id, payment_id, {"pay": pay, "end": end, "cancel": cancel}


async def settle(desk: Desk, booking_id: UUID, payment_id: UUID) -> None:
    """What the booking's run does next: the void that was asked for finds the money, and late money is decided."""
    [row] = [await desk.payment(payment_id)]
    for movement, phase, _ in await desk.ledger(payment_id):
        assert (movement, phase) != ("void", "succeeded")
    if row["status"] != "captured":
        return
    if (await desk.booking(booking_id))["status"] == "pending":
        assert (await desk.do("confirm", booking_id, now=AFTER)).status is B.CONFIRMED
    else:
        await desk.do("reinstate_after_late_payment", booking_id, now=AFTER)


@pytest.mark.parametrize("order", list(permutations(("pay", "end", "cancel"))), ids="-".join)
async def test_last_second_keeps_the_booking_or_gives_the_money_back(desk: Desk, order: tuple[str, str, str]) -> None:
    booking_id, payment_id, steps = await waiting(desk)
    first, second = steps[order[0]], steps[order[1]]
    await overlap(desk.database, Scope.platform(), first, second)
    try:
        await desk.within(steps[order[2]], Scope.platform())
    except DomainError:
        assert order[2] == "cancel", "only the customer's command may be refused"
    await settle(desk, booking_id, payment_id)
    booking, payment = await desk.booking(booking_id), await desk.payment(payment_id)
    refunds = await desk.refunds(payment_id)
    assert payment["captured"] == 6600, "the money of the last second is taken"
    if booking["status"] == "confirmed":
        assert refunds == []
        assert [claim for claim in await desk.claims(booking_id) if claim["released_at"] is None]
    else:
        assert booking["status"] == "cancelled"
        assert sum(amount for _, amount, _ in refunds) == 6600
    assert not (booking["status"] == "expired" and not refunds), "nobody keeps money without a booking"


async def test_end_of_the_hold_waits_in_the_last_second_itself(desk: Desk) -> None:
    """The run's clock is ahead: by the database's the voucher can still be paid."""
    booking_id, _, _ = await waiting(desk)
    outcome = await desk.do("begin_expiry", booking_id, now=LAST)
    assert (outcome.status, outcome.money, outcome.hold_expires_at) == (B.PENDING, None, AFTER)
    ended = await desk.do("begin_expiry", booking_id, command_id="again", now=AFTER)
    assert ended.money is not None
    assert (ended.money.movement, ended.money.spares_money) == (Movement.VOID, True)


async def test_money_is_kept_without_a_booking_without_the_locks(desk: Desk, without_locks: Callable[[], None]) -> None:
    """The control: the cancellation does not see the money, and closes an intent that is paid."""
    _, payment_id, steps = await waiting(desk)
    without_locks()
    _, cancelled = await overlap(desk.database, Scope.platform(), steps["pay"], steps["cancel"])
    assert isinstance(cancelled, BookingOutcome)
    assert (await desk.payment(payment_id))["status"] == "captured"
    assert await desk.refunds(payment_id) == []
    assert ("void", Phase.INTENDED.value, 0) in await desk.ledger(payment_id)
