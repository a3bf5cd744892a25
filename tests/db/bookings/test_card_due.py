"""By when the customer of a card hold must give another card: what the message says, and what is kept."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.booking_status import BookingStatus
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult
from domain.payments.without_card import BEFORE_START
from domain.platform.actor import ActorKind
from tests.db.bookings.test_new_card import declined, offered, open_matters, said
from tests.db.bookings.test_renew import held
from tests.support.data import NOW, rows
from tests.support.desk import Desk

P = PaymentStatus


async def due(desk: Desk, booking_id: UUID) -> datetime | None:
    [row] = await rows(desk.database, "SELECT card_due FROM bookings WHERE id = :id", id=booking_id)
    found: datetime | None = row["card_due"]
    return found


async def asked_until(desk: Desk, booking_id: UUID) -> list[str]:
    """The deadlines in the messages, oldest first."""
    sql = (
        "SELECT facts->>'answer_by' AS at FROM notification_outbox"
        " WHERE booking_id = :id AND kind = 'payment_renew' ORDER BY id"
    )
    return [row["at"] for row in await rows(desk.database, sql, id=booking_id)]


async def test_card_due_is_what_the_message_says_until_the_new_card(desk: Desk) -> None:
    booking_id, old = await declined(desk)
    first = await due(desk, booking_id)
    assert first is not None
    assert await asked_until(desk, booking_id) == [first.isoformat()]
    assert (await desk.within(lambda work: work.bookings.snapshot(booking_id))).card_due == first
    await rows(
        desk.database, "UPDATE bookings SET card_due = card_due + interval '1 hour' WHERE id = :id", id=booking_id
    )
    later = NOW + timedelta(hours=20)
    webhook_id = await lost(desk, old)
    await desk.apply(webhook_id, later)
    assert await due(desk, booking_id) == first + timedelta(hours=1), "what the customer knows stays"
    new = await offered(desk, booking_id)
    await said(desk, new.id, P.AUTHORIZED)
    assert await due(desk, booking_id) is None
    # The worker died after the record, and records it again when the new card is there.
    [row] = await rows(
        desk.database,
        "SELECT movement_id FROM payment_transactions WHERE payment_id = :id AND movement = 'authorize' LIMIT 1",
        id=old,
    )
    task = (await desk.within(lambda work: work.payments.get(old))).task(Movement.AUTHORIZE, row["movement_id"], 6600)
    repeated = MoneyResult(task.movement_id, Phase.FAILED, P.VOIDED, task.intent_id, reason="expired_card")
    await desk.within(lambda work: work.payments.renewals.record_renewal(task, repeated, later))
    assert await due(desk, booking_id) is None


async def lost(desk: Desk, payment_id: UUID) -> UUID:
    name = (await desk.payment(payment_id))["provider_intent_id"]
    event = ProviderEvent(IntentEvent(name, P.VOIDED, 6600, "JPY", 0, payment_id=payment_id))
    webhook_id = await desk.receive(f"evt_{uuid4().hex}", name, event)
    assert webhook_id is not None
    return webhook_id


async def test_card_due_is_an_hour_before_the_start_of_a_booking_that_moves_closer_and_a_message_says_so(
    desk: Desk,
) -> None:
    booking_id, _ = await declined(desk)
    sooner = NOW + timedelta(hours=20)
    await rows(
        desk.database, "UPDATE bookings SET card_due = :at WHERE id = :id", at=NOW + timedelta(hours=40), id=booking_id
    )
    for _ in range(2):  # the answer was lost, and the command comes again
        moved = await desk.do("reschedule", booking_id, ActorKind.STAFF, command_id="m-1", start_at=sooner)
        assert (moved.start_at, moved.card_due) == (sooner, sooner - BEFORE_START)
    assert await due(desk, booking_id) == sooner - BEFORE_START
    assert (await asked_until(desk, booking_id))[1:] == [(sooner - BEFORE_START).isoformat()]
    later = await desk.do(
        "reschedule", booking_id, ActorKind.STAFF, command_id="m-2", start_at=NOW + timedelta(hours=30)
    )
    assert later.card_due == sooner - BEFORE_START, "what the customer knows stays"
    assert len(await asked_until(desk, booking_id)) == 2


async def lost_and_cancelled_without(desk: Desk) -> tuple[UUID, UUID]:
    """A booking in three days whose authorization is lost, of a business that cancels without another card."""
    sql = "UPDATE business_settings SET without_card = 'cancel' WHERE business_id = :id"
    await rows(desk.database, sql, id=desk.salon.business_id)
    booking_id, payment_id, _ = await held(desk)
    await desk.apply(await lost(desk, payment_id))
    return booking_id, payment_id


async def last_question(desk: Desk, booking_id: UUID) -> tuple[datetime, bool]:
    """The deadline in the last message, and whether it says that the booking is cancelled then."""
    sql = (
        "SELECT facts->>'answer_by' AS at, (facts->>'cancels')::boolean AS cancels FROM notification_outbox"
        " WHERE booking_id = :id AND kind = 'payment_renew' ORDER BY id DESC LIMIT 1"
    )
    [row] = await rows(desk.database, sql, id=booking_id)
    return datetime.fromisoformat(row["at"]), row["cancels"]


async def test_card_due_still_cancels_a_booking_that_moves_closer(desk: Desk) -> None:
    """Otherwise a customer would avoid the cancellation by a move to a time before the deadline."""
    booking_id, _ = await lost_and_cancelled_without(desk)
    assert await due(desk, booking_id) == NOW + timedelta(hours=24)
    sooner = NOW + timedelta(hours=20)
    moved = await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=sooner)
    assert moved.card_due is not None
    assert await last_question(desk, booking_id) == (moved.card_due, True)
    ended = await desk.do("end_card_request", booking_id, now=moved.card_due)
    assert ended.status is BookingStatus.CANCELLED


async def test_card_due_within_the_last_hour_cancels_nothing_and_the_message_says_so(desk: Desk) -> None:
    booking_id, _ = await lost_and_cancelled_without(desk)
    sooner = NOW + timedelta(minutes=30)
    moved = await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=sooner)
    assert moved.card_due == sooner
    assert await last_question(desk, booking_id) == (sooner, False)
    ended = await desk.do("end_card_request", booking_id, now=sooner)
    assert ended.status is BookingStatus.CONFIRMED
    assert "card_missing" in await open_matters(desk)


async def test_card_due_within_the_last_hour_is_asked_again_when_the_booking_moves_later(desk: Desk) -> None:
    """The message said that nothing is cancelled at the start. It was cancelled at that time, days before the visit."""
    booking_id, _ = await lost_and_cancelled_without(desk)
    soon, later = NOW + timedelta(minutes=30), NOW + timedelta(hours=51)
    await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=soon)
    moved = await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=later)
    assert moved.card_due == NOW + timedelta(hours=24)
    assert await last_question(desk, booking_id) == (moved.card_due, True)
    # The timer of the run has fired while the booking was moved.
    ended = await desk.do("end_card_request", booking_id, now=soon)
    assert (ended.status, ended.card_due) == (BookingStatus.CONFIRMED, moved.card_due)
    assert "card_missing" not in await open_matters(desk)
    ended = await desk.do("end_card_request", booking_id, now=moved.card_due)
    assert ended.status is BookingStatus.CANCELLED


async def test_card_due_that_becomes_the_start_cancels_nothing_any_more_and_a_message_says_so(desk: Desk) -> None:
    booking_id, _ = await lost_and_cancelled_without(desk)
    due_at = await due(desk, booking_id)
    assert due_at is not None
    assert await last_question(desk, booking_id) == (due_at, True)
    now = due_at - timedelta(minutes=40)
    moved = await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=due_at, now=now)
    assert moved.card_due == due_at
    assert await last_question(desk, booking_id) == (due_at, False)
    ended = await desk.do("end_card_request", booking_id, now=due_at)
    assert ended.status is BookingStatus.CONFIRMED


async def test_card_due_ends_where_the_booking_waits_for_approval_again(desk: Desk) -> None:
    booking_id, _ = await lost_and_cancelled_without(desk)
    await rows(desk.database, "UPDATE bookings SET needs_approval = true WHERE id = :id", id=booking_id)
    moved = await desk.do("reschedule", booking_id, ActorKind.CUSTOMER, start_at=NOW + timedelta(hours=97))
    assert (moved.status, moved.card_due) == (BookingStatus.PENDING, None)
    assert await due(desk, booking_id) is None
    # As a booking that became pending before deadlines were cleared.
    stale = "UPDATE bookings SET card_due = :at WHERE id = :id"
    await rows(desk.database, stale, at=NOW + timedelta(hours=24), id=booking_id)
    new = await offered(desk, booking_id)
    assert new.replaces is None
    await said(desk, new.id, P.AUTHORIZED)
    assert await due(desk, booking_id) is None, "a card is there"
    assert (await desk.do("approve", booking_id, ActorKind.STAFF)).status is BookingStatus.CONFIRMED
    await rows(desk.database, stale, at=NOW - timedelta(hours=1), id=booking_id)
    await desk.apply(await lost(desk, new.id))
    assert await due(desk, booking_id) == NOW + timedelta(hours=24), "one that has passed gives no time"


async def test_card_due_stays_where_a_declined_card_waits_for_approval_again(desk: Desk) -> None:
    """Its authorization still counts, and nobody would ask again when it ends."""
    booking_id, _ = await declined(desk)
    known = await due(desk, booking_id)
    await rows(desk.database, "UPDATE bookings SET needs_approval = true WHERE id = :id", id=booking_id)
    moved = await desk.do("reschedule", booking_id, ActorKind.CUSTOMER, start_at=NOW + timedelta(hours=97))
    assert (moved.status, moved.card_due) == (BookingStatus.PENDING, known)


async def test_card_due_ends_when_the_money_is_taken_by_hand(desk: Desk) -> None:
    booking_id, old = await declined(desk)
    assert await due(desk, booking_id) is not None
    await said(desk, old, P.CAPTURED, 6600)
    assert await due(desk, booking_id) is None


async def choose(desk: Desk, setting: str) -> None:
    sql = "UPDATE business_settings SET without_card = :setting WHERE business_id = :id"
    await rows(desk.database, sql, setting=setting, id=desk.salon.business_id)


@pytest.mark.parametrize(("said_", "later"), [("keep", "cancel"), ("cancel", "keep")])
async def test_card_due_keeps_what_the_message_said_when_the_setting_changes(
    desk: Desk, said_: str, later: str
) -> None:
    await choose(desk, said_)
    booking_id, payment_id, _ = await held(desk)
    await desk.apply(await lost(desk, payment_id))
    due_at, cancelled = await last_question(desk, booking_id)
    assert cancelled is (said_ == "cancel")
    await choose(desk, later)
    moved = await desk.do("reschedule", booking_id, ActorKind.STAFF, start_at=NOW + timedelta(hours=60))
    assert moved.card_due == due_at
    assert await asked_until(desk, booking_id) == [due_at.isoformat()], "nothing has changed for the customer"
    ended = await desk.do("end_card_request", booking_id, now=due_at)
    assert ended.status is (BookingStatus.CANCELLED if cancelled else BookingStatus.CONFIRMED)
    assert ("card_missing" in await open_matters(desk)) is not cancelled


async def test_card_due_of_another_question_follows_the_setting_of_then(desk: Desk) -> None:
    await choose(desk, "keep")
    booking_id, payment_id, _ = await held(desk)
    await desk.apply(await lost(desk, payment_id))
    new = await offered(desk, booking_id)
    await said(desk, new.id, P.AUTHORIZED)
    await choose(desk, "cancel")
    await desk.apply(await lost(desk, new.id))
    due_at, cancelled = await last_question(desk, booking_id)
    assert cancelled
    assert (await desk.do("end_card_request", booking_id, now=due_at)).status is BookingStatus.CANCELLED


async def test_card_due_ends_when_a_manager_releases_the_hold_by_hand(desk: Desk) -> None:
    """The booking stays confirmed: it was cancelled at the deadline, because the customer had given no other card."""
    await choose(desk, "cancel")
    booking_id, old = await declined(desk)
    due_at = await due(desk, booking_id)
    assert due_at is not None
    await offered(desk, booking_id)
    _, task = await desk.within(lambda work: work.payments.orders.void(old, "by-hand"))
    assert await due(desk, booking_id) is None
    await desk.record(task, status=P.VOIDED)
    ended = await desk.do("end_card_request", booking_id, now=due_at)
    assert (ended.status, ended.card_due) == (BookingStatus.CONFIRMED, None)
    assert "card_missing" not in await open_matters(desk)


async def test_lost_authorization_asks_for_a_card_also_after_a_void_that_spared_it(desk: Desk) -> None:
    """A card that was authorized in the last second of the hold: the void left it, and the booking got its time."""
    booking_id, payment_id, _ = await held(desk)
    payment = await desk.within(lambda work: work.payments.get(payment_id))
    task = payment.task(Movement.VOID, f"{payment_id}:void:expired", 6600)
    await desk.within(lambda work: work.payments.intend(task))
    await desk.record(task, phase=Phase.FAILED, status=P.AUTHORIZED, authorized=6600, reason="not_voided")
    await desk.apply(await lost(desk, payment_id))
    assert await desk.notices(booking_id) == [("payment_renew", "customer")]
