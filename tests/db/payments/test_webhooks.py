"""Provider events: stored once, applied once, in any order."""

import asyncio
import random
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.booking_status import BookingStatus
from domain.errors import NotFound
from domain.money import Money
from domain.payments.provider_events import DisputeEvent, DisputeStatus, IntentEvent, ProviderEvent, RefundEvent
from domain.payments.refunds import RefundReason
from domain.payments.status import PaymentStatus, RefundStatus
from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows
from tests.support.desk import Desk, minutes

P = PaymentStatus


def intent(status: PaymentStatus, **values: Any) -> ProviderEvent:
    """An event of an intent over 6600 yen."""
    fresh = {"intent_id": "unused", "amount": 6600, "currency": "JPY", "captured": 0}
    return ProviderEvent(intent=IntentEvent(status=status, **{**fresh, **values}))


def refund(name: str, status: RefundStatus, amount: int, **values: Any) -> ProviderEvent:
    """An event of a refund."""
    return ProviderEvent(refund=RefundEvent(name, status, amount, **values))


def dispute(state: DisputeStatus, name: str = "dp_1") -> ProviderEvent:
    """An event of a dispute about everything."""
    return ProviderEvent(dispute=DisputeEvent(name, state, 6600, "fraudulent"))


async def paying(desk: Desk, booked: str = "pending", **payment: Any) -> tuple[UUID, UUID, str]:
    """A booking that can be paid: its id, its payment's id, the intent's name."""
    name = f"pi_{uuid4().hex}"
    booking_id = await add_booking(desk.database, desk.salon, status=booked, amount_due=6600, payment_mode="prepay")
    payment_id = await add_payment(desk.database, desk.salon, booking_id, **{"provider_intent_id": name, **payment})
    return booking_id, payment_id, name


async def hear(desk: Desk, name: str, event: ProviderEvent, at: Any = NOW) -> Any:
    """Receive and apply."""
    webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, event, at)
    assert webhook_id is not None
    return await desk.apply(webhook_id)


async def outcome_of(desk: Desk, webhook_id: UUID) -> str | None:
    """What became of a row."""
    found = await rows(desk.database, "SELECT outcome FROM payment_webhooks WHERE id = :id", id=webhook_id)
    word: str | None = found[0]["outcome"]
    return word


async def test_event_is_stored_once_and_passed_on_once(desk: Desk) -> None:
    booking_id, _, name = await paying(desk)
    event = f"evt_{uuid4().hex}"
    webhook_id = await desk.receive(event, name, intent(P.CAPTURED, captured=6600))
    assert await desk.receive(event, name, intent(P.CAPTURED, captured=6600)) is None
    (queued,) = await desk.outbox_commands("booking.payment_event")
    assert queued["aggregate"] == f"booking/{booking_id}"
    assert queued["payload"] == {
        "booking_id": str(booking_id),
        "business_id": str(desk.salon.business_id),
        "webhook_id": str(webhook_id),
    }


async def test_twins_at_the_same_time_are_one(desk: Desk) -> None:
    _, _, name = await paying(desk)
    event = f"evt_{uuid4().hex}"
    taken = await asyncio.gather(*(desk.receive(event, name, intent(P.PROCESSING)) for _ in range(4)))
    assert sum(one is not None for one in taken) == 1


async def test_applying_twice_counts_once(desk: Desk) -> None:
    booking_id, payment_id, name = await paying(desk)
    webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, intent(P.CAPTURED, captured=6600))
    assert webhook_id is not None
    answers = await asyncio.gather(*(desk.apply(webhook_id) for _ in range(3)))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][:2] == (booking_id, BookingStatus.PENDING)
    assert (answers[0][2].status, answers[0][2].captured) == (P.CAPTURED, 6600)
    assert await desk.ledger(payment_id) == [("capture", "succeeded", 6600)]
    assert await outcome_of(desk, webhook_id) == "now_captured"


async def test_declined_card_is_reported_once_and_may_be_followed_by_a_good_one(desk: Desk) -> None:
    booking_id, payment_id, name = await paying(desk)
    for number in range(2):
        await hear(desk, name, intent(P.FAILED, decline_code="insufficient_funds"), NOW + minutes(number))
    assert (await desk.payment(payment_id))["decline_code"] == "insufficient_funds"
    assert await desk.notices(booking_id) == [("payment_failed", "customer")]
    await hear(desk, name, intent(P.CAPTURED, captured=6600), NOW + minutes(3))
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["decline_code"]) == ("captured", None)


