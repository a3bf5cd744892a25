"""Step 2: the money of a hold, in time, too late, or nobody knows."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentStatus as P
from domain.payments.status import Phase
from domain.payments.tasks import MoneyResult
from tests.workflows.booking_run import running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import AWAY, snapshot
from workflows.bookings.booking import messages
from workflows.support import options
from workflows.support.search_attributes import NEEDS_ATTENTION

HOLD = timedelta(minutes=10)


async def test_booking_paid_in_time_is_confirmed(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        assert (await run.state()).stage == "waiting_for_payment"
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
        assert (await run.state()).stage == "confirmed"
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert stub.names() == ["payments.apply_event", "bookings.confirm", "bookings.remind", "bookings.complete"]


async def test_event_without_money_changes_nothing(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.receive(P.PROCESSING)
        await run.receive(P.FAILED)
        await run.wait_for_calls("payments.apply_event", 2)
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
    assert stub.booking.status is S.CONFIRMED


async def test_hold_lasts_until_its_end(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD - timedelta(seconds=30))
        assert stub.names() == []
        await run.forward(timedelta(seconds=40))
        await run.wait_for_calls("bookings.expire")
    assert stub.booking.status is S.EXPIRED


async def test_hold_ends_when_the_provider_closed_the_intent(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED
    assert stub.names() == ["bookings.begin_expiry", "payments.perform", "payments.record", "bookings.expire"]
    assert stub.payment is not None
    assert stub.payment.status is P.VOIDED


async def test_hold_without_an_open_intent_ends_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    stub.payment = None
    async with running(temporal_time_skipping, stub) as run:
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED
    assert stub.names() == ["bookings.begin_expiry"]


async def test_money_found_at_the_deadline_goes_on(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    stub.at_provider = P.CAPTURED  # paid in time; the event is still on its way
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(seconds=5))
        await run.wait_for_calls("bookings.confirm")
    assert stub.names() == ["bookings.begin_expiry", "payments.perform", "payments.record", "bookings.confirm"]
    assert stub.booking.status is S.CONFIRMED


async def test_authorization_found_at_the_deadline_goes_on(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(), manual_capture=True)
    stub.answers.append(MoneyResult("", Phase.FAILED, P.AUTHORIZED, "pi_1", authorized=8000, reason="not_voided"))
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(seconds=5))
        await run.wait_for_calls("bookings.confirm")
    assert stub.booking.status is S.CONFIRMED


async def test_authorization_in_time_is_not_voided_at_the_deadline(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(), manual_capture=True, at_provider=P.AUTHORIZED)  # its event is still on its way
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(seconds=5))
        await run.wait_for_calls("bookings.confirm")
        await run.receive(P.AUTHORIZED)
        assert (await run.finish()).status is S.COMPLETED
    assert stub.voided == []
    assert stub.captured == ["pi_1"]


async def test_authorization_of_a_cancelled_booking_is_voided(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot(), manual_capture=True)
    stub.answers.append(AWAY)
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(seconds=5))
        await run.wait_for_calls("bookings.extend_hold")
        stub.at_provider = P.AUTHORIZED
        assert (await run.execute(messages.CANCEL)).status is S.CANCELLED
        assert (await run.finish()).status is S.CANCELLED
    assert stub.at_provider is P.VOIDED


async def test_provider_away_keeps_the_time_and_asks_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    hold_end = stub.booking.hold_expires_at
    assert hold_end is not None
    stub.answers.extend([AWAY, AWAY])
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(seconds=5))
        await run.wait_for_calls("bookings.extend_hold")
        assert stub.booking.status is S.PENDING
        assert stub.booking.hold_expires_at is not None
        assert stub.booking.hold_expires_at > hold_end
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED
    tasks = stub.arguments("payments.perform")
    assert len(tasks) == 3
    assert len({task.movement_id for task in tasks}) == 1, "the same movement is asked again, so it happens once"
    assert stub.names().count("bookings.begin_expiry") == 1
    assert "attention.file" not in stub.names()


async def test_provider_away_for_long_raises_an_alert(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    stub.answers.extend([AWAY] * 20)
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(minutes=5))
        await run.wait_for_calls("attention.file")
        assert await run.search_attribute(NEEDS_ATTENTION) is True
        outcome = await run.finish()
        assert await run.search_attribute(NEEDS_ATTENTION) is False
    assert outcome.status is S.EXPIRED
    assert stub.names().count("attention.file") == 1
    assert stub.names().count("payments.perform") == 21, "it never gives up before the provider's word"


async def test_payment_that_was_unknown_and_is_paid_goes_on(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    stub.answers.append(AWAY)
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(seconds=5))
        await run.wait_for_calls("bookings.extend_hold")
        await run.receive(P.CAPTURED)  # wakes it at once; the open question is asked again before it goes on
        await run.wait_for_calls("bookings.confirm")
    assert stub.names().count("payments.perform") == 2
    assert stub.booking.status is S.CONFIRMED


async def test_processing_at_the_deadline_keeps_the_time_until_its_event(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot())
    stub.at_provider = P.PROCESSING
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(seconds=5))
        await run.wait_for_calls("bookings.extend_hold")
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
    assert stub.booking.status is S.CONFIRMED
    assert stub.names().count("payments.perform") == 1


async def test_processing_for_long_releases_the_time_and_waits_on(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot())
    start = stub.booking.hold_expires_at
    stub.at_provider = P.PROCESSING
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(hours=3))
        kept = [extension.until for extension in stub.arguments("bookings.extend_hold")]
        assert start is not None
        assert max(kept) <= start + options.KEEP_FOR_PROCESSING + timedelta(minutes=1)
        stub.set(status=S.EXPIRED)  # somebody took the time, which swept the hold
        stub.slot_is_free = False
        await run.receive(P.CAPTURED)
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED
    assert stub.given_back == 8000


async def test_repeated_events_of_a_slow_payment_raise_no_alert(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot())
    stub.at_provider = P.PROCESSING
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(seconds=5))
        for number in range(1, options.ALERT_AFTER + 2):
            await run.wait_for_calls("bookings.extend_hold", number)
            await run.receive(P.PROCESSING)  # each wakes it, and the provider answers every time
        await run.wait_for_calls("payments.perform", options.ALERT_AFTER + 2)
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
    assert "attention.file" not in stub.names()


async def test_processing_payment_raises_an_alert_when_its_time_is_over(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot())
    stub.at_provider = P.PROCESSING
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + options.KEEP_FOR_PROCESSING - timedelta(minutes=1))
        assert "attention.file" not in stub.names()
        await run.forward(timedelta(hours=1))
        await run.wait_for_calls("attention.file")
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
    assert stub.names().count("attention.file") == 1


async def test_retry_of_a_close_is_a_new_movement(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    stub.answers.append(MoneyResult("", Phase.UNKNOWN, P.PROCESSING, "pi_1", reason="processing"))
    async with running(temporal_time_skipping, stub) as run:
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED
    first, second = stub.arguments("payments.perform")
    assert first.movement_id != second.movement_id, "a provider repeats its answer to the same key"


async def test_cancel_while_the_provider_is_away_still_closes_the_intent(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot())
    stub.answers.extend([AWAY, AWAY])
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(HOLD + timedelta(seconds=5))
        await run.wait_for_calls("bookings.extend_hold")
        assert (await run.execute(messages.CANCEL)).status is S.CANCELLED
        outcome = await run.finish()
    assert outcome.status is S.CANCELLED
    assert stub.at_provider is P.VOIDED
    assert stub.payment is not None
    assert stub.payment.status is P.VOIDED


async def test_swept_hold_is_settled_with_the_provider_too(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        stub.set(status=S.EXPIRED)
        await run.receive(P.FAILED)  # the run learns what the booking is
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED
    assert stub.at_provider is P.VOIDED


async def test_events_count_once_and_in_any_order(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        first = stub.event(P.PROCESSING)
        second = stub.event(P.CAPTURED)
        for webhook_id in (second, second, first, second):
            await run.signal(webhook_id)
        await run.wait_for_calls("payments.apply_event", 2)
        await run.wait_for_calls("bookings.confirm")
        await run.state()
    assert stub.applied == [second, first]
    assert stub.names().count("payments.apply_event") == 2
    assert stub.names().count("bookings.confirm") == 1


async def test_event_that_cannot_be_applied_goes_to_a_person(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        unknown = stub.event(P.CAPTURED)
        del stub.inbox[unknown]
        await run.signal(unknown)
        await run.wait_for_calls("attention.file")
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
    assert stub.booking.status is S.CONFIRMED


async def test_signal_and_deadline_at_once_lets_the_money_win(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        stub.gate.clear()  # Postgres is slow: the event is being applied while the hold ends
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("payments.apply_event")
        stub.gate.set()
        await run.forward(HOLD + timedelta(seconds=5))
        await run.wait_for_calls("bookings.confirm")
    assert "bookings.begin_expiry" not in stub.names()
