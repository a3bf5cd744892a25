"""Stored events that are delivered once more: those that wait, those that matched nothing, one by its id."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from db.engine.session import Scope
from db.payments.commands.replay import ReplayAsked, Replayed
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import PaymentStatus
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows
from tests.support.desk import Desk


def paid(name: str) -> ProviderEvent:
    """An event that 6600 yen were paid."""
    return ProviderEvent(intent=IntentEvent(name, PaymentStatus.CAPTURED, 6600, "JPY", 6600))


async def replay(desk: Desk, event_id: str | None = None, **more: Any) -> Replayed:
    now = datetime.now(UTC)
    asked = ReplayAsked(
        **{"since": now - timedelta(hours=1), "until": now + timedelta(hours=1), "event_id": event_id, **more}
    )
    return await desk.within(lambda work: work.payments.webhooks.replay(asked), Scope.platform())


@pytest.fixture(autouse=True)
async def nothing_stored(desk: Desk) -> None:
    """Replays look at the whole inbox, which the tests of this process share."""
    await rows(desk.database, "DELETE FROM payment_webhooks")


async def test_replay_delivers_an_event_that_was_never_applied(desk: Desk) -> None:
    name = f"pi_{uuid4().hex}"
    booking_id = await add_booking(desk.database, desk.salon, status="pending", amount_due=6600, payment_mode="prepay")
    payment_id = await add_payment(desk.database, desk.salon, booking_id, provider_intent_id=name)
    webhook_id = await desk.receive("evt_waits", name, paid(name))
    assert webhook_id is not None
    assert await replay(desk) == Replayed(delivered=1)
    queued = await desk.outbox_commands("booking.payment_event")
    assert [one["payload"]["webhook_id"] for one in queued] == [str(webhook_id)] * 2
    for _ in queued:
        await desk.apply(webhook_id)
    assert await desk.ledger(payment_id) == [("capture", "succeeded", 6600)]
    assert await replay(desk) == Replayed()


async def test_replay_finds_the_payment_of_an_event_that_came_before_it(desk: Desk) -> None:
    name = f"pi_{uuid4().hex}"
    webhook_id = await desk.receive("evt_early", name, paid(name))
    assert await replay(desk) == Replayed(unmatched=1)
    booking_id = await add_booking(desk.database, desk.salon, status="pending", amount_due=6600, payment_mode="prepay")
    payment_id = await add_payment(desk.database, desk.salon, booking_id, provider_intent_id=name)
    assert await replay(desk) == Replayed(delivered=1)
    assert webhook_id is not None
    await desk.apply(webhook_id)
    assert (await desk.payment(payment_id))["status"] == "captured"


async def test_replay_of_one_event_that_was_applied_moves_nothing_twice(desk: Desk) -> None:
    name = f"pi_{uuid4().hex}"
    booking_id = await add_booking(desk.database, desk.salon, status="pending", amount_due=6600, payment_mode="prepay")
    payment_id = await add_payment(desk.database, desk.salon, booking_id, provider_intent_id=name)
    webhook_id = await desk.receive("evt_done", name, paid(name))
    assert webhook_id is not None
    await desk.apply(webhook_id)
    assert await replay(desk) == Replayed()
    assert await replay(desk, "evt_done", provider="payjp_v1") == Replayed()
    assert await replay(desk, "evt_done", provider="stripe") == Replayed(delivered=1)
    await desk.apply(webhook_id)
    assert await desk.ledger(payment_id) == [("capture", "succeeded", 6600)]
    assert (await desk.payment(payment_id))["captured"] == 6600


async def test_replay_leaves_events_about_no_payment(desk: Desk) -> None:
    async with desk.database.unit_of_work(Scope.platform()) as work:
        await work.payments.webhooks.receive(
            "stripe", "evt_other", "customer.updated", None, ProviderEvent(), datetime.now(UTC)
        )
    assert await replay(desk) == Replayed()
    assert await replay(desk, "evt_other") == Replayed(unchanged=1)


async def test_replay_takes_the_oldest_up_to_its_limit(desk: Desk) -> None:
    for number in range(3):
        await desk.receive(f"evt_{number}", f"pi_nobody_{number}", paid("x"))
    assert await replay(desk, limit=2) == Replayed(unmatched=2)


async def test_replay_takes_events_about_our_payments_before_any_number_of_others(desk: Desk) -> None:
    for number in range(3):
        await desk.receive(f"evt_other_{number}", f"pi_nobody_{number}", paid("x"))
    name = f"pi_{uuid4().hex}"
    await desk.receive("evt_ours", name, paid(name))
    booking_id = await add_booking(desk.database, desk.salon, status="pending", amount_due=6600, payment_mode="prepay")
    await add_payment(desk.database, desk.salon, booking_id, provider_intent_id=name)
    assert await replay(desk, limit=2) == Replayed(delivered=1, unmatched=1)
    by_metadata, waiting = f"pi_{uuid4().hex}", f"pi_{uuid4().hex}"
    later = NOW + 2 * HOUR
    second = await add_booking(desk.database, desk.salon, later, status="pending", amount_due=6600)
    payment_id = await add_payment(desk.database, desk.salon, second, provider_intent_id=waiting)
    renamed = ProviderEvent(
        intent=IntentEvent(by_metadata, PaymentStatus.CAPTURED, 6600, "JPY", 6600, None, payment_id)
    )
    await desk.receive("evt_named", by_metadata, renamed)
    await rows(desk.database, "UPDATE booking_payments SET provider_intent_id = NULL WHERE id = :id", id=payment_id)
    assert (await replay(desk, limit=2)).delivered == 2
