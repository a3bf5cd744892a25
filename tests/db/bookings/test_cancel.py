"""What a cancellation costs, what goes back, and who may when."""

import pytest

from domain.booking_status import BookingStatus
from domain.errors import RuleBroken, WrongState
from domain.money import Money
from domain.payments.refunds import RefundReason
from domain.payments.status import Movement, Phase
from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, add_booking, add_payment
from tests.support.desk import Desk, minutes

PREPAID = {"amount_due": 6600, "payment_mode": "prepay"}
CARD_HOLD = {"amount_due": 6600, "payment_mode": "card_hold"}


@pytest.mark.parametrize(
    ("hours_left", "penalty", "refunding"),
    [(72, 0, 6600), (48, 0, 6600), (47, 3300, 3300), (23, 6600, 0), (1, 6600, 0)],
)
async def test_customer_pays_what_the_bookings_own_policy_says(
    desk: Desk, hours_left: int, penalty: int, refunding: int
) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + hours_left * HOUR, **PREPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")

    outcome = await desk.do("cancel", booking_id, ActorKind.CUSTOMER, actor_id=desk.salon.user_id)

    assert (outcome.status, outcome.penalty, outcome.refunding) == (BookingStatus.CANCELLED, penalty, refunding)
    booking = await desk.booking(booking_id)
    assert (booking["cancelled_by"], booking["cancellation_penalty"]) == ("customer", penalty)
    assert await desk.refunds(payment_id) == ([("requested", refunding, "cancelled")] if refunding else [])
    assert len(await desk.outbox_commands("refund.start")) == bool(refunding)
    assert await desk.claims(booking_id) == []


async def test_refund_starts_its_workflow_with_ids_alone(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **PREPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
    await desk.do("cancel", booking_id, ActorKind.GUEST)
    (refund,) = await desk.within(lambda work: work.payments.refunds.list_(payment_id))
    (queued,) = await desk.outbox_commands("refund.start")
    assert queued["aggregate"] == f"refund/{refund.id}"
    ids = {key: value for key, value in queued["payload"].items() if key.endswith("_id")}
    assert ids == {
        "refund_id": str(refund.id),
        "booking_id": str(booking_id),
        "payment_id": str(payment_id),
        "business_id": str(desk.salon.business_id),
    }


async def test_cancel_does_not_refund_twice(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + 30 * HOUR, **PREPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="partially_refunded", refunded=1000)
    await desk.within(
        lambda work: work.payments.refunds.request(payment_id, Money(600), RefundReason.REQUESTED, "earlier")
    )

    outcome = await desk.do("cancel", booking_id, ActorKind.CUSTOMER)

    # 6600 less 1000 gone and 600 on the way is 5000; half of the price is kept.
    assert (outcome.penalty, outcome.refunding) == (3300, 1700)


async def test_deposit_caps_the_penalty(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + HOUR, amount_due=2000, payment_mode="deposit")
    await add_payment(desk.database, desk.salon, booking_id, status="captured", amount=2000)
    outcome = await desk.do("cancel", booking_id, ActorKind.CUSTOMER)
    assert (outcome.penalty, outcome.refunding) == (2000, 0)


@pytest.mark.parametrize(
    ("hours_left", "movement", "amount"), [(72, Movement.VOID, 6600), (30, Movement.CAPTURE, 3300)]
)
async def test_authorization_is_voided_or_captured_up_to_the_penalty(
    desk: Desk, hours_left: int, movement: Movement, amount: int
) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + hours_left * HOUR, **CARD_HOLD)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="authorized", capture_method="manual")

    outcome = await desk.do("cancel", booking_id, ActorKind.CUSTOMER)

    assert outcome.money is not None
    assert (outcome.money.movement, outcome.money.amount) == (movement, amount)
    assert await desk.ledger(payment_id) == [(movement.value, Phase.INTENDED.value, amount)]
    assert outcome.penalty == (amount if movement is Movement.CAPTURE else 0)


@pytest.mark.parametrize("by", [ActorKind.STAFF, ActorKind.ADMIN, ActorKind.SYSTEM])
async def test_business_cancels_at_its_own_cost(desk: Desk, by: ActorKind) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + HOUR, **PREPAID)
    await add_payment(desk.database, desk.salon, booking_id, status="captured")
    outcome = await desk.do("cancel", booking_id, by)
    assert (outcome.penalty, outcome.refunding) == (0, 6600)
    assert await desk.notices(booking_id) == [("booking_cancelled", "customer")]


async def test_hold_costs_nothing_and_its_intent_is_closed(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW + HOUR, status="pending", **PREPAID)
    await add_payment(desk.database, desk.salon, booking_id)
    outcome = await desk.do("cancel", booking_id, ActorKind.CUSTOMER)
    assert outcome.penalty == 0
    assert outcome.money is not None
    assert (outcome.money.movement, outcome.money.amount) == (Movement.VOID, 0)


async def test_intent_that_was_never_answered_is_closed_too(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status="pending", **PREPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, provider_intent_id=None)
    outcome = await desk.do("cancel", booking_id, ActorKind.CUSTOMER)
    assert outcome.money is not None
    assert (outcome.money.intent_id, outcome.money.payment_id) == (None, payment_id)
    assert (outcome.money.amount_due, outcome.money.manual_capture) == (6600, False)


async def test_money_that_waits_for_approval_goes_back_whole(desk: Desk) -> None:
    booking_id = await add_booking(
        desk.database, desk.salon, NOW + HOUR, status="pending", needs_approval=True, **PREPAID
    )
    await add_payment(desk.database, desk.salon, booking_id, status="captured")
    outcome = await desk.do("cancel", booking_id, ActorKind.CUSTOMER)
    assert (outcome.penalty, outcome.refunding) == (0, 6600)


async def test_disputed_money_is_for_a_person(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **PREPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="disputed")
    outcome = await desk.do("cancel", booking_id, ActorKind.CUSTOMER)
    assert (outcome.status, outcome.refunding, outcome.money) == (BookingStatus.CANCELLED, 0, None)
    assert await desk.attention() == ["disputed_money_owed"]
    assert await desk.refunds(payment_id) == []


@pytest.mark.parametrize("by", [ActorKind.CUSTOMER, ActorKind.GUEST])
async def test_cancel_after_the_start_is_for_the_business_alone(desk: Desk, by: ActorKind) -> None:
    booking_id = await add_booking(desk.database, desk.salon, NOW, status="confirmed")
    with pytest.raises(RuleBroken) as refusal:
        await desk.do("cancel", booking_id, by)
    assert refusal.value.details["rule"] == "already_started"
    assert (await desk.do("cancel", booking_id, by, now=NOW - minutes(1))).status is BookingStatus.CANCELLED


@pytest.mark.parametrize("status", ["cancelled", "completed", "no_show", "declined", "expired"])
async def test_cancel_refuses_what_is_over(desk: Desk, status: str) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status=status)
    with pytest.raises(WrongState) as refusal:
        await desk.do("cancel", booking_id, ActorKind.STAFF)
    assert refusal.value.details == {"status": status, "wanted": "cancelled"}


async def test_cancelling_twice_with_one_id_refunds_once(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **PREPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="captured")
    command = desk.command(booking_id, ActorKind.CUSTOMER)
    first = await desk.execute_command("cancel", command)
    assert await desk.execute_command("cancel", command, now=NOW + 71 * HOUR) == first
    assert await desk.refunds(payment_id) == [("requested", 6600, "cancelled")]
    assert await desk.notices(booking_id) == [("booking_cancelled", "business"), ("booking_cancelled", "customer")]
