"""A step of staff can be undone for some minutes; its money moves only after that."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentMode
from domain.payments.status import PaymentStatus as P
from tests.workflows.life import living
from tests.workflows.world import HALF, World, snapshot
from workflows.bookings.booking import messages

TEN = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def card_hold(**changes: object) -> World:
    """An authorisation that is captured at the end of the visit."""
    booking = snapshot(payment_mode=PaymentMode.CARD_HOLD, reminder_offsets=(), **changes)
    return World(booking, manual_capture=True, undo_within=TEN, policy=HALF)


async def test_money_of_a_completed_visit_moves_when_it_can_no_longer_be_undone(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = card_hold()
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward_to(world.booking.start_at)
        await life.says(messages.CHECK_IN)
        outcome = await life.says(messages.COMPLETE)
        assert outcome.undo_until is not None
        await life.forward(TEN - MINUTE)
        assert world.captured == []
        await life.forward(2 * MINUTE)
        assert (await life.ends()).status is S.COMPLETED
    assert len(world.captured) == 1
    assert world.names().count("bookings.settle_ending") == 1


async def test_undone_no_show_costs_nothing_and_the_visit_goes_on(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = card_hold()
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward_to(world.booking.start_at)
        assert (await life.says(messages.NO_SHOW)).penalty == 8000
        await life.forward(TEN / 2)
        assert (await life.says(messages.UNDO)).status is S.CONFIRMED
        await life.says(messages.CHECK_IN)
        assert world.captured == []
        await life.says(messages.COMPLETE)
        await life.ends()
    assert world.booking.status is S.COMPLETED
    assert len(world.captured) == 1
    assert world.names().count("bookings.settle_ending") == 1


async def test_undone_completion_is_not_completed_again_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = card_hold()
    grace = world.booking.no_show_grace
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward_to(world.booking.start_at)
        await life.says(messages.CHECK_IN)
        await life.forward_to(world.booking.end_at + grace - MINUTE)
        await life.says(messages.COMPLETE)
        await life.forward(5 * MINUTE)
        assert (await life.says(messages.UNDO)).status is S.CHECKED_IN
        await life.forward(30 * MINUTE)
        assert world.booking.status is S.CHECKED_IN
        await life.says(messages.NO_SHOW, waive_penalty=True)
        await life.ends()
    assert world.booking.status is S.NO_SHOW
    assert world.captured == []
    assert len(world.voided) == 1


async def test_undone_decline_waits_for_approval_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    booking = snapshot(needs_approval=True, reminder_offsets=())
    world = World(booking, undo_within=TEN)
    async with living(temporal_time_skipping, world) as life:
        await life.hears(P.CAPTURED)
        await life.calls("bookings.await_approval")
        await life.says(messages.DECLINE)
        await life.forward(TEN / 2)
        assert world.given_back == 0
        assert (await life.says(messages.UNDO)).status is S.PENDING
        await life.says(messages.CONFIRM)
        await life.ends()
    assert world.booking.status is S.COMPLETED
    assert world.given_back == 0


async def test_declined_booking_is_paid_back_after_the_time_to_undo(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot(needs_approval=True), undo_within=TEN)
    async with living(temporal_time_skipping, world) as life:
        await life.hears(P.CAPTURED)
        await life.calls("bookings.await_approval")
        await life.says(messages.DECLINE)
        await life.ends()
    assert world.given_back == 8000


async def test_undo_without_a_step_is_refused(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(status=S.CONFIRMED, amount_due=0, hold_expires_at=None), undo_within=TEN)
    async with living(temporal_time_skipping, world) as life:
        with pytest.raises(WorkflowUpdateFailedError):
            await life.says(messages.UNDO)
        await life.forward_to(world.booking.start_at)
        await life.says(messages.NO_SHOW)
        await life.ends()
    assert world.names().count("bookings.undo") == 0


async def test_undo_sent_twice_counts_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = card_hold()
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward_to(world.booking.start_at)
        await life.says(messages.CHECK_IN)
        first = await life.says(messages.UNDO, command_id="u1")
        again = await life.says(messages.UNDO, command_id="u1")
        assert first == again
        assert first.status is S.CONFIRMED
        await life.says(messages.NO_SHOW)
        await life.ends()
    assert world.names().count("bookings.undo") == 1


async def test_operator_s_cancel_within_the_time_settles_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = card_hold()
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward_to(world.booking.start_at)
        await life.says(messages.NO_SHOW)
        await life.handle.cancel()
        await life.calls("bookings.settle_ending")
        await life.sees(lambda: len(world.captured) == 1)
    assert world.booking.status is S.NO_SHOW
