"""A step of staff can be undone for some minutes; its money moves only after that."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentMode
from domain.payments.status import PaymentStatus as P
from tests.workflows.booking_run import running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import HALF, snapshot
from workflows.bookings.booking import messages

TEN = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def card_hold(**changes: object) -> BookingStub:
    """An authorization that is captured at the end of the visit."""
    booking = snapshot(payment_mode=PaymentMode.CARD_HOLD, reminder_offsets=(), **changes)
    return BookingStub(booking, manual_capture=True, undo_within=TEN, policy=HALF)


async def test_money_of_a_completed_visit_moves_when_it_can_no_longer_be_undone(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = card_hold()
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.CHECK_IN)
        outcome = await run.execute(messages.COMPLETE)
        assert outcome.undo_until is not None
        await run.forward(TEN - MINUTE)
        assert stub.captured == []
        await run.forward(2 * MINUTE)
        assert (await run.finish()).status is S.COMPLETED
    assert len(stub.captured) == 1
    assert stub.names().count("bookings.settle_ending") == 1


async def test_undone_no_show_costs_nothing_and_the_visit_goes_on(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = card_hold()
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at)
        assert (await run.execute(messages.NO_SHOW)).penalty == 8000
        await run.forward(TEN / 2)
        assert (await run.execute(messages.UNDO)).status is S.CONFIRMED
        await run.execute(messages.CHECK_IN)
        assert stub.captured == []
        await run.execute(messages.COMPLETE)
        await run.finish()
    assert stub.booking.status is S.COMPLETED
    assert len(stub.captured) == 1
    assert stub.names().count("bookings.settle_ending") == 1


async def test_undone_completion_is_not_completed_again_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = card_hold()
    grace = stub.booking.no_show_grace
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.CHECK_IN)
        await run.forward_to(stub.booking.end_at + grace - MINUTE)
        await run.execute(messages.COMPLETE)
        await run.forward(5 * MINUTE)
        assert (await run.execute(messages.UNDO)).status is S.CHECKED_IN
        await run.forward(30 * MINUTE)
        assert stub.booking.status is S.CHECKED_IN
        await run.execute(messages.NO_SHOW, waive_penalty=True)
        await run.finish()
    assert stub.booking.status is S.NO_SHOW
    assert stub.captured == []
    assert len(stub.voided) == 1


async def test_undone_decline_waits_for_approval_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    booking = snapshot(needs_approval=True, reminder_offsets=())
    stub = BookingStub(booking, undo_within=TEN)
    async with running(temporal_time_skipping, stub) as run:
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.await_approval")
        await run.execute(messages.DECLINE)
        await run.forward(TEN / 2)
        assert stub.given_back == 0
        assert (await run.execute(messages.UNDO)).status is S.PENDING
        await run.execute(messages.CONFIRM)
        await run.finish()
    assert stub.booking.status is S.COMPLETED
    assert stub.given_back == 0


async def test_declined_booking_is_paid_back_after_the_time_to_undo(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot(needs_approval=True), undo_within=TEN)
    async with running(temporal_time_skipping, stub) as run:
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.await_approval")
        await run.execute(messages.DECLINE)
        await run.finish()
    assert stub.given_back == 8000


async def test_undo_without_a_step_is_refused(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(status=S.CONFIRMED, amount_due=0, hold_expires_at=None), undo_within=TEN)
    async with running(temporal_time_skipping, stub) as run:
        with pytest.raises(WorkflowUpdateFailedError):
            await run.execute(messages.UNDO)
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.NO_SHOW)
        await run.finish()
    assert stub.names().count("bookings.undo") == 0


async def test_undo_sent_twice_counts_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = card_hold()
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.CHECK_IN)
        first = await run.execute(messages.UNDO, command_id="u1")
        again = await run.execute(messages.UNDO, command_id="u1")
        assert first == again
        assert first.status is S.CONFIRMED
        await run.execute(messages.NO_SHOW)
        await run.finish()
    assert stub.names().count("bookings.undo") == 1


async def test_operator_s_cancel_within_the_time_settles_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = card_hold()
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.NO_SHOW)
        await run.handle.cancel()
        await run.wait_for_calls("bookings.settle_ending")
        await run.wait_until(lambda: len(stub.captured) == 1)
    assert stub.booking.status is S.NO_SHOW
