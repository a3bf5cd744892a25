"""A booking's run costs at most 12 billable actions and 60 events; with its notices at most 20 actions."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from tests.workflows.actions import cost_of
from tests.workflows.booking_run import running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import snapshot
from workflows.bookings.booking import messages

ACTIONS = 12
EVENTS = 60


async def test_standard_life_that_completes_by_itself(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.state()  # the hold's timer is set before the money comes
        await run.pay()
        assert (await run.finish()).status is S.COMPLETED
        cost = cost_of(await run.history())
    assert cost.actions == {"start": 1, "signal": 1, "timer": 3, "local": 3, "upsert": 1}
    assert cost.total <= ACTIONS
    assert cost.events <= EVENTS


async def test_standard_life_that_staff_completes(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.state()  # the hold's timer is set before the money comes
        await run.pay()
        await run.forward_to(stub.booking.start_at - timedelta(days=1))
        await run.wait_for_calls("bookings.remind")
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.CHECK_IN)
        await run.execute(messages.COMPLETE)
        assert (await run.finish()).status is S.COMPLETED
        cost = cost_of(await run.history())
    # Checking in is two more than the run that the budget is for: update and step.
    assert cost.total - 2 <= ACTIONS
    assert cost.events <= EVENTS


async def test_hold_that_lapses(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        assert (await run.finish()).status is S.EXPIRED
        cost = cost_of(await run.history())
    assert cost.total <= ACTIONS
    assert cost.events <= EVENTS
