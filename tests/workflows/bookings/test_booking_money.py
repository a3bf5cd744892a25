"""Step 2: the money of a hold, in time, too late, or nobody knows."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentStatus as P
from domain.payments.status import Phase
from domain.payments.tasks import MoneyResult
from tests.workflows.life import living
from tests.workflows.world import AWAY, World, snapshot
from workflows.bookings.booking import messages
from workflows.support import options
from workflows.support.search_attributes import NEEDS_ATTENTION

HOLD = timedelta(minutes=10)


async def test_booking_paid_in_time_is_confirmed(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        assert (await life.state()).stage == "waiting_for_payment"
        await life.hears(P.CAPTURED)
        await life.calls("bookings.confirm")
        assert (await life.state()).stage == "confirmed"
        outcome = await life.ends()
    assert outcome.status is S.COMPLETED
    assert world.names() == ["payments.apply_event", "bookings.confirm", "bookings.remind", "bookings.complete"]


async def test_event_without_money_changes_nothing(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.hears(P.PROCESSING)
        await life.hears(P.FAILED)
        await life.calls("payments.apply_event", 2)
        await life.hears(P.CAPTURED)
        await life.calls("bookings.confirm")
    assert world.booking.status is S.CONFIRMED


async def test_hold_lasts_until_its_end(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD - timedelta(seconds=30))
        assert world.names() == []
        await life.forward(timedelta(seconds=40))
        await life.calls("bookings.expire")
    assert world.booking.status is S.EXPIRED


async def test_hold_ends_when_the_provider_closed_the_intent(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED
    assert world.names() == ["bookings.begin_expiry", "payments.perform", "payments.record", "bookings.expire"]
    assert world.payment is not None
    assert world.payment.status is P.VOIDED


async def test_hold_without_an_open_intent_ends_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    world.payment = None
    async with living(temporal_time_skipping, world) as life:
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED
    assert world.names() == ["bookings.begin_expiry"]


async def test_money_found_at_the_deadline_goes_on(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    world.at_provider = P.CAPTURED  # paid in time; the event is still on its way
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(seconds=5))
        await life.calls("bookings.confirm")
    assert world.names() == ["bookings.begin_expiry", "payments.perform", "payments.record", "bookings.confirm"]
    assert world.booking.status is S.CONFIRMED


async def test_authorization_found_at_the_deadline_goes_on(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(), manual_capture=True)
    world.answers.append(MoneyResult("", Phase.FAILED, P.AUTHORIZED, "pi_1", authorized=8000, reason="not_voided"))
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(seconds=5))
        await life.calls("bookings.confirm")
    assert world.booking.status is S.CONFIRMED


async def test_authorization_in_time_is_not_voided_at_the_deadline(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(), manual_capture=True, at_provider=P.AUTHORIZED)  # its event is still on its way
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(seconds=5))
        await life.calls("bookings.confirm")
        await life.hears(P.AUTHORIZED)
        assert (await life.ends()).status is S.COMPLETED
    assert world.voided == []
    assert world.captured == ["pi_1"]


async def test_authorization_of_a_cancelled_booking_is_voided(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot(), manual_capture=True)
    world.answers.append(AWAY)
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(seconds=5))
        await life.calls("bookings.extend_hold")
        world.at_provider = P.AUTHORIZED
        assert (await life.says(messages.CANCEL)).status is S.CANCELLED
        assert (await life.ends()).status is S.CANCELLED
    assert world.at_provider is P.VOIDED


async def test_provider_away_keeps_the_time_and_asks_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    hold_end = world.booking.hold_expires_at
    assert hold_end is not None
    world.answers.extend([AWAY, AWAY])
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(seconds=5))
        await life.calls("bookings.extend_hold")
        assert world.booking.status is S.PENDING
        assert world.booking.hold_expires_at is not None
        assert world.booking.hold_expires_at > hold_end
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED
    tasks = world.arguments("payments.perform")
    assert len(tasks) == 3
    assert len({task.movement_id for task in tasks}) == 1, "the same movement is asked again, so it happens once"
    assert world.names().count("bookings.begin_expiry") == 1
    assert "attention.file" not in world.names()


async def test_provider_away_for_long_raises_an_alert(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    world.answers.extend([AWAY] * 20)
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(minutes=5))
        await life.calls("attention.file")
        assert await life.shows(NEEDS_ATTENTION) is True
        outcome = await life.ends()
        assert await life.shows(NEEDS_ATTENTION) is False
    assert outcome.status is S.EXPIRED
    assert world.names().count("attention.file") == 1
    assert world.names().count("payments.perform") == 21, "it never gives up before the provider's word"


async def test_payment_that_was_unknown_and_is_paid_goes_on(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    world.answers.append(AWAY)
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(seconds=5))
        await life.calls("bookings.extend_hold")
        await life.hears(P.CAPTURED)  # wakes it at once; the open question is asked again before it goes on
        await life.calls("bookings.confirm")
    assert world.names().count("payments.perform") == 2
    assert world.booking.status is S.CONFIRMED


async def test_processing_at_the_deadline_keeps_the_time_until_its_event(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot())
    world.at_provider = P.PROCESSING
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(seconds=5))
        await life.calls("bookings.extend_hold")
        await life.hears(P.CAPTURED)
        await life.calls("bookings.confirm")
    assert world.booking.status is S.CONFIRMED
    assert world.names().count("payments.perform") == 1


async def test_processing_for_long_releases_the_time_and_waits_on(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot())
    start = world.booking.hold_expires_at
    world.at_provider = P.PROCESSING
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(hours=3))
        kept = [extension.until for extension in world.arguments("bookings.extend_hold")]
        assert start is not None
        assert max(kept) <= start + options.KEEP_FOR_PROCESSING + timedelta(minutes=1)
        world.set(status=S.EXPIRED)  # somebody took the time, which swept the hold
        world.slot_is_free = False
        await life.hears(P.CAPTURED)
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED
    assert world.given_back == 8000


async def test_repeated_events_of_a_slow_payment_raise_no_alert(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot())
    world.at_provider = P.PROCESSING
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(seconds=5))
        for number in range(1, options.ALERT_AFTER + 2):
            await life.calls("bookings.extend_hold", number)
            await life.hears(P.PROCESSING)  # each wakes it, and the provider answers every time
        await life.calls("payments.perform", options.ALERT_AFTER + 2)
        await life.hears(P.CAPTURED)
        await life.calls("bookings.confirm")
    assert "attention.file" not in world.names()


async def test_processing_payment_raises_an_alert_when_its_time_is_over(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot())
    world.at_provider = P.PROCESSING
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + options.KEEP_FOR_PROCESSING - timedelta(minutes=1))
        assert "attention.file" not in world.names()
        await life.forward(timedelta(hours=1))
        await life.calls("attention.file")
        await life.hears(P.CAPTURED)
        await life.calls("bookings.confirm")
    assert world.names().count("attention.file") == 1


async def test_retry_of_a_close_is_a_new_movement(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    world.answers.append(MoneyResult("", Phase.UNKNOWN, P.PROCESSING, "pi_1", reason="processing"))
    async with living(temporal_time_skipping, world) as life:
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED
    first, second = world.arguments("payments.perform")
    assert first.movement_id != second.movement_id, "a provider repeats its answer to the same key"


async def test_cancel_while_the_provider_is_away_still_closes_the_intent(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot())
    world.answers.extend([AWAY, AWAY])
    async with living(temporal_time_skipping, world) as life:
        await life.forward(HOLD + timedelta(seconds=5))
        await life.calls("bookings.extend_hold")
        assert (await life.says(messages.CANCEL)).status is S.CANCELLED
        outcome = await life.ends()
    assert outcome.status is S.CANCELLED
    assert world.at_provider is P.VOIDED
    assert world.payment is not None
    assert world.payment.status is P.VOIDED


async def test_swept_hold_is_settled_with_the_provider_too(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        world.set(status=S.EXPIRED)
        await life.hears(P.FAILED)  # the run learns what the booking is
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED
    assert world.at_provider is P.VOIDED


async def test_events_count_once_and_in_any_order(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        first = world.event(P.PROCESSING)
        second = world.event(P.CAPTURED)
        for webhook_id in (second, second, first, second):
            await life.signal(webhook_id)
        await life.calls("payments.apply_event", 2)
        await life.calls("bookings.confirm")
        await life.state()
    assert world.applied == [second, first]
    assert world.names().count("payments.apply_event") == 2
    assert world.names().count("bookings.confirm") == 1


async def test_event_that_cannot_be_applied_goes_to_a_person(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        unknown = world.event(P.CAPTURED)
        del world.inbox[unknown]
        await life.signal(unknown)
        await life.calls("attention.file")
        await life.hears(P.CAPTURED)
        await life.calls("bookings.confirm")
    assert world.booking.status is S.CONFIRMED


async def test_signal_and_deadline_at_once_lets_the_money_win(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        world.gate.clear()  # Postgres is slow: the event is being applied while the hold ends
        await life.hears(P.CAPTURED)
        await life.calls("payments.apply_event")
        world.gate.set()
        await life.forward(HOLD + timedelta(seconds=5))
        await life.calls("bookings.confirm")
    assert "bookings.begin_expiry" not in world.names()
