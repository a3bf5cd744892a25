"""An authorization that lapses before the visit: what is asked for, and what each answer leaves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.booking_status import BookingStatus
from domain.payments.lapse import MARGIN
from domain.payments.movements import of_surplus
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from domain.platform.actor import ActorKind
from tests.support.data import HOUR, NOW, add_booking, add_payment, rows
from tests.support.desk import Desk
from tests.support.past import PAST

P = PaymentStatus
DAY = timedelta(days=1)


async def held(desk: Desk, booked: str = "confirmed", hour: int = 72, **payment: Any) -> tuple[UUID, UUID, str]:
    """A booking on a card hold: its id, its payment's id, the intent's name."""
    name = f"pi_{uuid4().hex}"
    asked_for = {"status": booked, "amount_due": 6600, "payment_mode": "card_hold"}
    booking_id = await add_booking(desk.database, desk.salon, NOW + hour * HOUR, **asked_for)
    values = {"status": "authorized", "capture_method": "manual", "provider_intent_id": name, **payment}
    return booking_id, await add_payment(desk.database, desk.salon, booking_id, **values), name


async def asked(desk: Desk, booking_id: UUID) -> MoneyTask:
    """What is to be asked of the provider."""
    outcome = await desk.do("begin_renewal", booking_id, command_id="renew:1")
    assert outcome.money is not None
    return outcome.money


async def renewed(desk: Desk, task: MoneyTask, **result: Any) -> PaymentView:
    """Record a new intent."""
    said: dict[str, Any] = {
        "phase": Phase.SUCCEEDED,
        "status": P.AUTHORIZED,
        "intent_id": f"new_{task.intent_id}",
        "authorized": 6600,
        "authorized_until": NOW + 11 * DAY,
        **result,
    }
    known = MoneyResult(task.movement_id, **said)
    view: PaymentView = await desk.within(lambda work: work.payments.renewals.record_renewal(task, known, NOW))
    return view


async def receive_event(
    desk: Desk, name: str, payment_id: UUID, status: PaymentStatus, captured: int = 0
) -> UUID | None:
    """An event of an intent, in the inbox."""
    event = ProviderEvent(IntentEvent(name, status, 6600, "JPY", captured, payment_id=payment_id))
    return await desk.receive(f"evt_{uuid4().hex}", name, event)


async def outcomes(desk: Desk, payment_id: UUID) -> list[str | None]:
    """Of the events of a payment, oldest first."""
    found = await rows(
        desk.database, "SELECT outcome FROM payment_webhooks WHERE payment_id = :id ORDER BY id", id=payment_id
    )
    return [row["outcome"] for row in found]


async def test_authorization_knows_when_it_lapses(desk: Desk) -> None:
    _, payment_id, name = await held(desk, "pending", status="requires_payment")
    made = (await desk.payment(payment_id))["created_at"]
    webhook_id = await receive_event(desk, name, payment_id, P.AUTHORIZED)
    assert webhook_id is not None
    (*_, view) = await desk.apply(webhook_id)
    assert view.authorized_until == made + 7 * DAY - MARGIN, "nobody said it: by the table, less a margin"
    exact = IntentEvent(name, P.AUTHORIZED, 6600, "JPY", 0, authorized_until=NOW + 7 * DAY)
    _, other, name = await held(desk, "pending", 80, status="requires_payment")
    webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, ProviderEvent(replace(exact, intent_id=name)))
    assert webhook_id is not None
    (*_, view) = await desk.apply(webhook_id)
    assert view.authorized_until == NOW + 7 * DAY
    assert (await desk.payment(other))["authorized_until"] == NOW + 7 * DAY


async def test_asking_changes_nothing_but_the_ledger(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    before = await desk.payment(payment_id)
    task = await asked(desk, booking_id)
    assert task == await asked(desk, booking_id)
    assert (task.movement, task.amount, task.intent_id) == (Movement.AUTHORIZE, 6600, name)
    assert await desk.ledger(payment_id) == [("authorize", "intended", 6600)]
    assert await desk.payment(payment_id) == before
    assert await desk.history(booking_id) == []


@pytest.mark.parametrize(
    ("booked", "payment"),
    [
        ("confirmed", {"status": "captured"}),
        ("confirmed", {"status": "voided"}),
        ("pending", {}),
        ("cancelled", {}),
        ("completed", {}),
    ],
)
async def test_renewal_without_an_authorization_does_nothing(desk: Desk, booked: str, payment: dict[str, Any]) -> None:
    booking_id, payment_id, _ = await held(desk, booked, **payment)
    assert (await desk.do("begin_renewal", booking_id)).money is None
    assert await desk.ledger(payment_id) == []


async def test_renewal_replaces_the_old_intent_once(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    task = await asked(desk, booking_id)
    for _ in range(2):
        view = await renewed(desk, task)
        assert (view.status, view.authorized, view.authorized_until) == (P.AUTHORIZED, 6600, NOW + 11 * DAY)
    payment = await desk.payment(payment_id)
    assert (payment["provider_intent_id"], payment["client_secret"]) == (f"new_{name}", None)
    ledger = await rows(
        desk.database,
        "SELECT movement, phase, provider_ref FROM payment_transactions WHERE payment_id = :id"
        " AND reason IS DISTINCT FROM :past ORDER BY id",
        id=payment_id,
        past=PAST,
    )
    assert [tuple(row.values()) for row in ledger] == [
        ("authorize", "intended", name),
        ("authorize", "succeeded", f"new_{name}"),
        ("void", "intended", name),
    ]
    assert await desk.attention() == []
    assert await desk.notices(booking_id) == []


async def test_event_of_the_old_intent_voids_nothing(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    early = await receive_event(desk, name, payment_id, P.VOIDED)  # received before, applied after it was replaced
    task = await asked(desk, booking_id)
    await renewed(desk, task)
    assert early is not None
    (*_, view) = await desk.apply(early)
    assert view.status is P.AUTHORIZED
    await receive_event(desk, name, payment_id, P.VOIDED)
    assert len(await desk.outbox_commands("booking.payment_event")) == 1, "the late one is not passed on"
    surplus = replace(task, movement=Movement.VOID, movement_id=of_surplus(task.movement_id))
    void = MoneyResult(surplus.movement_id, Phase.SUCCEEDED, P.VOIDED, name)
    view = await desk.within(lambda work: work.payments.renewals.record_surplus(surplus, void))
    assert view.status is P.AUTHORIZED
    assert await outcomes(desk, payment_id) == ["replaced", "replaced"]
    assert await desk.attention() == []


async def test_lapse_is_left_to_a_renewal_that_is_under_way(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    task = await asked(desk, booking_id)
    lapsed = await receive_event(desk, name, payment_id, P.VOIDED)
    assert lapsed is not None
    (*_, view) = await desk.apply(lapsed)
    assert view.status is P.AUTHORIZED
    assert (await renewed(desk, task)).status is P.AUTHORIZED
    assert await outcomes(desk, payment_id) == ["being_replaced"]


async def test_event_of_the_new_intent_may_come_before_its_record(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    task = await asked(desk, booking_id)
    await receive_event(desk, f"new_{name}", payment_id, P.AUTHORIZED)
    assert await desk.attention() == []
    await renewed(desk, task)
    gone = await receive_event(desk, f"new_{name}", payment_id, P.VOIDED)
    assert gone is not None
    (*_, view) = await desk.apply(gone)
    assert (view.status, view.authorized_until) == (P.VOIDED, None)
    assert ("void", "succeeded", 6600) in await desk.ledger(payment_id)


async def test_money_on_the_old_intent_is_for_a_person(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    task = await asked(desk, booking_id)
    early = await receive_event(desk, name, payment_id, P.CAPTURED, 6600)
    await renewed(desk, task)
    assert early is not None
    await desk.apply(early)
    await receive_event(desk, name, payment_id, P.CAPTURED, 6600)
    found = await rows(desk.database, "SELECT details FROM attention WHERE details->>'intent_id' = :name", name=name)
    assert len(found) == 1
    assert (await desk.payment(payment_id))["captured"] == 0
    surplus = replace(task, movement=Movement.VOID, movement_id=of_surplus(task.movement_id))
    paid = MoneyResult(surplus.movement_id, Phase.FAILED, P.CAPTURED, name, captured=6600, reason="already_paid")
    view = await desk.within(lambda work: work.payments.renewals.record_surplus(surplus, paid))
    assert view.status is P.AUTHORIZED
    assert await desk.attention() == ["replaced_intent_captured"]


async def test_declined_renewal_asks_the_customer_and_a_person_once(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    task = await asked(desk, booking_id)
    for _ in range(2):
        view = await renewed(desk, task, phase=Phase.FAILED, intent_id=name, reason="expired_card")
        assert view.status is P.AUTHORIZED
    assert (await desk.payment(payment_id))["provider_intent_id"] == name
    assert await desk.notices(booking_id) == [("payment_renew", "customer")]
    assert await desk.attention() == ["authorize_failed"]
    assert await desk.ledger(payment_id) == [("authorize", "intended", 6600), ("authorize", "failed", 6600)]
    lapsed = await receive_event(desk, name, payment_id, P.VOIDED)
    assert lapsed is not None
    (*_, view) = await desk.apply(lapsed)
    assert view.status is P.VOIDED, "now its lapse counts"


async def test_renewal_that_failed_after_the_lapse_says_so(desk: Desk) -> None:
    booking_id, _, name = await held(desk)
    task = await asked(desk, booking_id)
    gone = {"phase": Phase.FAILED, "status": P.VOIDED, "intent_id": name, "authorized": 0, "authorized_until": None}
    assert (await renewed(desk, task, **gone, reason="expired_card")).status is P.VOIDED


async def test_renewal_that_meets_the_money_records_it(desk: Desk) -> None:
    booking_id, _, name = await held(desk)
    task = await asked(desk, booking_id)
    paid = {"phase": Phase.FAILED, "status": P.CAPTURED, "intent_id": name, "captured": 6600}
    assert (await renewed(desk, task, **paid, reason="already_paid")).captured == 6600
    assert await desk.notices(booking_id) == [], "nobody must enter a card"


async def test_authorization_that_nobody_needs_any_more_is_the_surplus(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    task = await asked(desk, booking_id)
    captured = await receive_event(desk, name, payment_id, P.CAPTURED, 6600)
    assert captured is not None
    await desk.apply(captured)
    assert (await renewed(desk, task)).status is P.CAPTURED
    assert (await desk.payment(payment_id))["provider_intent_id"] == name
    (surplus,) = await rows(
        desk.database,
        "SELECT provider_ref FROM payment_transactions WHERE payment_id = :id AND movement = 'void'",
        id=payment_id,
    )
    assert surplus["provider_ref"] == f"new_{name}"


async def test_cancel_after_a_renewal_voids_the_new_intent(desk: Desk) -> None:
    booking_id, payment_id, name = await held(desk)
    await renewed(desk, await asked(desk, booking_id))
    outcome = await desk.do("cancel", booking_id, ActorKind.STAFF)
    assert outcome.status is BookingStatus.CANCELLED
    assert outcome.money is not None
    assert (outcome.money.movement, outcome.money.intent_id) == (Movement.VOID, f"new_{name}")
    view = await desk.record(outcome.money, status=P.VOIDED)
    assert view.status is P.VOIDED
    wanted = [("void", "intended"), ("void", "intended"), ("void", "succeeded")]
    assert [row[:2] for row in await desk.ledger(payment_id)][2:] == wanted
