"""An unpaid booking waits until its guest has shown that the typed address is theirs."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentMode
from tests.workflows.booking_run import running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import now, snapshot
from workflows.bookings.booking import messages


def _asks_proof(**changes: object) -> BookingStub:
    deadline = now() + timedelta(minutes=30)
    free = {"amount_due": 0, "payment_mode": PaymentMode.AT_VENUE, "hold_expires_at": deadline}
    return BookingStub(snapshot(proof_deadline=deadline, **free, **changes))


async def test_booking_run_confirms_a_proven_booking(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks_proof()
    async with running(temporal_time_skipping, stub) as run:
        assert (await run.state()).stage == "waiting_for_proof"
        assert (await run.execute(messages.PROVE_CONTACT)).status is S.CONFIRMED
        await run.finish()
    assert stub.names() == ["bookings.prove_contact", "bookings.remind", "bookings.complete"]


async def test_booking_run_expires_an_unproven_booking(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks_proof()
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(timedelta(minutes=29))
        assert stub.names() == []
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED
    assert stub.names() == ["bookings.expire_unproven"]


async def test_booking_run_asks_the_business_after_the_proof(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = _asks_proof(needs_approval=True, approval_deadline=now() + timedelta(hours=24))
    async with running(temporal_time_skipping, stub) as run:
        assert (await run.execute(messages.PROVE_CONTACT)).status is S.PENDING
        assert (await run.state()).stage == "waiting_for_approval"
        await run.forward(timedelta(hours=1))
        assert stub.names() == ["bookings.prove_contact"]
        assert (await run.execute(messages.CONFIRM)).status is S.CONFIRMED
        await run.finish()
