"""What happens to a run: its worker dies, comes late, or was away at every deadline."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentMode
from domain.payments.status import PaymentStatus as P
from tests.workflows.life import begin, living, working
from tests.workflows.world import World, now, snapshot
from workflows.bookings.booking import messages


async def test_booking_run_goes_on_with_another_worker(temporal_time_skipping: WorkflowEnvironment) -> None:
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


async def test_run_says_what_it_waits_for(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    hold_end = world.booking.hold_expires_at
    assert hold_end is not None
    async with living(temporal_time_skipping, world) as life:
        state = await life.state()
    assert state == messages.BookingRunState("waiting_for_payment", "pending", hold_end.isoformat(), False, False)


async def test_booking_run_continues_as_new_and_loses_no_command(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world, messages_per_run=5) as life:
        await life.pays()
        moves = [now() + timedelta(minutes=60 + number) for number in range(1, 21)]
        for start_at in moves:
            assert (await life.says(messages.RESCHEDULE, start_at=start_at)).start_at == start_at
        assert [command.start_at for command in world.arguments("bookings.reschedule")] == moves
        latest = await life.env.client.get_workflow_handle(life.handle.id).describe()
        assert latest.run_id != life.handle.first_execution_run_id
        state = await life.state()
        assert (state.status, state.paid) == (S.CONFIRMED, True)
        await life.says(messages.CHECK_IN)
        assert (await life.says(messages.CANCEL)).status is S.CANCELLED


async def test_booking_run_that_continued_keeps_what_it_knew(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot(amount_due=0))
    async with living(temporal_time_skipping, world, messages_per_run=2) as life:
        await life.calls("bookings.confirm")
        for _ in range(4):
            await life.says(messages.RESCHEDULE, start_at=world.booking.start_at + timedelta(minutes=15))
        handle = life.env.client.get_workflow_handle(life.handle.id)
        await life.env.fast_forward(handle, timedelta(days=4))
        await life.calls("bookings.complete")
    assert len(world.reminded) == 1
    assert world.names().count("bookings.complete") == 1
