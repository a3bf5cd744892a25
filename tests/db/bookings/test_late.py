"""Money that came after its booking had ended."""

from typing import Any

import pytest

from domain.booking_status import BookingStatus
from domain.money import Money
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.refunds import RefundReason
from domain.payments.status import Movement, PaymentStatus, Phase, RefundStatus
from domain.payments.tasks import MoneyResult
from tests.support.data import HOUR, NOW, add_booking, add_payment
from tests.support.desk import Desk, minutes

START = NOW + 72 * HOUR
EXPIRED = {"status": "expired", "amount_due": 6600, "payment_mode": "prepay", "hold_expires_at": NOW}


async def expired(desk: Desk, payment: dict[str, Any] | None = None, **values: Any) -> tuple[Any, Any]:
    """An expired booking and its payment."""
    booking_id = await add_booking(desk.database, desk.salon, START, **{**EXPIRED, **values})
    payment_id = await add_payment(desk.database, desk.salon, booking_id, **(payment or {"status": "captured"}))
    return booking_id, payment_id


async def refund_fails(desk: Desk, payment_id: Any) -> None:
    """The refund that is on its way is refused by the provider."""
    (refund,) = await desk.within(lambda work: work.payments.refunds.list_(payment_id))
    task = await desk.within(lambda work: work.payments.refunds.begin(refund.id))
    said = MoneyResult(task.movement_id, Phase.FAILED, reason="lost_or_stolen_card")
    assert await desk.within(lambda work: work.payments.refunds.record(refund.id, said)) is RefundStatus.FAILED


async def test_free_time_is_taken_again(desk: Desk) -> None:
    booking_id, payment_id = await expired(desk)
    command = desk.command(booking_id)

    outcome = await desk.execute_command("reinstate_after_late_payment", command)

    assert outcome.status is BookingStatus.CONFIRMED
    assert [(claim["starts_at"], claim["holds_until"]) for claim in await desk.claims(booking_id)] == [(START, None)]
    assert await desk.history(booking_id) == [("confirmed", "expired", "confirmed")]
    assert await desk.notices(booking_id) == [("booking_confirmed", "business"), ("payment_late", "customer")]
    assert await desk.refunds(payment_id) == []
    assert await desk.execute_command("reinstate_after_late_payment", command) == outcome


async def test_taken_time_sends_the_money_back(desk: Desk) -> None:
    booking_id, payment_id = await expired(desk)
    await add_booking(desk.database, desk.salon, START + minutes(30))
    command = desk.command(booking_id)

    outcome = await desk.execute_command("reinstate_after_late_payment", command)

    assert (outcome.status, outcome.refunding) == (BookingStatus.EXPIRED, 6600)
    assert await desk.execute_command("reinstate_after_late_payment", command) == outcome
    assert (await desk.do("reinstate_after_late_payment", booking_id)).refunding == 0
    assert await desk.refunds(payment_id) == [("requested", 6600, "late")]
    assert await desk.claims(booking_id) == []
    assert await desk.notices(booking_id) == [("payment_late", "customer")]
    assert await desk.history(booking_id) == [("late_money_returned", "expired", "expired")]


async def test_lapsed_hold_is_not_in_the_way_of_money(desk: Desk) -> None:
    booking_id, _ = await expired(desk)
    other = await add_booking(desk.database, desk.salon, START, status="pending")
    assert (await desk.do("reinstate_after_late_payment", booking_id, now=NOW + HOUR)).status is BookingStatus.CONFIRMED
    assert (await desk.booking(other))["status"] == "expired"


async def test_money_that_comes_after_the_start_goes_back(desk: Desk) -> None:
    booking_id, payment_id = await expired(desk)
    outcome = await desk.do("reinstate_after_late_payment", booking_id, now=START)
    assert (outcome.status, outcome.refunding) == (BookingStatus.EXPIRED, 6600)
    assert await desk.refunds(payment_id) == [("requested", 6600, "late")]


async def test_late_payment_does_not_bring_back_an_unapproved_booking(desk: Desk) -> None:
    booking_id, _ = await expired(desk, needs_approval=True)
    assert (await desk.do("reinstate_after_late_payment", booking_id)).refunding == 6600


async def test_late_authorization_is_voided(desk: Desk) -> None:
    held = {"status": "authorized", "capture_method": "manual"}
    booking_id, _ = await expired(desk, held, payment_mode="card_hold")
    await add_booking(desk.database, desk.salon, START)
    outcome = await desk.do("reinstate_after_late_payment", booking_id)
    assert outcome.money is not None
    assert (outcome.money.movement, outcome.money.amount, outcome.refunding) == (Movement.VOID, 6600, 0)


@pytest.mark.parametrize("status", ["cancelled", "declined"])
async def test_money_for_what_was_called_off_goes_back(desk: Desk, status: str) -> None:
    booking_id, payment_id = await expired(desk, status=status, cancellation_penalty=0)
    outcome = await desk.do("reinstate_after_late_payment", booking_id)
    assert (outcome.status.value, outcome.refunding) == (status, 6600)
    assert await desk.refunds(payment_id) == [("requested", 6600, "late")]


