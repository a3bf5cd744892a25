"""Step 3: the business says yes, no, or nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentMode
from domain.payments.status import PaymentStatus as P
from domain.platform.actor import ActorKind
from tests.workflows.life import Life, living
from tests.workflows.world import World, now, snapshot
from workflows.bookings.booking import messages
from workflows.support.search_attributes import STAGE


def _asks(**changes: object) -> World:
    """Only approval is asked for."""
    deadline = now() + timedelta(hours=24)
    free = {"amount_due": 0, "payment_mode": PaymentMode.AT_VENUE, "hold_expires_at": deadline}
    return World(snapshot(needs_approval=True, approval_deadline=deadline, **free, **changes))


def _asks_both(**world: object) -> World:
    """Money first, then approval."""
    return World(snapshot(needs_approval=True, approval_deadline=now() + timedelta(hours=24)), **world)


async def _pays_and_waits(life: Life) -> None:
    await life.hears(P.AUTHORIZED if life.world.manual_capture else P.CAPTURED)
    await life.calls("bookings.await_approval")


async def test_approved_booking_is_confirmed(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks()
    async with living(temporal_time_skipping, world) as life:
        assert (await life.state()).stage == "waiting_for_approval"
        outcome = await life.says(messages.CONFIRM)
        assert outcome.status is S.CONFIRMED
        assert (await life.state()).approved
        await life.ends()
    assert world.names() == ["bookings.approve", "bookings.remind", "bookings.complete"]


async def test_declined_booking_is_over(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks()
    async with living(temporal_time_skipping, world) as life:
        assert (await life.says(messages.DECLINE)).status is S.DECLINED
        outcome = await life.ends()
    assert outcome.status is S.DECLINED
    assert world.names() == ["bookings.decline"]


async def test_approval_without_an_answer_declines_at_the_deadline(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks()
    async with living(temporal_time_skipping, world) as life:
        await life.forward(timedelta(hours=23, minutes=59))
        assert world.names() == []
        outcome = await life.ends()
    assert outcome.status is S.DECLINED
    (command,) = world.arguments("bookings.decline")
    assert (command.actor_kind, command.cause) == ("system", "no_answer")


async def test_booking_is_paid_first_and_then_approved(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks_both()
    async with living(temporal_time_skipping, world) as life:
        assert await life.shows(STAGE) is None
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await life.says(messages.CONFIRM)
        assert refused.value.cause.type == "wrong_state"
        await _pays_and_waits(life)
        await life.state()
        assert await life.shows(STAGE) == "waiting_for_approval"
        assert (await life.says(messages.CONFIRM)).status is S.CONFIRMED
        await life.state()
        assert await life.shows(STAGE) == "confirmed"
        outcome = await life.ends()
    assert outcome.status is S.COMPLETED


async def test_paid_hold_waits_past_its_first_end(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks_both()
    async with living(temporal_time_skipping, world) as life:
        await _pays_and_waits(life)
        await life.forward(timedelta(hours=12))
        assert world.booking.status is S.PENDING
        assert (await life.says(messages.CONFIRM)).status is S.CONFIRMED


async def test_declined_money_goes_back(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks_both()
    async with living(temporal_time_skipping, world) as life:
        await _pays_and_waits(life)
        assert (await life.says(messages.DECLINE)).refunding == 8000
        await life.ends()
    assert world.given_back == 8000
    assert "payments.perform" not in world.names()


async def test_deadline_voids_the_authorization(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks_both(manual_capture=True)
    async with living(temporal_time_skipping, world) as life:
        await _pays_and_waits(life)
        outcome = await life.ends()
    assert outcome.status is S.DECLINED
    assert world.at_provider is P.VOIDED
    assert world.names()[-2:] == ["payments.perform", "payments.record"]


async def test_hold_lost_before_approval_is_late_money(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks_both()
    async with living(temporal_time_skipping, world) as life:
        await _pays_and_waits(life)
        world.set(status=S.EXPIRED)  # swept while no worker was there to hear
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED
    assert world.given_back == 8000


async def test_approval_in_the_last_moment_wins(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks()
    async with living(temporal_time_skipping, world) as life:
        await life.forward(timedelta(hours=23, minutes=59, seconds=58))
        assert (await life.says(messages.CONFIRM)).status is S.CONFIRMED
        outcome = await life.ends()
    assert outcome.status is S.COMPLETED


@pytest.mark.parametrize("asks", [_asks, _asks_both])
async def test_move_to_an_earlier_time_brings_the_deadline_forward(
    temporal_time_skipping: WorkflowEnvironment, asks: Callable[[], World]
) -> None:
    world = asks()
    async with living(temporal_time_skipping, world) as life:
        if world.booking.amount_due:
            await _pays_and_waits(life)
        start_at = now() + timedelta(hours=3)
        await life.says(messages.RESCHEDULE, start_at=start_at)
        await life.forward_to(start_at, slack=timedelta(minutes=-1))
        assert "bookings.decline" not in world.names()
        await life.forward_to(start_at)
        await life.calls("bookings.decline")
        outcome = await life.ends()
    assert outcome.status is S.DECLINED


async def test_move_to_an_earlier_time_ends_the_hold_earlier(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        start_at = now() + timedelta(minutes=5)
        await life.says(messages.RESCHEDULE, start_at=start_at)
        await life.forward_to(start_at, slack=timedelta(minutes=-1))
        assert "bookings.begin_expiry" not in world.names()
        await life.forward_to(start_at)
        await life.calls("bookings.expire")
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED


async def test_move_by_the_customer_is_decided_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks_both()
    async with living(temporal_time_skipping, world) as life:
        await _pays_and_waits(life)
        assert (await life.says(messages.CONFIRM)).status is S.CONFIRMED
        start_at = world.booking.start_at + timedelta(days=2)
        moved = await life.says(messages.RESCHEDULE, by=ActorKind.CUSTOMER, start_at=start_at)
        assert (moved.status, moved.start_at) == (S.PENDING, start_at)
        assert moved.approval_deadline == moved.hold_expires_at
        await life.state()
        assert await life.shows(STAGE) == "waiting_for_approval"
        assert (await life.says(messages.CONFIRM)).status is S.CONFIRMED
        outcome = await life.ends()
    assert outcome.status is S.COMPLETED
    assert world.reminded == [(start_at, timedelta(days=1))]


@pytest.mark.parametrize("answer", [messages.DECLINE, None])
async def test_move_by_the_customer_that_is_declined_refunds_everything(
    temporal_time_skipping: WorkflowEnvironment, answer: str | None
) -> None:
    """Also where the business does not answer until the new deadline."""
    world = _asks_both()
    async with living(temporal_time_skipping, world) as life:
        await _pays_and_waits(life)
        await life.says(messages.CONFIRM)
        start_at = world.booking.start_at + timedelta(days=2)
        await life.says(messages.RESCHEDULE, by=ActorKind.CUSTOMER, start_at=start_at)
        if answer:
            await life.says(answer)
        outcome = await life.ends()
    assert outcome.status is S.DECLINED
    assert world.given_back == 8000
    assert world.reminded == []
