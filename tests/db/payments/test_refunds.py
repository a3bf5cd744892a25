"""Money on its way back: never more than there is, once per command, counted when the provider says so."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from db.payments import payments
from domain.errors import NotFound, WrongState
from domain.money import Money
from domain.payments.errors import AmountRefused
from domain.payments.provider_events import IntentEvent, ProviderEvent, RefundEvent
from domain.payments.refunds import RefundReason
from domain.payments.status import Movement, PaymentStatus, Phase, RefundStatus
from domain.payments.tasks import MoneyResult
from tests.support.data import NOW, add_booking, add_payment, add_salon, rows
from tests.support.desk import Desk, minutes


async def paid(desk: Desk, **payment: Any) -> UUID:
    """A captured payment over 6600 yen."""
    booking_id = await add_booking(desk.database, desk.salon, status="completed", amount_due=6600)
    return await add_payment(desk.database, desk.salon, booking_id, **{"status": "captured", **payment})


async def ask(desk: Desk, payment_id: UUID, amount: int, command_id: str) -> Any:
    """Request a refund."""
    return await desk.within(
        lambda work: work.payments.refunds.request(payment_id, Money(amount), RefundReason.REQUESTED, command_id)
    )


async def end(desk: Desk, refund_id: UUID, phase: Phase, **said: Any) -> RefundStatus:
    """Begin it and record what the provider said."""
    task = await desk.within(lambda work: work.payments.refunds.begin(refund_id))
    assert task is not None
    result = MoneyResult(task.movement_id, phase, **said)
    status: RefundStatus = await desk.within(lambda work: work.payments.refunds.record(refund_id, result))
    return status


async def test_refund_counts_only_when_the_provider_confirmed_it(desk: Desk) -> None:
    payment_id = await paid(desk)
    refund = await ask(desk, payment_id, 2000, "c1")
    assert (await desk.payment(payment_id))["refunded"] == 0

    task = await desk.within(lambda work: work.payments.refunds.begin(refund.id))
    assert task is not None
    assert (task.movement, task.amount, task.payment_id) == (Movement.REFUND, 2000, payment_id)
    assert await desk.within(lambda work: work.payments.refunds.begin(refund.id)) == task
    assert (await desk.payment(payment_id))["refunded"] == 0

    done = MoneyResult(task.movement_id, Phase.SUCCEEDED, refunded=2000, provider_ref="re_1")
    for _ in range(2):
        status = await desk.within(lambda work: work.payments.refunds.record(refund.id, done))
        assert status is RefundStatus.SUCCEEDED
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["refunded"]) == ("partially_refunded", 2000)
    assert await desk.ledger(payment_id) == [("refund", "intended", 2000), ("refund", "succeeded", 2000)]
    assert await desk.within(lambda work: work.payments.refunds.begin(refund.id)) is None
    assert await desk.notices(refund.booking_id) == [("payment_refunded", "customer")]

    rest = await ask(desk, payment_id, 4600, "c2")
    await end(desk, rest.id, Phase.SUCCEEDED, provider_ref="re_2")
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["refunded"]) == ("refunded", 6600)


async def test_same_command_is_the_same_refund(desk: Desk) -> None:
    payment_id = await paid(desk)
    first, second = await asyncio.gather(ask(desk, payment_id, 6600, "c1"), ask(desk, payment_id, 6600, "c1"))
    assert first == second
    assert len(await desk.outbox_commands("refund.start")) == 1


@pytest.mark.parametrize("amount", [0, -1, 6601])
async def test_amounts_that_are_refused(desk: Desk, amount: int) -> None:
    payment_id = await paid(desk)
    with pytest.raises(AmountRefused) as refusal:
        await ask(desk, payment_id, amount, "c1")
    assert refusal.value.details["available"] == 6600
    assert await desk.refunds(payment_id) == []


async def test_refunds_at_once_never_give_back_more_than_was_paid(desk: Desk) -> None:
    payment_id = await paid(desk)
    answers = await asyncio.gather(
        *(ask(desk, payment_id, 2000, f"c{number}") for number in range(6)), return_exceptions=True
    )
    assert sum(isinstance(answer, AmountRefused) for answer in answers) == 3
    assert sum(amount for _, amount, _ in await desk.refunds(payment_id)) == 6000


async def test_refunds_at_once_give_back_more_without_the_lock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: two ask for everything, and neither has committed when the other reads."""
    for name in ("_LOCK_BOOKING", "_LOCK"):
        guarded = getattr(payments, name).text
        unlocked = guarded.replace("FOR NO KEY UPDATE", "")
        assert unlocked != guarded
        monkeypatch.setattr(payments, name, text(unlocked))
    payment_id = await paid(desk)
    work = desk.database.unit_of_work
    async with work(desk.salon.scope) as first, work(desk.salon.scope) as second:
        await first.payments.refunds.request(payment_id, Money(6600), RefundReason.REQUESTED, "c1")
        await second.payments.refunds.request(payment_id, Money(6600), RefundReason.REQUESTED, "c2")
    assert sum(amount for _, amount, _ in await desk.refunds(payment_id)) > 6600