async def test_penalty_is_not_late_money(desk: Desk) -> None:
    booking_id, payment_id = await expired(desk, status="cancelled", cancellation_penalty=6600)
    assert (await desk.do("reinstate_after_late_payment", booking_id)).refunding == 0
    assert await desk.refunds(payment_id) == []


@pytest.mark.parametrize("status", ["confirmed", "pending", "completed"])
async def test_late_payment_changes_nothing_where_nothing_is_late(desk: Desk, status: str) -> None:
    booking_id, payment_id = await expired(desk, status=status, hold_expires_at=NOW + HOUR)
    assert (await desk.do("reinstate_after_late_payment", booking_id)).status.value == status
    assert await desk.refunds(payment_id) == []
    unpaid, _ = await expired(desk, {"status": "requires_payment"})
    assert (await desk.do("reinstate_after_late_payment", unpaid)).status is BookingStatus.EXPIRED


@pytest.mark.parametrize(("verb", "status"), [("cancel", "confirmed"), ("decline", "pending")])
async def test_refund_that_failed_is_a_persons_and_is_not_asked_again(desk: Desk, verb: str, status: str) -> None:
    booking_id, payment_id = await expired(desk, status=status, hold_expires_at=NOW + HOUR)
    assert (await desk.do(verb, booking_id, waive_penalty=True)).refunding == 6600
    await refund_fails(desk, payment_id)
    before = await desk.refunds(payment_id), await desk.history(booking_id), await desk.notices(booking_id)

    for _ in range(2):
        outcome = await desk.do("reinstate_after_late_payment", booking_id)
        assert (outcome.refunding, outcome.money) == (0, None)

    after = await desk.refunds(payment_id), await desk.history(booking_id), await desk.notices(booking_id)
    assert after == before
    assert [(state, amount) for state, amount, _ in after[0]] == [("failed", 6600)]
    assert await desk.attention() == ["refund_failed"]


async def test_late_money_that_could_not_go_back_brings_nothing_back(desk: Desk) -> None:
    booking_id, payment_id = await expired(desk)
    other = await add_booking(desk.database, desk.salon, START)
    assert (await desk.do("reinstate_after_late_payment", booking_id)).refunding == 6600
    await refund_fails(desk, payment_id)
    await desk.do("cancel", other, waive_penalty=True)

    outcome = await desk.do("reinstate_after_late_payment", booking_id)

    assert (outcome.status, outcome.refunding) == (BookingStatus.EXPIRED, 0)
    assert await desk.refunds(payment_id) == [("failed", 6600, "late")]
    assert await desk.claims(booking_id) == []


async def test_late_payment_refunds_what_was_not_refunded_yet(desk: Desk) -> None:
    booking_id, payment_id = await expired(desk, status="cancelled", cancellation_penalty=1000)
    await desk.within(
        lambda work: work.payments.refunds.request(payment_id, Money(2000), RefundReason.REQUESTED, "by hand")
    )
    await refund_fails(desk, payment_id)
    assert (await desk.do("reinstate_after_late_payment", booking_id)).refunding == 3600
    assert (await desk.do("reinstate_after_late_payment", booking_id)).refunding == 0
    assert await desk.refunds(payment_id) == [("failed", 2000, "requested"), ("requested", 3600, "late")]


async def test_money_that_was_captured_after_the_cancellation_goes_back(desk: Desk) -> None:
    booking_id, payment_id = await expired(desk, {"status": "requires_payment"}, status="pending")
    assert (await desk.do("cancel", booking_id)).refunding == 0
    name = (await desk.payment(payment_id))["provider_intent_id"]
    event = ProviderEvent(intent=IntentEvent(name, PaymentStatus.CAPTURED, 6600, "JPY", 6600))
    await desk.apply(await desk.receive("evt_late", name, event))
    outcome = await desk.do("reinstate_after_late_payment", booking_id)
    assert (outcome.status, outcome.refunding) == (BookingStatus.CANCELLED, 6600)
    assert await desk.refunds(payment_id) == [("requested", 6600, "late")]


@pytest.mark.parametrize(("status", "penalty"), [("cancelled", 0), ("no_show", 0), ("no_show", 6600)])
async def test_void_that_finds_the_money_taken_refunds_what_the_end_does_not_keep(
    desk: Desk, status: str, penalty: int
) -> None:
    """The card was to be released, but somebody had captured it at the provider."""
    held = {"status": "authorized", "capture_method": "manual"}
    booking_id, payment_id = await expired(desk, held, status=status, cancellation_penalty=penalty)
    payment = await desk.within(lambda work: work.payments.get(payment_id))
    task = payment.task(Movement.VOID, f"{payment_id}:void", 6600)
    await desk.within(lambda work: work.payments.intend(task))
    said = {"phase": Phase.FAILED, "status": PaymentStatus.CAPTURED, "captured": 6600, "reason": "already_paid"}
    assert (await desk.record(task, **said)).status is PaymentStatus.CAPTURED

    outcome = await desk.do("reinstate_after_late_payment", booking_id)

    assert (outcome.status, outcome.refunding) == (status, 6600 - penalty)
    assert [amount for _, amount, _ in await desk.refunds(payment_id)] == ([] if penalty else [6600])
    assert await desk.attention() == []
