"""Opening a payment, attaching its intent, reading, and recording movements."""

from uuid import uuid4

import pytest

from domain.errors import Conflict, Gone, NotFound, RuleBroken, WrongState
from domain.money import Money
from domain.payments.provider_events import IntentEvent
from domain.payments.refunds import RefundReason
from domain.payments.status import PaymentStatus, Phase
from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, add_booking, add_payment, add_salon
from tests.support.desk import Desk, minutes

UNPAID = {"status": "pending", "amount_due": 6600, "payment_mode": "prepay"}


def intent(**values: object) -> IntentEvent:
    """An intent as it is just after its creation, unless ``values`` say otherwise."""
    fresh = {"intent_id": "pi_1", "status": PaymentStatus.REQUIRES_PAYMENT, "amount": 6600, "currency": "JPY"}
    return IntentEvent(**{**fresh, "captured": 0, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mode", "due", "manual"), [("prepay", 6600, False), ("deposit", 2000, False), ("card_hold", 6600, True)]
)
async def test_opening_asks_for_what_is_due_once(desk: Desk, mode: str, due: int, manual: bool) -> None:
    booking_id = await add_booking(desk.database, desk.salon, status="pending", amount_due=due, payment_mode=mode)
    first = await desk.within(lambda work: work.payments.openings.open_intent(booking_id, NOW))
    again = await desk.within(lambda work: work.payments.openings.open_intent(booking_id, NOW))
    assert first == again
    assert (first.amount, first.currency, first.manual_capture, first.provider) == (due, "JPY", manual, "stripe")
    assert (first.status, first.provider_intent_id) == (PaymentStatus.REQUIRES_PAYMENT, None)


async def test_open_payment_refuses_when_nothing_can_be_paid(desk: Desk) -> None:
    confirmed = await add_booking(desk.database, desk.salon)
    with pytest.raises(WrongState):
        await desk.within(lambda work: work.payments.openings.open_intent(confirmed, NOW))
    free = await add_booking(desk.database, desk.salon, NOW + 74 * HOUR, status="pending")
    with pytest.raises(RuleBroken) as refusal:
        await desk.within(lambda work: work.payments.openings.open_intent(free, NOW))
    assert refusal.value.details == {"rule": "nothing_due"}
    over = await add_booking(desk.database, desk.salon, NOW + 76 * HOUR, **UNPAID)
    with pytest.raises(Gone):
        await desk.within(lambda work: work.payments.openings.open_intent(over, NOW + minutes(10)))
    with pytest.raises(NotFound):
        await desk.within(lambda work: work.payments.openings.open_intent(uuid4(), NOW))


async def test_open_payment_opens_a_new_intent_after_a_void(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    old = await add_payment(desk.database, desk.salon, booking_id, status="voided")
    new = await desk.within(lambda work: work.payments.openings.open_intent(booking_id, NOW))
    assert new.id != old
    assert (await desk.do("begin_expiry", booking_id)).money.payment_id == new.id  # type: ignore[union-attr]


async def test_attaching_keeps_the_secret_and_the_first_intent(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    payment = await desk.within(lambda work: work.payments.openings.open_intent(booking_id, NOW))
    name = f"pi_{uuid4().hex}"
    for secret in ("s3cret", None):
        attached = await desk.within(
            lambda work, s=secret: work.payments.attach_intent(payment.id, intent(intent_id=name), s)
        )
        assert (attached.provider_intent_id, attached.client_secret) == (name, "s3cret")
    with pytest.raises(Conflict):
        await desk.within(lambda work: work.payments.attach_intent(payment.id, intent(intent_id="pi_other"), None))


@pytest.mark.parametrize("wrong", [{"amount": 660}, {"currency": "USD"}])
async def test_intent_over_something_else_is_for_a_person(desk: Desk, wrong: dict[str, object]) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    payment = await desk.within(lambda work: work.payments.openings.open_intent(booking_id, NOW))
    answer = await desk.within(lambda work: work.payments.attach_intent(payment.id, intent(**wrong), "s"))
    assert answer.provider_intent_id is None
    assert (await desk.payment(payment.id))["provider_intent_id"] is None
    assert await desk.attention() == ["amount_mismatch"]


async def test_void_whose_intent_was_unknown_learns_its_name(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, provider_intent_id=None)
    outcome = await desk.do("begin_expiry", booking_id)
    assert outcome.money is not None
    name = f"pi_{uuid4().hex}"
    await desk.record(outcome.money, status=PaymentStatus.VOIDED, intent_id=name)
    assert (await desk.payment(payment_id))["provider_intent_id"] == name


async def test_unknown_is_no_end(desk: Desk) -> None:
    booking_id = await add_booking(
        desk.database, desk.salon, NOW, status="checked_in", amount_due=6600, payment_mode="card_hold"
    )
    payment_id = await add_payment(desk.database, desk.salon, booking_id, status="authorized", capture_method="manual")
    task = (await desk.do("complete", booking_id, ActorKind.STAFF)).money
    assert task is not None
    assert (await desk.record(task, phase=Phase.UNKNOWN)).status is PaymentStatus.AUTHORIZED
    captured = {"status": PaymentStatus.CAPTURED, "captured": 6600}
    assert (await desk.record(task, **captured)).captured == 6600
    # A late word of an earlier try takes nothing back.
    assert (await desk.record(task, status=PaymentStatus.AUTHORIZED, phase=Phase.UNKNOWN)).captured == 6600
    assert await desk.ledger(payment_id) == [
        ("capture", "intended", 6600),
        ("capture", "unknown", 6600),
        ("capture", "succeeded", 6600),
    ]


async def test_capture_above_the_request_is_filed_for_a_person(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id)
    task = (await desk.do("begin_expiry", booking_id)).money
    assert task is not None
    await desk.record(task, phase=Phase.FAILED, status=PaymentStatus.CAPTURED, captured=9999)
    assert await desk.attention() == ["amount_mismatch"]
    assert (await desk.payment(payment_id))["captured"] == 0


async def test_listing_pages_backwards_and_stays_in_its_tenant(desk: Desk) -> None:
    made = []
    for number in range(3):
        booking_id = await add_booking(desk.database, desk.salon, NOW + (72 + 2 * number) * HOUR, **UNPAID)
        made.append(await add_payment(desk.database, desk.salon, booking_id))
    first = await desk.within(lambda work: work.payments.lists.list_(limit=2))
    rest = await desk.within(lambda work: work.payments.lists.list_(limit=2, after_id=first[-1].id))
    assert [payment.id for payment in (*first, *rest)] == made[::-1]
    (one,) = await desk.within(lambda work: work.payments.lists.list_(booking_id=booking_id))
    assert one.id == made[-1]
    other = Desk(desk.database, await add_salon(desk.database))
    assert await other.within(lambda work: work.payments.lists.list_()) == []
    with pytest.raises(NotFound):
        await other.within(lambda work: work.payments.view(made[0]))
    with pytest.raises(NotFound):
        await other.within(lambda work: work.payments.refunds.request(made[0], Money(1), RefundReason.REQUESTED, "c"))
