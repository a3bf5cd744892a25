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
from tests.workflows.booking_run import BookingRun, running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import now, snapshot
from workflows.bookings.booking import messages
from workflows.support.search_attributes import STAGE


def _asks(**changes: object) -> BookingStub:
    """Only approval is asked for."""
    deadline = now() + timedelta(hours=24)
    free = {"amount_due": 0, "payment_mode": PaymentMode.AT_VENUE, "hold_expires_at": deadline}
    return BookingStub(snapshot(needs_approval=True, approval_deadline=deadline, **free, **changes))


def _asks_both(**stub: object) -> BookingStub:
    """Money first, then approval."""
    return BookingStub(snapshot(needs_approval=True, approval_deadline=now() + timedelta(hours=24)), **stub)


async def _pays_and_waits(run: BookingRun) -> None:
    await run.receive(P.AUTHORIZED if run.stub.manual_capture else P.CAPTURED)
    await run.wait_for_calls("bookings.await_approval")


async def test_approved_booking_is_confirmed(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks()
    async with running(temporal_time_skipping, stub) as run:
        assert (await run.state()).stage == "waiting_for_approval"
        outcome = await run.execute(messages.CONFIRM)
        assert outcome.status is S.CONFIRMED
        assert (await run.state()).approved
        await run.finish()
    assert stub.names() == ["bookings.approve", "bookings.remind", "bookings.complete"]


async def test_declined_booking_is_over(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks()
    async with running(temporal_time_skipping, stub) as run:
        assert (await run.execute(messages.DECLINE)).status is S.DECLINED
        outcome = await run.finish()
    assert outcome.status is S.DECLINED
    assert stub.names() == ["bookings.decline"]


async def test_approval_without_an_answer_declines_at_the_deadline(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks()
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(timedelta(hours=23, minutes=59))
        assert stub.names() == []
        outcome = await run.finish()
    assert outcome.status is S.DECLINED
    (command,) = stub.arguments("bookings.decline")
    assert (command.actor_kind, command.cause) == ("system", "no_answer")


async def test_booking_is_paid_first_and_then_approved(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks_both()
    async with running(temporal_time_skipping, stub) as run:
        assert await run.search_attribute(STAGE) is None
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await run.execute(messages.CONFIRM)
        assert refused.value.cause.type == "wrong_state"
        await _pays_and_waits(run)
        await run.state()
        assert await run.search_attribute(STAGE) == "waiting_for_approval"
        assert (await run.execute(messages.CONFIRM)).status is S.CONFIRMED
        await run.state()
        assert await run.search_attribute(STAGE) == "confirmed"
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED


async def test_paid_hold_waits_past_its_first_end(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks_both()
    async with running(temporal_time_skipping, stub) as run:
        await _pays_and_waits(run)
        await run.forward(timedelta(hours=12))
        assert stub.booking.status is S.PENDING
        assert (await run.execute(messages.CONFIRM)).status is S.CONFIRMED


async def test_declined_money_goes_back(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks_both()
    async with running(temporal_time_skipping, stub) as run:
        await _pays_and_waits(run)
        assert (await run.execute(messages.DECLINE)).refunding == 8000
        await run.finish()
    assert stub.given_back == 8000
    assert "payments.perform" not in stub.names()


async def test_deadline_voids_the_authorization(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks_both(manual_capture=True)
    async with running(temporal_time_skipping, stub) as run:
        await _pays_and_waits(run)
        outcome = await run.finish()
    assert outcome.status is S.DECLINED
    assert stub.at_provider is P.VOIDED
    assert stub.names()[-2:] == ["payments.perform", "payments.record"]


async def test_hold_lost_before_approval_is_late_money(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks_both()
    async with running(temporal_time_skipping, stub) as run:
        await _pays_and_waits(run)
        stub.set(status=S.EXPIRED)  # swept while no worker was there to hear
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED
    assert stub.given_back == 8000


async def test_approval_in_the_last_moment_wins(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks()
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(timedelta(hours=23, minutes=59, seconds=58))
        assert (await run.execute(messages.CONFIRM)).status is S.CONFIRMED
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED


@pytest.mark.parametrize("asks", [_asks, _asks_both])
async def test_move_to_an_earlier_time_brings_the_deadline_forward(
    temporal_time_skipping: WorkflowEnvironment, asks: Callable[[], BookingStub]
) -> None:
    stub = asks()
    async with running(temporal_time_skipping, stub) as run:
        if stub.booking.amount_due:
            await _pays_and_waits(run)
        start_at = now() + timedelta(hours=3)
        await run.execute(messages.RESCHEDULE, start_at=start_at)
        await run.forward_to(start_at, slack=timedelta(minutes=-1))
        assert "bookings.decline" not in stub.names()
        await run.forward_to(start_at)
        await run.wait_for_calls("bookings.decline")
        outcome = await run.finish()
    assert outcome.status is S.DECLINED


async def test_move_to_an_earlier_time_ends_the_hold_earlier(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        start_at = now() + timedelta(minutes=5)
        await run.execute(messages.RESCHEDULE, start_at=start_at)
        await run.forward_to(start_at, slack=timedelta(minutes=-1))
        assert "bookings.begin_expiry" not in stub.names()
        await run.forward_to(start_at)
        await run.wait_for_calls("bookings.expire")
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED


async def test_move_by_the_customer_is_decided_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks_both()
    async with running(temporal_time_skipping, stub) as run:
        await _pays_and_waits(run)
        assert (await run.execute(messages.CONFIRM)).status is S.CONFIRMED
        start_at = stub.booking.start_at + timedelta(days=2)
        moved = await run.execute(messages.RESCHEDULE, by=ActorKind.CUSTOMER, start_at=start_at)
        assert (moved.status, moved.start_at) == (S.PENDING, start_at)
        assert moved.approval_deadline == moved.hold_expires_at
        await run.state()
        assert await run.search_attribute(STAGE) == "waiting_for_approval"
        assert (await run.execute(messages.CONFIRM)).status is S.CONFIRMED
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert stub.reminded == [(start_at, timedelta(days=1))]


@pytest.mark.parametrize("answer", [messages.DECLINE, None])
async def test_move_by_the_customer_that_is_declined_refunds_everything(
    temporal_time_skipping: WorkflowEnvironment, answer: str | None
) -> None:
    """Also where the business does not answer until the new deadline."""
    stub = _asks_both()
    async with running(temporal_time_skipping, stub) as run:
        await _pays_and_waits(run)
        await run.execute(messages.CONFIRM)
        start_at = stub.booking.start_at + timedelta(days=2)
        await run.execute(messages.RESCHEDULE, by=ActorKind.CUSTOMER, start_at=start_at)
        if answer:
            await run.execute(answer)
        outcome = await run.finish()
    assert outcome.status is S.DECLINED
    assert stub.given_back == 8000
    assert stub.reminded == []
