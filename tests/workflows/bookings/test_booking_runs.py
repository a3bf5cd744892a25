"""What happens to a run: its worker dies, comes late, or was away at every deadline."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentMode
from domain.payments.status import PaymentStatus as P
from tests.workflows.booking_run import begin, running, working
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import now, snapshot
from workflows.bookings.booking import messages


async def test_booking_run_goes_on_with_another_worker(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with working(temporal_time_skipping, stub, max_cached_workflows=0):
        run = await begin(temporal_time_skipping, stub)
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
    async with working(temporal_time_skipping, stub, max_cached_workflows=0):
        await run.execute(messages.RESCHEDULE, start_at=stub.booking.start_at + timedelta(days=2))
    async with working(temporal_time_skipping, stub, max_cached_workflows=0):
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert stub.names() == [
        *("payments.apply_event", "bookings.confirm", "bookings.reschedule", "bookings.remind", "bookings.complete"),
    ]


async def test_hold_that_ended_while_no_worker_was_there(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(hold_expires_at=now() - timedelta(minutes=5)))
    async with running(temporal_time_skipping, stub) as run:
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED


async def test_money_that_came_while_no_worker_was_there(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(hold_expires_at=now() - timedelta(minutes=5)))
    run = await begin(temporal_time_skipping, stub)
    await run.receive(P.CAPTURED)
    async with working(temporal_time_skipping, stub):
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert "bookings.begin_expiry" not in stub.names()


async def test_approval_deadline_that_passed_while_no_worker_was_there(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    past = now() - timedelta(minutes=5)
    free = {"amount_due": 0, "payment_mode": PaymentMode.AT_VENUE}
    stub = BookingStub(snapshot(needs_approval=True, approval_deadline=past, hold_expires_at=past, **free))
    async with running(temporal_time_skipping, stub) as run:
        outcome = await run.finish()
    assert outcome.status is S.DECLINED


async def test_visit_that_was_over_before_the_run_began(temporal_time_skipping: WorkflowEnvironment) -> None:
    start = now() - timedelta(days=2)
    stub = BookingStub(snapshot(status=S.CONFIRMED, amount_due=0, start_at=start, end_at=start + timedelta(hours=1)))
    async with running(temporal_time_skipping, stub) as run:
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert stub.reminded == []


async def test_run_says_what_it_waits_for(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    hold_end = stub.booking.hold_expires_at
    assert hold_end is not None
    async with running(temporal_time_skipping, stub) as run:
        state = await run.state()
    assert state == messages.BookingRunState("waiting_for_payment", "pending", hold_end.isoformat(), False, False)


async def test_booking_run_continues_as_new_and_loses_no_command(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub, messages_per_run=5) as run:
        await run.pay()
        moves = [now() + timedelta(minutes=60 + number) for number in range(1, 21)]
        for start_at in moves:
            assert (await run.execute(messages.RESCHEDULE, start_at=start_at)).start_at == start_at
        assert [command.start_at for command in stub.arguments("bookings.reschedule")] == moves
        latest = await run.env.client.get_workflow_handle(run.handle.id).describe()
        assert latest.run_id != run.handle.first_execution_run_id
        state = await run.state()
        assert (state.status, state.paid) == (S.CONFIRMED, True)
        await run.execute(messages.CHECK_IN)
        assert (await run.execute(messages.CANCEL)).status is S.CANCELLED


async def test_booking_run_that_continued_keeps_what_it_knew(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot(amount_due=0))
    async with running(temporal_time_skipping, stub, messages_per_run=2) as run:
        await run.wait_for_calls("bookings.confirm")
        for _ in range(4):
            await run.execute(messages.RESCHEDULE, start_at=stub.booking.start_at + timedelta(minutes=15))
        handle = run.env.client.get_workflow_handle(run.handle.id)
        await run.env.fast_forward(handle, timedelta(days=4))
        await run.wait_for_calls("bookings.complete")
    assert len(stub.reminded) == 1
    assert stub.names().count("bookings.complete") == 1
