"""One movement at the provider, and what is written about it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from activities.payments.payments import ApplyEventInput, PaymentActivities, RecordInput
from domain.booking_status import BookingStatus
from domain.payments.movements import of_surplus
from domain.payments.provider_events import IntentEvent, ProviderEvent
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyTask
from providers.errors import OutcomeUnknown, ProviderRefused
from tests.activities.payments.memory_provider import MemoryProvider, is_manual
from tests.support import servers
from tests.support.data import NOW, add_booking, add_payment, add_salon, opened
from tests.support.desk import Desk

P = PaymentStatus
UNPAID = {"status": "pending", "amount_due": 6600, "payment_mode": "prepay"}


@pytest_asyncio.fixture
async def desk(database: servers.Database) -> AsyncIterator[Desk]:
    """A salon."""
    async with opened(database) as pool:
        yield Desk(pool, await add_salon(pool))


def at(provider: MemoryProvider, desk: Desk | None = None) -> PaymentActivities:
    """The steps, with this provider; without a desk there is no database to go to."""
    return PaymentActivities(desk.database if desk else None, {"stripe": provider}, lambda: NOW)  # type: ignore[arg-type]


def task(movement: Movement, intent_id: str | None = "pi", amount: int = 6600) -> MoneyTask:
    """A movement of a card hold."""
    ids = [UUID(int=number) for number in (1, 2, 3)]
    return MoneyTask("m", movement, *ids, "stripe", intent_id, amount, "JPY", 6600, manual_capture=True)


@pytest.mark.parametrize(
    ("status", "captured", "phase", "reason"),
    [
        (P.REQUIRES_PAYMENT, 0, Phase.SUCCEEDED, None),
        (P.AUTHORIZED, 0, Phase.SUCCEEDED, None),
        (P.VOIDED, 0, Phase.SUCCEEDED, None),
        (P.CAPTURED, 6600, Phase.FAILED, "already_paid"),
        (P.PARTIALLY_REFUNDED, 6600, Phase.FAILED, "already_paid"),
        (P.REFUNDED, 6600, Phase.FAILED, "already_paid"),
        (P.PROCESSING, 0, Phase.UNKNOWN, "processing"),
    ],
)
async def test_void_says_what_it_found(status: P, captured: int, phase: Phase, reason: str | None) -> None:
    provider = MemoryProvider()
    provider.put("pi", status, captured)
    for _ in range(2):
        result = await at(provider).perform(task(Movement.VOID))
        assert (result.phase, result.captured, result.reason) == (phase, captured, reason)
    assert provider.asked == [("cancel", "m")] * 2


@pytest.mark.parametrize(
    ("status", "captured", "reason"), [(P.AUTHORIZED, 0, "not_voided"), (P.CAPTURED, 6600, "already_paid")]
)
async def test_closing_a_hold_leaves_what_came_in_time(status: P, captured: int, reason: str) -> None:
    provider = MemoryProvider()
    provider.put("pi", status, captured)
    result = await at(provider).perform(replace(task(Movement.VOID, amount=0), spares_money=True))
    assert (result.phase, result.status, result.captured, result.reason) == (Phase.FAILED, status, captured, reason)
    assert result.authorized == 6600
    assert provider.intents["pi"].status is status
    assert provider.asked == [("get", "pi")], "nothing was cancelled"


async def test_closing_a_hold_closes_an_intent_that_nobody_paid() -> None:
    provider = MemoryProvider()
    provider.put("pi", P.REQUIRES_PAYMENT)
    result = await at(provider).perform(replace(task(Movement.VOID, amount=0), spares_money=True))
    assert (result.phase, result.status) == (Phase.SUCCEEDED, P.VOIDED)


async def test_void_of_an_unpaid_intent_of_a_cancelled_booking_spares_nothing() -> None:
    provider = MemoryProvider()
    provider.put("pi", P.AUTHORIZED)
    assert (await at(provider).perform(task(Movement.VOID, amount=0))).status is P.VOIDED


async def test_renewal_gives_the_new_intent_and_leaves_the_old_one() -> None:
    provider = MemoryProvider(until=NOW + timedelta(days=5))
    provider.put("pi", P.AUTHORIZED)
    for _ in range(2):
        result = await at(provider).perform(task(Movement.AUTHORIZE))
        assert (result.phase, result.status, result.intent_id) == (Phase.SUCCEEDED, P.AUTHORIZED, "pi_1")
        assert (result.authorized, result.authorized_until) == (6600, NOW + timedelta(days=5))
    assert provider.intents["pi"].status is P.AUTHORIZED
    assert len(provider.intents) == 2


async def test_renewal_of_which_nobody_said_when_it_lapses_is_taken_to_be_short() -> None:
    provider = MemoryProvider()
    provider.put("pi", P.AUTHORIZED)
    assert (await at(provider).perform(task(Movement.AUTHORIZE))).authorized_until == NOW + timedelta(days=4)


async def test_declined_renewal_closes_its_intent_and_says_how_the_old_one_stands() -> None:
    provider = MemoryProvider(declines="insufficient_funds")
    provider.put("pi", P.AUTHORIZED)
    for _ in range(2):
        result = await at(provider).perform(task(Movement.AUTHORIZE))
        assert (result.phase, result.status, result.intent_id) == (Phase.FAILED, P.AUTHORIZED, "pi")
        assert result.reason == "insufficient_funds"
    assert [provider.intents[name].status for name in ("pi", "pi_1")] == [P.AUTHORIZED, P.VOIDED]


async def test_renewal_does_not_authorize_what_was_captured_by_hand() -> None:
    provider = MemoryProvider()
    provider.put("pi", P.CAPTURED, 6600)
    result = await at(provider).perform(task(Movement.AUTHORIZE))
    assert (result.phase, result.captured, result.reason) == (Phase.FAILED, 6600, "already_paid")
    assert len(provider.intents) == 1


async def test_card_that_was_not_kept_fails_the_renewal() -> None:
    provider = MemoryProvider(fails=ProviderRefused("no_card"))
    provider.put("pi", P.AUTHORIZED)
    result = await at(provider).perform(task(Movement.AUTHORIZE))
    assert (result.phase, result.status, result.reason) == (Phase.FAILED, P.AUTHORIZED, "no_card")


async def test_renewal_whose_answer_was_lost_is_tried_again() -> None:
    provider = MemoryProvider(fails=OutcomeUnknown("timeout"), after=True)
    provider.put("pi", P.AUTHORIZED)
    with pytest.raises(OutcomeUnknown):
        await at(provider).perform(task(Movement.AUTHORIZE))
    provider.fails = None
    assert (await at(provider).perform(task(Movement.AUTHORIZE))).intent_id == "pi_1"
    assert len(provider.intents) == 2


async def test_capture_happens_once_however_often_it_is_asked() -> None:
    provider = MemoryProvider()
    provider.put("pi", P.AUTHORIZED)
    for _ in range(2):
        result = await at(provider).perform(task(Movement.CAPTURE, amount=3300))
        assert (result.phase, result.status, result.captured) == (Phase.SUCCEEDED, P.CAPTURED, 3300)
        assert result.authorized == 6600


async def test_capture_that_was_made_by_hand_has_succeeded() -> None:
    provider = MemoryProvider()
    provider.put("pi", P.CAPTURED, 5000)
    result = await at(provider).perform(task(Movement.CAPTURE))
    assert (result.phase, result.captured) == (Phase.SUCCEEDED, 5000)


async def test_capture_that_is_refused_is_a_result() -> None:
    provider = MemoryProvider()
    provider.put("pi", P.VOIDED)
    result = await at(provider).perform(task(Movement.CAPTURE))
    assert (result.phase, result.status) == (Phase.FAILED, P.VOIDED)
    assert result.reason == "payment_intent_unexpected_state"


async def test_unknown_outcome_is_tried_again() -> None:
    provider = MemoryProvider(fails=OutcomeUnknown("timeout"), after=True)
    provider.put("pi", P.AUTHORIZED)
    with pytest.raises(OutcomeUnknown):
        await at(provider).perform(task(Movement.CAPTURE))
    provider.fails = None
    assert (await at(provider).perform(task(Movement.CAPTURE))).captured == 6600


async def test_intent_whose_name_is_unknown_is_found_by_the_payments_key() -> None:
    provider = MemoryProvider()
    result = await at(provider).perform(task(Movement.VOID, intent_id=None))
    assert (result.phase, result.intent_id) == (Phase.SUCCEEDED, "pi_0")
    assert provider.asked[0] == ("create", str(UUID(int=1)))
    (request,) = provider.requests
    assert (request.amount.amount, request.amount.currency, is_manual(request)) == (6600, "JPY", True)
    assert request.metadata == {
        "payment_id": str(UUID(int=1)),
        "booking_id": str(UUID(int=2)),
        "business_id": str(UUID(int=3)),
    }


async def test_event_is_applied_and_answered(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    await add_payment(desk.database, desk.salon, booking_id, provider_intent_id="pi")
    event = ProviderEvent(intent=IntentEvent("pi", P.CAPTURED, 6600, "JPY", 6600))
    webhook_id = await desk.receive("evt", "pi", event)
    assert webhook_id is not None
    for _ in range(2):
        heard = await at(MemoryProvider(), desk).apply_event(ApplyEventInput(webhook_id))
        assert (heard.booking_id, heard.booking_status) == (booking_id, BookingStatus.PENDING)
        assert heard.payment is not None
        assert heard.payment.status is P.CAPTURED


async def test_hold_is_closed_from_end_to_end(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **UNPAID)
    payment_id = await add_payment(desk.database, desk.salon, booking_id, provider_intent_id="pi")
    provider = MemoryProvider()
    provider.put("pi", P.REQUIRES_PAYMENT)
    steps = at(provider, desk)
    closing = (await desk.do("begin_expiry", booking_id)).money
    assert closing is not None
    result = await steps.perform(closing)
    for _ in range(2):
        assert (await steps.record(RecordInput(closing, result))).status is P.VOIDED
    assert await desk.ledger(payment_id) == [("void", "intended", 0), ("void", "succeeded", 0)]


async def test_authorization_is_replaced_from_end_to_end(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, amount_due=6600, payment_mode="card_hold")
    held = {"status": "authorized", "capture_method": "manual", "provider_intent_id": "pi"}
    payment_id = await add_payment(desk.database, desk.salon, booking_id, **held)
    provider = MemoryProvider(until=NOW + timedelta(days=5))
    provider.put("pi", P.AUTHORIZED)
    steps = at(provider, desk)
    renewing = (await desk.do("begin_renewal", booking_id)).money
    assert renewing is not None
    for _ in range(2):
        view = await steps.record(RecordInput(renewing, await steps.perform(renewing)))
        assert (view.status, view.authorized_until) == (P.AUTHORIZED, NOW + timedelta(days=5))
    surplus = replace(renewing, movement=Movement.VOID, movement_id=of_surplus(renewing.movement_id))
    for _ in range(2):
        view = await steps.record(RecordInput(surplus, await steps.perform(surplus)))
        assert (view.status, view.authorized) == (P.AUTHORIZED, 6600)
    assert [provider.intents[name].status for name in ("pi", "pi_1")] == [P.VOIDED, P.AUTHORIZED]
    assert await desk.ledger(payment_id) == [
        ("authorize", "intended", 6600),
        ("authorize", "succeeded", 6600),
        ("void", "intended", 6600),
        ("void", "succeeded", 6600),
    ]
    capture = (await desk.do("complete", booking_id, now=NOW + timedelta(days=9))).money
    assert capture is not None
    assert capture.intent_id == "pi_1"
    assert (await steps.record(RecordInput(capture, await steps.perform(capture)))).captured == 6600


async def test_hold_that_was_authorized_in_time_is_not_voided_at_its_end(desk: Desk) -> None:
    booking_id = await add_booking(desk.database, desk.salon, **{**UNPAID, "payment_mode": "card_hold"})
    payment = {"provider_intent_id": "pi", "capture_method": "manual"}
    await add_payment(desk.database, desk.salon, booking_id, **payment)
    provider = MemoryProvider()
    provider.put("pi", P.AUTHORIZED)
    steps = at(provider, desk)
    closing = (await desk.do("begin_expiry", booking_id)).money
    assert closing is not None
    view = await steps.record(RecordInput(closing, await steps.perform(closing)))
    assert (view.status, view.authorized) == (P.AUTHORIZED, 6600)
    assert (await desk.do("confirm", booking_id)).status is BookingStatus.CONFIRMED
    assert provider.intents["pi"].status is P.AUTHORIZED
