"""A booking's life costs at most 12 billable actions and 60 events; with its notices at most 20 actions."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from tests.workflows.actions import cost_of
from tests.workflows.life import living
from tests.workflows.world import World, snapshot
from workflows.bookings.booking import messages

ACTIONS = 12
EVENTS = 60


async def test_standard_life_that_completes_by_itself(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.state()  # the hold's timer is set before the money comes
        await life.pays()
        assert (await life.ends()).status is S.COMPLETED
        cost = cost_of(await life.history())
    assert cost.actions == {"start": 1, "signal": 1, "timer": 3, "local": 3, "upsert": 1}
    assert cost.total <= ACTIONS
    assert cost.events <= EVENTS


async def test_standard_life_that_staff_completes(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.state()  # the hold's timer is set before the money comes
        await life.pays()
        await life.forward_to(world.booking.start_at - timedelta(days=1))
        await life.calls("bookings.remind")
        await life.forward_to(world.booking.start_at)
        await life.says(messages.CHECK_IN)
        await life.says(messages.COMPLETE)
        assert (await life.ends()).status is S.COMPLETED
        cost = cost_of(await life.history())
    # Checking in is two more than the life that the budget is for: update and step.
    assert cost.total - 2 <= ACTIONS
    assert cost.events <= EVENTS


async def test_hold_that_lapses(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        assert (await life.ends()).status is S.EXPIRED
        cost = cost_of(await life.history())
    assert cost.total <= ACTIONS
    assert cost.events <= EVENTS
