"""Steps 4 to 7: reminders, the visit, and its end."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import Movement, PaymentMode
from domain.payments.status import PaymentStatus as P
from tests.workflows.booking_run import running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import AWAY, HALF, now, snapshot
from workflows.bookings.booking import messages
from workflows.support import options
from workflows.support.search_attributes import STARTS_AT

HOURS = timedelta(hours=1)
DAY = timedelta(days=1)


def _instant(**changes: object) -> BookingStub:
    """Confirmed from the start: nothing is asked for."""
    free = {"amount_due": 0, "payment_mode": PaymentMode.AT_VENUE, "hold_expires_at": None}
    return BookingStub(snapshot(status=S.CONFIRMED, **{**free, **changes}))


async def test_instant_booking_needs_no_step(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _instant()
    async with running(temporal_time_skipping, stub) as run:
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert stub.names() == ["bookings.remind", "bookings.complete"]


async def test_reminders_come_once_each_in_their_order(temporal_time_skipping: WorkflowEnvironment) -> None:
    offsets = (2 * HOURS, DAY, 7 * DAY, timedelta(minutes=30))  # a week ahead is over already
    stub = _instant(reminder_offsets=offsets)
    async with running(temporal_time_skipping, stub) as run:
        await run.finish()
    assert [offset for _, offset in stub.reminded] == [DAY, 2 * HOURS, timedelta(minutes=30)]


async def test_reminder_comes_at_its_time(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _instant()
    due = stub.booking.start_at - DAY
    async with running(temporal_time_skipping, stub) as run:
        await run.forward_to(due, slack=timedelta(minutes=-1))
        assert stub.reminded == []
        await run.forward(timedelta(minutes=2))
        await run.wait_for_calls("bookings.remind")
    assert stub.reminded == [(stub.booking.start_at, DAY)]


async def test_reschedule_moves_reminders_and_end(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _instant()
    first = stub.booking.start_at
    later = first + 7 * DAY
    async with running(temporal_time_skipping, stub) as run:
        await run.execute(messages.RESCHEDULE, start_at=later)
        await run.state()
        assert await run.search_attribute(STARTS_AT) == later
        await run.forward_to(first + 5 * HOURS)
        assert stub.names() == ["bookings.reschedule"]
        await run.finish()
    assert stub.reminded == [(later, DAY)]


async def test_reschedule_after_the_reminder_reminds_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _instant()
    first = stub.booking.start_at
    async with running(temporal_time_skipping, stub) as run:
        await run.forward_to(first - DAY)
        await run.wait_for_calls("bookings.remind")
        await run.execute(messages.RESCHEDULE, start_at=first + 3 * DAY)
        await run.finish()
    assert stub.reminded == [(first, DAY), (first + 3 * DAY, DAY)]


async def test_reschedule_into_the_reminder_window_does_not_remind(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = _instant()
    async with running(temporal_time_skipping, stub) as run:
        await run.execute(messages.RESCHEDULE, start_at=now() + 5 * HOURS)
        await run.finish()
    assert stub.reminded == []


async def test_cancellation_ends_the_reminders(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _instant()
    async with running(temporal_time_skipping, stub) as run:
        await run.execute(messages.CANCEL)
        outcome = await run.finish()
    assert outcome.status is S.CANCELLED
    assert stub.reminded == []


async def test_visit_is_checked_in_and_completed_by_staff(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _instant()
    async with running(temporal_time_skipping, stub) as run:
        await run.forward_to(stub.booking.start_at)
        assert (await run.execute(messages.CHECK_IN)).status is S.CHECKED_IN
        assert (await run.state()).stage == "checked_in"
        assert (await run.execute(messages.COMPLETE)).status is S.COMPLETED
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert stub.names().count("bookings.complete") == 1


async def test_visit_that_is_checked_in_completes_by_itself(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _instant()
    async with running(temporal_time_skipping, stub) as run:
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.CHECK_IN)
        await run.forward_to(stub.booking.end_at + timedelta(minutes=14), slack=timedelta(0))
        assert stub.booking.status is S.CHECKED_IN
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED


async def test_visit_without_auto_complete_waits_a_month_for_staff(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _instant(auto_complete=False)
    async with running(temporal_time_skipping, stub) as run:
        await run.forward_to(stub.booking.end_at + options.UNATTENDED)
        assert stub.booking.status is S.CONFIRMED
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert stub.names()[-2:] == ["attention.file", "bookings.complete"]


async def test_no_show_is_recorded_by_staff(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(), policy=HALF)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at + HOURS / 2)
        outcome = await run.execute(messages.NO_SHOW)
        assert (outcome.status, outcome.refunding) == (S.NO_SHOW, 0)
        assert (await run.finish()).status is S.NO_SHOW


@pytest.mark.parametrize("by_staff", [True, False])
async def test_card_hold_is_captured_at_the_end(temporal_time_skipping: WorkflowEnvironment, by_staff: bool) -> None:
    stub = BookingStub(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True)
    stub.answers.append(AWAY)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.CHECK_IN)
        if by_staff:
            outcome = await run.execute(messages.COMPLETE)
            assert outcome.status is S.COMPLETED
            assert outcome.money is not None
        outcome = await run.finish()
    assert outcome.payment is not None
    assert outcome.payment.status is P.CAPTURED
    tries = stub.arguments("payments.perform")
    assert [task.movement for task in tries] == [Movement.CAPTURE] * 2
    assert len({task.movement_id for task in tries}) == 1


async def test_check_in_moves_no_timer(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _instant(reminder_offsets=())
    async with running(temporal_time_skipping, stub) as run:
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.CHECK_IN)
        await run.finish()
        events = (await run.history()).events
    assert sum(event.HasField("timer_started_event_attributes") for event in events) == 1