async def test_failed_refund_frees_its_amount_and_is_filed(desk: Desk) -> None:
    payment_id = await paid(desk)
    refund = await ask(desk, payment_id, 6600, "c1")
    assert await end(desk, refund.id, Phase.FAILED, reason="insufficient_funds") is RefundStatus.FAILED
    assert await desk.attention() == ["refund_failed"]
    assert await desk.within(lambda work: work.payments.refunds.begin(refund.id)) is None
    assert (await ask(desk, payment_id, 6600, "c2")).status is RefundStatus.REQUESTED


async def test_pending_at_the_provider_stays_in_flight(desk: Desk) -> None:
    payment_id = await paid(desk)
    refund = await ask(desk, payment_id, 6600, "c1")
    assert await end(desk, refund.id, Phase.UNKNOWN, provider_ref="re_pending") is RefundStatus.PROCESSING
    with pytest.raises(AmountRefused):
        await ask(desk, payment_id, 1, "c2")
    assert await end(desk, refund.id, Phase.SUCCEEDED, provider_ref="re_pending") is RefundStatus.SUCCEEDED
    assert (await desk.within(lambda work: work.payments.refunds.get(refund.id))).provider_refund_id == "re_pending"


async def test_event_may_come_before_the_record(desk: Desk) -> None:
    payment_id = await paid(desk)
    refund = await ask(desk, payment_id, 600, "c1")
    name = (await desk.payment(payment_id))["provider_intent_id"]
    event = ProviderEvent(refund=RefundEvent("re_x", RefundStatus.SUCCEEDED, 600, refund_id=refund.id))
    webhook_id = await desk.receive("evt_faster", name, event)
    assert webhook_id is not None
    await desk.apply(webhook_id)
    assert await desk.within(lambda work: work.payments.refunds.begin(refund.id)) is None
    late = MoneyResult("any", Phase.UNKNOWN)
    assert await desk.within(lambda work: work.payments.refunds.record(refund.id, late)) is RefundStatus.SUCCEEDED
    assert (await desk.payment(payment_id))["refunded"] == 600


async def test_receive_passes_a_refunds_event_to_the_refunds_run(desk: Desk) -> None:
    payment_id = await paid(desk)
    refund = await ask(desk, payment_id, 600, "c1")
    name = (await desk.payment(payment_id))["provider_intent_id"]
    event = ProviderEvent(refund=RefundEvent("re_own", RefundStatus.SUCCEEDED, 600, refund_id=refund.id))
    webhook_id = await desk.receive("evt_own", name, event)
    (queued,) = await desk.outbox_commands("refund.event")
    assert queued["aggregate"] == f"refund/{refund.id}"
    assert queued["payload"]["refund_id"] == str(refund.id)
    assert queued["payload"]["webhook_id"] == str(webhook_id)
    assert await desk.outbox_commands("booking.payment_event") == []


async def test_receive_passes_a_refund_made_by_hand_to_the_bookings_run(desk: Desk) -> None:
    payment_id = await paid(desk)
    name = (await desk.payment(payment_id))["provider_intent_id"]
    for number, status in enumerate((RefundStatus.PROCESSING, RefundStatus.SUCCEEDED)):
        event = ProviderEvent(refund=RefundEvent("re_hand", status, 600))
        webhook_id = await desk.receive(f"evt_hand_{number}", name, event)
        assert webhook_id is not None
        await desk.apply(webhook_id)
    assert len(await desk.outbox_commands("booking.payment_event")) == 2
    assert await desk.outbox_commands("refund.event") == []


