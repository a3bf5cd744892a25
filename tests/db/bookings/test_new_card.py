"""A new card for a confirmed booking whose authorization is lost or could not be renewed."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from db.engine.session import Scope
from domain.errors import WrongState
from domain.payments.payment import Payment
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask
from domain.payments.without_card import answer_by
from domain.platform.actor import ActorKind
from tests.db.bookings.test_renew import asked, held
from tests.support.data import NOW, rows
from tests.support.desk import Desk

P = PaymentStatus


async def declined(desk: Desk, **held_: Any) -> tuple[UUID, UUID]:
    """A confirmed booking whose renewal was declined a day before its authorization lapses."""
    booking_id, payment_id, _ = await held(desk, **held_)
    task = await asked(desk, booking_id)
    said = MoneyResult(task.movement_id, Phase.FAILED, P.AUTHORIZED, task.intent_id, 6600, reason="expired_card")
    await desk.within(lambda work: work.payments.renewals.record_renewal(task, said, NOW))
    return booking_id, payment_id


async def opened(desk: Desk, booking_id: UUID) -> Payment:
    payment: Payment = await desk.within(lambda work: work.payments.openings.open_intent(booking_id, NOW))
    return payment


async def offered(desk: Desk, booking_id: UUID) -> Payment:
    """A new card's payment with its intent."""
    payment = await opened(desk, booking_id)
    event = IntentEvent(f"pi_{uuid4().hex}", P.REQUIRES_PAYMENT, 6600, "JPY", 0, payment_id=payment.id)
    attached: Payment = await desk.within(lambda work: work.payments.attach_intent(payment.id, event, "s3cret"))
    return attached


async def said(desk: Desk, payment_id: UUID, status: PaymentStatus, captured: int = 0) -> tuple[Any, Any]:
    """An event of a payment's intent: the payment that counts afterwards, and what is to be voided."""
    name = (await desk.payment(payment_id))["provider_intent_id"]
    event = ProviderEvent(
        IntentEvent(
            name, status, 6600, "JPY", captured, authorized_until=NOW + timedelta(days=7), payment_id=payment_id
        )
    )
    webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, event)
    assert webhook_id is not None
    booking_id, _, view = await desk.apply(webhook_id)
    return view, await found(desk, booking_id)


async def found(desk: Desk, booking_id: UUID) -> MoneyTask | None:
    task: MoneyTask | None = await desk.within(
        lambda work: work.payments.openings.find_void(booking_id), Scope.platform()
    )
    return task


async def open_matters(desk: Desk) -> list[str]:
    filed = "SELECT kind FROM attention WHERE business_id = :id AND resolved_at IS NULL ORDER BY kind"
    return [row["kind"] for row in await rows(desk.database, filed, id=desk.salon.business_id)]


async def test_old_authorization_stays_until_the_new_card_is_authorized(desk: Desk) -> None:
    booking_id, old = await declined(desk)
    assert await open_matters(desk) == ["authorize_failed"]
    new = await offered(desk, booking_id)
    assert (new.replaces, new.status, new.amount, new.manual_capture) == (old, P.REQUIRES_PAYMENT, 6600, True)
    assert (await opened(desk, booking_id)).id == new.id, "asked again it is the same"
    view, money = await said(desk, new.id, P.FAILED)
    assert (view.payment_id, view.status, money) == (old, P.AUTHORIZED, None), "a declined card gives nothing up"
    for _ in range(2):  # received twice, decided once
        view, money = await said(desk, new.id, P.AUTHORIZED)
        assert (view.payment_id, view.authorized, view.authorized_until) == (new.id, 6600, NOW + timedelta(days=7))
        assert (money.movement, money.payment_id, money.amount) == (Movement.VOID, old, 6600)
        assert money.intent_id == (await desk.payment(old))["provider_intent_id"]
    assert await open_matters(desk) == []
    assert (await desk.record(money, status=P.VOIDED)).status is P.VOIDED
    assert await found(desk, booking_id) is None
    assert await desk.ledger(old) == [
        ("authorize", "intended", 6600),
        ("authorize", "failed", 6600),
        ("void", "intended", 6600),
        ("void", "succeeded", 6600),
    ]
    assert await desk.ledger(new.id) == [("authorize", "succeeded", 6600)]
    assert await desk.notices(booking_id) == [("payment_renew", "customer")]
    with pytest.raises(WrongState):
        await opened(desk, booking_id)
    task = (await desk.do("begin_renewal", booking_id)).money
    assert task is not None
    assert task.payment_id == new.id, "it is kept alive like any other"


async def test_void_may_be_received_before_it_is_recorded(desk: Desk) -> None:
    booking_id, old = await declined(desk)
    new = await offered(desk, booking_id)
    _, money = await said(desk, new.id, P.AUTHORIZED)
    view, left = await said(desk, old, P.VOIDED)
    assert (view.payment_id, view.status, left) == (new.id, P.AUTHORIZED, None)
    await desk.record(money, status=P.VOIDED)
    assert [row for row in await desk.ledger(old) if row[0] == "void"] == [
        ("void", "intended", 6600),
        ("void", "succeeded", 6600),
    ]
    assert await desk.notices(booking_id) == [("payment_renew", "customer")], "nobody is asked for a third card"


