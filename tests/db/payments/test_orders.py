"""Orders of a manager about a card hold: recorded before the call, delivered to the booking's run, and made once."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.errors import NotFound, RuleBroken, WrongState
from domain.money import Money
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyTask
from providers.payments.limits import STRIPE
from tests.support.data import add_booking, add_payment, add_salon, rows
from tests.support.desk import Desk

P = PaymentStatus


async def held(desk: Desk, booked: str = "confirmed", **more: Any) -> tuple[UUID, UUID, str]:
    """A booking on a card hold: its id, its payment's id, the intent's name."""
    name = f"pi_{uuid4().hex}"
    booking_id = await add_booking(
        desk.database, desk.salon, status=booked, amount_due=6600, payment_mode="card_hold", **more
    )
    values = {"status": "authorized", "capture_method": "manual", "provider_intent_id": name, "authorized": 6600}
    return booking_id, await add_payment(desk.database, desk.salon, booking_id, **values), name


async def capture(desk: Desk, payment_id: UUID, amount: int | None = None, by: str = "c-1") -> MoneyTask:
    money = None if amount is None else Money(amount)
    _, task = await desk.within(lambda work: work.payments.orders.capture(payment_id, money, STRIPE, by))
    return task  # type: ignore[no-any-return]


async def void(desk: Desk, payment_id: UUID, by: str = "v-1") -> MoneyTask:
    _, task = await desk.within(lambda work: work.payments.orders.void(payment_id, by))
    return task  # type: ignore[no-any-return]


async def found(desk: Desk, task: MoneyTask) -> MoneyTask | None:
    order: MoneyTask | None = await desk.within(lambda work: work.payments.orders.find_order(task.movement_id))
    return order


async def test_order_is_in_the_ledger_and_on_its_way_before_the_call(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    task = await capture(desk, payment_id, 3000)
    assert (task.movement, task.amount, task.intent_id) == (Movement.CAPTURE, 3000, name)
    assert await found(desk, task) == task
    ledger = await rows(
        desk.database, "SELECT phase, amount FROM payment_transactions WHERE movement_id = :id", id=task.movement_id
    )
    assert [(row["phase"], row["amount"]) for row in ledger] == [("intended", 3000)]
    [sent] = await rows(
        desk.database,
        "SELECT command, payload FROM outbox WHERE aggregate = :it AND command IS NOT NULL",
        it=f"booking/{booking_id}",
    )
    assert sent["command"] == "booking.move_money"
    assert sent["payload"]["movement_id"] == task.movement_id
    with pytest.raises(RuleBroken, match="movement_under_way"):
        await void(desk, payment_id)
    view = await desk.record(task, status=P.CAPTURED, authorized=6600, captured=3000)
    assert (view.status, view.captured) == (P.CAPTURED, 3000)
    assert await found(desk, task) is None
    with pytest.raises(WrongState):
        await capture(desk, payment_id, 100, "c-2")


async def test_capture_after_a_failed_one_closes_its_attention_item(desk: Desk) -> None:
    booking_id, payment_id, _ = await held(desk, "completed")
    failed = await capture(desk, payment_id)
    await desk.record(failed, phase=Phase.FAILED, status=P.AUTHORIZED, authorized=6600, reason="expired")
    query = "SELECT kind FROM attention WHERE booking_id = :id AND resolved_at IS NULL"
    assert [row["kind"] for row in await rows(desk.database, query, id=booking_id)] == ["capture_failed"]
    again = await capture(desk, payment_id, by="c-2")
    await desk.record(again, status=P.CAPTURED, authorized=6600, captured=6600)
    assert await rows(desk.database, query, id=booking_id) == []


@pytest.mark.parametrize("event_first", [False, True])
async def test_void_by_a_manager_asks_the_customer_for_no_card(desk: Desk, event_first: bool) -> None:
    booking_id, payment_id, name = await held(desk)
    task = await void(desk, payment_id)
    said = ProviderEvent(IntentEvent(name, P.VOIDED, 6600, "JPY", 0))

    async def hear() -> None:
        webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, said)
        assert webhook_id is not None
        await desk.apply(webhook_id)

    if event_first:
        await hear()
    await desk.record(task, status=P.VOIDED, authorized=6600)
    if not event_first:
        await hear()
    assert (await desk.payment(payment_id))["status"] == "voided"
    query = "SELECT kind FROM notification_outbox WHERE booking_id = :id"
    assert await rows(desk.database, query, id=booking_id) == []
    phases = "SELECT phase FROM payment_transactions WHERE payment_id = :id AND movement = 'void' ORDER BY id"
    assert [row["phase"] for row in await rows(desk.database, phases, id=payment_id)] == ["intended", "succeeded"]


async def test_order_about_another_business_is_not_found(desk: Desk) -> None:
    _, payment_id, _ = await held(desk)
    other = await add_salon(desk.database)
    async with desk.database.unit_of_work(other.scope) as work:
        with pytest.raises(NotFound):
            await work.payments.orders.void(payment_id, "v-1")
