"""What happens to a run: its worker dies, comes late, or was away at every deadline."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.bookings.status import BookingStatus as S
from domain.payments.status import PaymentMode
from domain.payments.status import PaymentStatus as P
from tests.workflows.life import begin, living, working
from tests.workflows.world import World, now, snapshot
from workflows.bookings.booking import messages


async def test_another_worker_goes_on_where_the_first_stopped(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with working(temporal_time_skipping, world, max_cached_workflows=0):
        life = await begin(temporal_time_skipping, world)
        await life.hears(P.CAPTURED)
        await life.calls("bookings.confirm")
    async with working(temporal_time_skipping, world, max_cached_workflows=0):
        await life.says(messages.RESCHEDULE, start_at=world.booking.start_at + timedelta(days=2))
    async with working(temporal_time_skipping, world, max_cached_workflows=0):
        outcome = await life.ends()
    assert outcome.status is S.COMPLETED
    assert world.names() == [
        *("payments.apply_event", "bookings.confirm", "bookings.reschedule", "bookings.remind", "bookings.complete"),
    ]


async def test_hold_that_ended_while_no_worker_was_there(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(hold_expires_at=now() - timedelta(minutes=5)))
    async with living(temporal_time_skipping, world) as life:
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED


async def test_money_that_came_while_no_worker_was_there(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(hold_expires_at=now() - timedelta(minutes=5)))
    life = await begin(temporal_time_skipping, world)
    await life.hears(P.CAPTURED)
    async with working(temporal_time_skipping, world):
        outcome = await life.ends()
    assert outcome.status is S.COMPLETED
    assert "bookings.begin_expiry" not in world.names()


async def test_approval_deadline_that_passed_while_no_worker_was_there(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    past = now() - timedelta(minutes=5)
    free = {"amount_due": 0, "payment_mode": PaymentMode.AT_VENUE}
    world = World(snapshot(needs_approval=True, approval_deadline=past, hold_expires_at=past, **free))
    async with living(temporal_time_skipping, world) as life:
        outcome = await life.ends()
    assert outcome.status is S.DECLINED


async def test_visit_that_was_over_before_the_run_began(temporal_time_skipping: WorkflowEnvironment) -> None:
    start = now() - timedelta(days=2)
    world = World(snapshot(status=S.CONFIRMED, amount_due=0, start_at=start, end_at=start + timedelta(hours=1)))
    async with living(temporal_time_skipping, world) as life:
        outcome = await life.ends()
    assert outcome.status is S.COMPLETED
    assert world.reminded == []


async def test_a_run_says_what_it_waits_for(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    hold_end = world.booking.hold_expires_at
    assert hold_end is not None
    async with living(temporal_time_skipping, world) as life:
        state = await life.state()
    assert state == messages.BookingRunState("waiting_for_payment", "pending", hold_end.isoformat(), False, False)