async def test_events_end_the_same_in_every_order(desk: Desk) -> None:
    life = [
        (intent(P.PROCESSING), 1),
        (intent(P.FAILED, decline_code="card_declined"), 2),
        (intent(P.CAPTURED, captured=6600), 3),
        (refund("re", RefundStatus.SUCCEEDED, 2600), 4),
        (dispute(DisputeStatus.OPEN), 5),
        (dispute(DisputeStatus.WON), 6),
    ]
    orders = random.Random(7).sample(list(permutations(life)), 14)
    for order in [tuple(life), tuple(life[::-1]), *orders]:
        booking_id = await add_booking(desk.database, desk.salon, status="cancelled", amount_due=6600)
        name = f"pi_{uuid4().hex}"
        payment_id = await add_payment(desk.database, desk.salon, booking_id, provider_intent_id=name)
        for event, at in order:
            webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, event, NOW + minutes(at))
            assert webhook_id is not None
            await desk.apply(webhook_id)
            await desk.apply(webhook_id)
        payment = await desk.payment(payment_id)
        assert (payment["status"], payment["captured"], payment["refunded"]) == ("partially_refunded", 6600, 2600)
        assert sorted(await desk.ledger(payment_id)) == [
            ("capture", "succeeded", 6600),
            ("dispute", "failed", 6600),
            ("dispute", "intended", 6600),
            ("refund", "succeeded", 2600),
        ]


async def test_later_event_wins_over_an_earlier_one_that_comes_late(desk: Desk) -> None:
    _, payment_id, name = await paying(desk)
    await hear(desk, name, intent(P.FAILED, decline_code="x"), NOW + minutes(2))
    await hear(desk, name, intent(P.PROCESSING), NOW + minutes(1))
    assert (await desk.payment(payment_id))["status"] == "failed"


async def test_dispute_that_is_lost_stays(desk: Desk) -> None:
    _, payment_id, name = await paying(desk, "confirmed", status="captured")
    await hear(desk, name, dispute(DisputeStatus.LOST))
    await hear(desk, name, dispute(DisputeStatus.OPEN))
    assert (await desk.payment(payment_id))["status"] == "disputed"
    await hear(desk, name, intent(P.CAPTURED, captured=6600))
    assert (await desk.payment(payment_id))["status"] == "disputed"
    assert await desk.attention() == ["dispute"]


@pytest.mark.parametrize("webhook_first", [True, False])
async def test_our_own_capture_and_its_event_are_one_row(desk: Desk, webhook_first: bool) -> None:
    booking_id, payment_id, name = await paying(desk, "checked_in", status="authorized", capture_method="manual")
    task = (await desk.do("complete", booking_id, ActorKind.STAFF)).money
    assert task is not None
    captured = {"status": P.CAPTURED, "captured": 6600, "authorized": 6600}
    if webhook_first:
        await hear(desk, name, intent(P.CAPTURED, captured=6600))
        await desk.record(task, **captured)
    else:
        await desk.record(task, **captured)
        await hear(desk, name, intent(P.CAPTURED, captured=6600))
    assert await desk.ledger(payment_id) == [("capture", "intended", 6600), ("capture", "succeeded", 6600)]
    # The message about the end of the visit has the amount already.
    assert await desk.notices(booking_id) == [("booking_completed", "customer")]


@pytest.mark.parametrize("webhook_first", [True, False])
async def test_our_own_void_and_its_event_are_one_row(desk: Desk, webhook_first: bool) -> None:
    booking_id, payment_id, name = await paying(desk, "confirmed", status="authorized", capture_method="manual")
    task = (await desk.do("cancel", booking_id, ActorKind.STAFF)).money
    assert task is not None
    if webhook_first:
        await hear(desk, name, intent(P.VOIDED))
        await desk.record(task, status=P.VOIDED)
    else:
        await desk.record(task, status=P.VOIDED)
        await hear(desk, name, intent(P.VOIDED))
    assert await desk.ledger(payment_id) == [("void", "intended", 6600), ("void", "succeeded", 6600)]


async def test_customers_authorization_is_in_the_ledger(desk: Desk) -> None:
    _, payment_id, name = await paying(desk, capture_method="manual")
    await hear(desk, name, intent(P.AUTHORIZED))
    await hear(desk, name, intent(P.AUTHORIZED))
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["authorized"], payment["captured"]) == ("authorized", 6600, 0)
    assert await desk.ledger(payment_id) == [("authorize", "succeeded", 6600)]