async def test_refund_that_comes_back_is_filed(desk: Desk) -> None:
    payment_id = await paid(desk)
    refund = await ask(desk, payment_id, 600, "c1")
    await end(desk, refund.id, Phase.SUCCEEDED, provider_ref="re_back")
    name = (await desk.payment(payment_id))["provider_intent_id"]
    event = ProviderEvent(refund=RefundEvent("re_back", RefundStatus.FAILED, 600, failure_reason="lost_card"))
    webhook_id = await desk.receive("evt_back", name, event)
    assert webhook_id is not None
    await desk.apply(webhook_id)
    assert await desk.attention() == ["refund_came_back"]


@pytest.mark.parametrize("status", ["requires_payment", "authorized", "voided", "disputed"])
async def test_refund_takes_captured_money_alone(desk: Desk, status: str) -> None:
    payment_id = await paid(desk, status=status)
    with pytest.raises(WrongState):
        await ask(desk, payment_id, 100, "c1")


async def test_refund_of_another_tenant_is_not_found(desk: Desk) -> None:
    refund = await ask(desk, await paid(desk), 100, "c1")
    other = Desk(desk.database, await add_salon(desk.database))
    for step in (
        lambda work: work.payments.refunds.get(refund.id),
        lambda work: work.payments.refunds.begin(refund.id),
    ):
        with pytest.raises(NotFound):
            await other.within(step)


async def hear(desk: Desk, name: str, event: ProviderEvent, at: int) -> None:
    """Receive and apply, ``at`` minutes after the start."""
    webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, event, NOW + minutes(at))
    assert webhook_id is not None
    await desk.apply(webhook_id)


async def test_refund_made_by_hand_above_what_we_know_waits_for_a_person(desk: Desk) -> None:
    """More goes back than we know as captured: it is not counted, nothing is repeated, and somebody looks."""
    payment_id = await paid(desk, captured=3300)
    name = (await desk.payment(payment_id))["provider_intent_id"]
    for at in (1, 2):
        await hear(desk, name, ProviderEvent(refund=RefundEvent("re_hand", RefundStatus.SUCCEEDED, 6600)), at)
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["refunded"]) == ("captured", 0)
    assert await desk.refunds(payment_id) == [("processing", 6600, "provider")]
    assert await desk.attention() == ["refund_above_paid"]
    assert await desk.ledger(payment_id) == []
    with pytest.raises(AmountRefused):
        await ask(desk, payment_id, 1, "c1")


async def test_refund_above_what_we_know_counts_when_the_capture_is_known(desk: Desk) -> None:
    payment_id = await paid(desk, captured=3300)
    name = (await desk.payment(payment_id))["provider_intent_id"]
    await hear(desk, name, ProviderEvent(refund=RefundEvent("re_hand", RefundStatus.SUCCEEDED, 6600)), 1)
    captured = IntentEvent(name, PaymentStatus.CAPTURED, 6600, "JPY", 6600)
    await hear(desk, name, ProviderEvent(intent=captured), 2)
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["captured"], payment["refunded"]) == ("refunded", 6600, 6600)
    assert await desk.refunds(payment_id) == [("succeeded", 6600, "provider")]
    assert await desk.ledger(payment_id) == [("capture", "succeeded", 3300), ("refund", "succeeded", 6600)]
    open_ = "SELECT 1 FROM attention WHERE business_id = :id AND resolved_at IS NULL"
    assert await rows(desk.database, open_, id=desk.salon.business_id) == []


async def test_refund_that_waits_and_fails_is_over(desk: Desk) -> None:
    payment_id = await paid(desk, captured=3300)
    name = (await desk.payment(payment_id))["provider_intent_id"]
    for at, status in enumerate((RefundStatus.SUCCEEDED, RefundStatus.PROCESSING, RefundStatus.FAILED)):
        await hear(desk, name, ProviderEvent(refund=RefundEvent("re_hand", status, 6600)), at)
    assert await desk.refunds(payment_id) == [("failed", 6600, "provider")]
    captured = IntentEvent(name, PaymentStatus.CAPTURED, 6600, "JPY", 6600)
    await hear(desk, name, ProviderEvent(intent=captured), 9)
    assert (await desk.payment(payment_id))["refunded"] == 0