async def test_lost_authorization_asks_for_a_card_and_gets_one(desk: Desk) -> None:
    booking_id, old, _ = await held(desk)
    with pytest.raises(WrongState):
        await opened(desk, booking_id)
    view, money = await said(desk, old, P.VOIDED)
    assert (view.status, money) == (P.VOIDED, None)
    assert await desk.notices(booking_id) == [("payment_renew", "customer")]
    new = await offered(desk, booking_id)
    view, money = await said(desk, new.id, P.AUTHORIZED)
    assert (view.payment_id, view.status, money) == (new.id, P.AUTHORIZED, None)
    task = (await desk.do("check_in", booking_id, now=NOW + timedelta(hours=72))).money or (
        await desk.do("complete", booking_id, now=NOW + timedelta(hours=73))
    ).money
    assert task is not None
    assert (task.movement, task.payment_id) == (Movement.CAPTURE, new.id)


async def test_authorization_lost_early_names_the_deadline_of_the_run(desk: Desk) -> None:
    """Given up in the provider's dashboard, days before its end: the run gives the customer a day from then on, so the
    message may not promise more."""
    booking_id, old, _ = await held(desk)
    ends = "UPDATE booking_payments SET authorized_until = :until WHERE id = :id"
    await rows(desk.database, ends, until=NOW + timedelta(days=2), id=old)
    view, _ = await said(desk, old, P.VOIDED)
    sql = (
        "SELECT b.start_at, n.facts FROM notification_outbox n JOIN bookings b ON b.id = n.booking_id WHERE b.id = :id"
    )
    [row] = await rows(desk.database, sql, id=booking_id)
    deadline = answer_by(NOW, view.authorized_until, row["start_at"])
    assert row["facts"]["answer_by"] == deadline.isoformat()
    assert deadline == NOW + timedelta(hours=24)


async def test_declined_and_then_lost_asks_once(desk: Desk) -> None:
    booking_id, old = await declined(desk)
    new = await offered(desk, booking_id)
    view, _ = await said(desk, old, P.VOIDED)
    assert (view.payment_id, view.status) == (new.id, P.REQUIRES_PAYMENT)
    assert await desk.notices(booking_id) == [("payment_renew", "customer")]
    assert (await opened(desk, booking_id)).id == new.id


async def test_new_card_from_two_windows_opens_one_payment(desk: Desk) -> None:
    booking_id, _ = await declined(desk)
    found_ = await asyncio.gather(*(opened(desk, booking_id) for _ in range(4)))
    assert len({payment.id for payment in found_}) == 1


async def test_new_card_whose_booking_was_cancelled_meanwhile_is_given_up(desk: Desk) -> None:
    booking_id, old = await declined(desk)
    new = await offered(desk, booking_id)
    given_up = (await desk.do("cancel", booking_id, ActorKind.STAFF)).money
    assert given_up is not None
    assert given_up.payment_id == old
    await desk.record(given_up, status=P.VOIDED)
    with pytest.raises(WrongState):
        await opened(desk, booking_id)
    _, money = await said(desk, new.id, P.AUTHORIZED)
    assert (money.movement, money.payment_id) == (Movement.VOID, new.id)
    assert (await desk.record(money, status=P.VOIDED)).status is P.VOIDED
    assert await found(desk, booking_id) is None


async def test_renewal_that_succeeds_at_the_same_moment_is_given_up_too(desk: Desk) -> None:
    booking_id, old = await declined(desk)
    new = await offered(desk, booking_id)
    task = (await desk.do("begin_renewal", booking_id, command_id="renew:2")).money
    assert task is not None
    _, money = await said(desk, new.id, P.AUTHORIZED)
    renewed = MoneyResult(task.movement_id, Phase.SUCCEEDED, P.AUTHORIZED, "pi_renewed", 6600)
    view = await desk.within(lambda work: work.payments.renewals.record_renewal(task, renewed, NOW))
    assert view.payment_id == old
    left = await found(desk, booking_id)
    assert left is not None
    assert (left.movement_id, left.intent_id) == (money.movement_id, "pi_renewed")


async def test_money_taken_on_the_old_one_is_for_a_person(desk: Desk) -> None:
    booking_id, _ = await declined(desk)
    new = await offered(desk, booking_id)
    _, money = await said(desk, new.id, P.AUTHORIZED)
    await desk.record(money, phase=Phase.FAILED, status=P.CAPTURED, captured=6600)
    assert await open_matters(desk) == ["replaced_intent_captured"]
    assert (await desk.do("begin_renewal", booking_id)).money.payment_id == new.id  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["prepay", "deposit"])
async def test_new_card_is_for_card_holds_alone(desk: Desk, mode: str) -> None:
    booking_id, payment_id, _ = await held(desk, status="voided")
    await rows(
        desk.database, "UPDATE bookings SET payment_mode = :mode WHERE id = :id RETURNING id", mode=mode, id=booking_id
    )
    with pytest.raises(WrongState):
        await opened(desk, booking_id)
    assert (await desk.payment(payment_id))["status"] == "voided"