async def test_refund_made_by_hand_gets_a_row_and_counts(desk: Desk) -> None:
    booking_id, payment_id, name = await paying(desk, "completed", status="captured")
    by_hand = f"re_{uuid4().hex}"
    await hear(desk, name, refund(by_hand, RefundStatus.PROCESSING, 1000))
    assert (await desk.payment(payment_id))["refunded"] == 0
    for _ in range(2):
        await hear(desk, name, refund(by_hand, RefundStatus.SUCCEEDED, 1000))
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["refunded"]) == ("partially_refunded", 1000)
    assert await desk.refunds(payment_id) == [("succeeded", 1000, "provider")]
    assert await desk.ledger(payment_id) == [("refund", "succeeded", 1000)]
    assert await desk.notices(booking_id) == [("payment_refunded", "customer")]


async def test_our_own_refund_is_found_by_our_id_in_it(desk: Desk) -> None:
    _, payment_id, name = await paying(desk, "cancelled", status="captured")
    asked = await desk.within(
        lambda work: work.payments.refunds.request(payment_id, Money(600), RefundReason.REQUESTED, "c1")
    )
    await desk.within(lambda work: work.payments.refunds.begin(asked.id))
    await hear(desk, name, refund(f"re_{uuid4().hex}", RefundStatus.SUCCEEDED, 600, refund_id=asked.id))
    assert await desk.refunds(payment_id) == [("succeeded", 600, "requested")]
    assert await desk.ledger(payment_id) == [("refund", "intended", 600), ("refund", "succeeded", 600)]


async def test_intent_that_is_not_ours_is_stored_and_filed_if_money_moved(desk: Desk) -> None:
    name = f"pi_{uuid4().hex}"
    about = "SELECT kind FROM attention WHERE dedupe_key = :key"
    first = await desk.receive(f"evt_{uuid4().hex}", name, intent(P.PROCESSING))
    assert first is not None
    assert await rows(desk.database, about, key=f"unmatched_payment:stripe:{name}") == []
    second = await desk.receive(f"evt_{uuid4().hex}", name, intent(P.CAPTURED, captured=6600))
    assert second is not None
    assert await rows(desk.database, about, key=f"unmatched_payment:stripe:{name}") == [{"kind": "unmatched_payment"}]
    assert await desk.apply(second) == (None, None, None)
    assert await outcome_of(desk, second) == "unmatched"
    plain = await desk.receive(f"evt_{uuid4().hex}", None, ProviderEvent())
    assert plain is not None
    assert await outcome_of(desk, plain) == "ignored"


async def test_intent_whose_creation_was_never_answered_is_known_by_our_id_in_it(desk: Desk) -> None:
    _, payment_id, _ = await paying(desk, provider_intent_id=None)
    name = f"pi_{uuid4().hex}"
    event = intent(P.CAPTURED, captured=6600, intent_id=name, payment_id=payment_id)
    _, _, view = await hear(desk, name, event)
    assert view.status is P.CAPTURED
    assert (await desk.payment(payment_id))["provider_intent_id"] == name


@pytest.mark.parametrize("wrong", [{"currency": "USD"}, {"amount": 100, "captured": 100}])
async def test_wrong_amount_or_currency_is_not_applied(desk: Desk, wrong: dict[str, Any]) -> None:
    _, payment_id, name = await paying(desk)
    await hear(desk, name, intent(P.CAPTURED, **{"captured": 6600, **wrong}))
    assert (await desk.payment(payment_id))["status"] == "requires_payment"
    assert await desk.attention() == ["amount_mismatch"]


async def test_money_on_a_closed_intent_is_counted_and_filed(desk: Desk) -> None:
    _, payment_id, name = await paying(desk, "expired", status="voided")
    await hear(desk, name, intent(P.CAPTURED, captured=6600))
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["captured"]) == ("voided", 6600)
    assert await desk.attention() == ["money_after_void"]


async def test_inbox_is_the_platforms_alone(desk: Desk) -> None:
    _, _, name = await paying(desk)
    webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, intent(P.PROCESSING), NOW + HOUR)
    assert webhook_id is not None
    with pytest.raises(NotFound):
        await desk.within(lambda work: work.payments.webhooks.apply(webhook_id, NOW))
