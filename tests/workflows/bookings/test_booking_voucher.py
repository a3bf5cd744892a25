"""A booking that is to be paid at a convenience store: its hold, the warning, and the last second."""

from datetime import timedelta
from uuid import uuid4

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentStatus as P
from domain.payments.status import Phase
from domain.payments.tasks import MoneyResult
from domain.payments.vouchers import held_until
from tests.workflows.booking_run import BookingRun, running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import now, snapshot
from workflows.bookings.booking import messages

DAY = timedelta(days=1)


async def with_voucher(run: BookingRun) -> None:
    """The event of the voucher, which can be paid for a day."""
    webhook_id = uuid4()
    run.stub.vouchers[webhook_id] = now() + DAY
    await run.signal(webhook_id)
    await run.wait_for_calls("payments.apply_event")


async def test_hold_goes_on_until_the_last_second_of_a_voucher(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await with_voucher(run)
        until = stub.vouchers.popitem()[1]
        await run.forward_to(until, slack=timedelta(0))
        assert stub.booking.status is S.PENDING
        assert "bookings.begin_expiry" not in stub.names()
        await run.forward_to(held_until(until))
        await run.wait_for_calls("bookings.expire")
        assert (await run.finish()).status is S.EXPIRED
    assert stub.voided == ["pi_1"]


async def test_hold_goes_on_where_the_event_of_the_voucher_is_late(temporal_time_skipping: WorkflowEnvironment) -> None:
    """The API has extended the hold; the run learns it at the former end."""
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        stub.take_voucher(now() + DAY)
        stub.is_extended = True
        await run.forward(timedelta(minutes=11))
        await run.wait_for_calls("bookings.begin_expiry")
        assert stub.booking.status is S.PENDING
        assert stub.voided == []
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
        assert (await run.finish()).status is S.COMPLETED


async def test_voucher_that_is_unpaid_on_its_last_day_is_warned_of_once(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await with_voucher(run)
        await run.forward(timedelta(hours=11))
        assert "payments.warn_of_voucher" not in stub.names()
        await run.forward(timedelta(hours=2))
        await run.wait_for_calls("payments.warn_of_voucher")
        await run.finish()
    assert stub.names().count("payments.warn_of_voucher") == 1


async def test_voucher_that_is_paid_is_not_warned_of(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await with_voucher(run)
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
        await run.finish()
    assert "payments.warn_of_voucher" not in stub.names()


async def test_money_of_the_last_second_confirms_the_booking(temporal_time_skipping: WorkflowEnvironment) -> None:
    """It was paid in the last second; the provider's event comes after the end of the hold."""
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await with_voucher(run)
        stub.at_provider = P.CAPTURED
        await run.forward(DAY + timedelta(minutes=1))
        await run.wait_for_calls("bookings.confirm")
    assert stub.booking.status is S.CONFIRMED


async def test_customer_at_the_till_keeps_the_time_until_the_money_comes(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """The slip was printed in time: the provider cannot cancel, and the money comes minutes later."""
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await with_voucher(run)
        stub.at_provider = P.PROCESSING
        await run.forward(DAY + timedelta(seconds=10))
        await run.wait_for_calls("bookings.extend_hold")
        assert stub.booking.status is S.PENDING
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.confirm")
    assert stub.booking.status is S.CONFIRMED


async def test_cancelled_booking_closes_its_voucher(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await with_voucher(run)
        assert (await run.execute(messages.CANCEL)).status is S.CANCELLED
        await run.finish()
    assert stub.voided == ["pi_1"]


async def test_cancelled_booking_gives_money_back_that_was_paid_at_the_till(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot())
    stub.answers.append(MoneyResult("", Phase.UNKNOWN, P.PROCESSING, "pi_1", reason="processing"))
    async with running(temporal_time_skipping, stub) as run:
        await with_voucher(run)
        await run.execute(messages.CANCEL)
        stub.at_provider = P.CAPTURED
        assert (await run.finish()).status is S.CANCELLED
    assert stub.given_back == stub.booking.amount_due
