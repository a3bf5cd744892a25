"""A manager captures or releases a card hold while the booking runs."""

from datetime import timedelta

from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import Movement
from domain.payments.status import PaymentStatus as P
from tests.workflows.booking_run import running
from tests.workflows.bookings.test_booking_renewal import held, moved
from workflows.bookings.booking import messages
from workflows.support.search_attributes import NEEDS_ATTENTION


async def test_capture_that_was_ordered_is_made_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=3)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        task = await run.order(Movement.CAPTURE, 3000)
        await run.handle.signal(messages.MOVE_MONEY, messages.MoveMoneyInput(task.movement_id))
        await run.wait_for_calls("payments.record")
        await run.handle.signal(messages.MOVE_MONEY, messages.MoveMoneyInput(task.movement_id))
        await run.wait_for_calls("payments.find_order", 3)
        assert (await run.finish()).status is S.COMPLETED
    assert moved(stub) == [(Movement.CAPTURE, "pi_1")]


async def test_void_that_was_ordered_keeps_the_booking_and_alerts_nobody(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = held(days=20)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        stub.gate.clear()
        await run.order(Movement.VOID, 8000)
        webhook_id = stub.event(P.VOIDED)
        stub.gate.set()
        await run.signal(webhook_id)
        await run.wait_for_calls("payments.record")
        await run.wait_for_calls("payments.apply_event", 2)
        assert (await run.state()).status == S.CONFIRMED
        assert not await run.search_attribute(NEEDS_ATTENTION)
        await run.forward(timedelta(days=7))
        assert (await run.finish()).status is S.COMPLETED
    assert moved(stub) == [(Movement.VOID, "pi_1")], "nothing is renewed or captured afterwards"
    assert "attention.file" not in stub.names()


async def test_capture_whose_outcome_is_refused_is_filed_and_the_booking_goes_on(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """The ledger's checks refuse it (`conflict`): a bug, or a provider that contradicts itself."""
    stub = held(days=3)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        stub.breaks["payments.record"] = ApplicationError("conflict", type="conflict", non_retryable=True)
        task = await run.order(Movement.CAPTURE, 3000)
        await run.wait_for_calls("payments.record")
        await run.forward(timedelta(minutes=5))
        await run.wait_for_calls("attention.file")
        [filed] = [item for name, item in stub.calls if name == "attention.file"]
        assert (filed.kind, filed.dedupe_key) == ("outcome_refused", f"outcome_refused:{task.movement_id}")
        assert filed.details["code"] == "conflict"
        assert stub.names().count("payments.record") == 3
        del stub.breaks["payments.record"]
        assert (await run.execute(messages.CANCEL)).status is S.CANCELLED, "the run takes the next command"
        assert (await run.finish()).status is S.CANCELLED


async def test_capture_whose_outcome_is_refused_for_a_while_is_recorded_after_it(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = held(days=3)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        stub.breaks["payments.record"] = ApplicationError("conflict", type="conflict", non_retryable=True)
        await run.order(Movement.CAPTURE, 3000)
        await run.wait_for_calls("payments.record")
        del stub.breaks["payments.record"]
        await run.forward(timedelta(minutes=5))
        await run.wait_for_calls("payments.record", 2)
        assert (await run.finish()).status is S.COMPLETED
    assert "attention.file" not in stub.names()
