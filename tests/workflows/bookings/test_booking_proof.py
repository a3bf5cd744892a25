"""An unpaid booking waits until its guest has shown that the typed address is theirs."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import PaymentMode
from tests.workflows.life import living
from tests.workflows.world import World, now, snapshot
from workflows.bookings.booking import messages


def _asks_proof(**changes: object) -> World:
    deadline = now() + timedelta(minutes=30)
    free = {"amount_due": 0, "payment_mode": PaymentMode.AT_VENUE, "hold_expires_at": deadline}
    return World(snapshot(proof_deadline=deadline, **free, **changes))


async def test_booking_run_confirms_a_proven_booking(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks_proof()
    async with living(temporal_time_skipping, world) as life:
        assert (await life.state()).stage == "waiting_for_proof"
        assert (await life.says(messages.PROVE_CONTACT)).status is S.CONFIRMED
        await life.ends()
    assert world.names() == ["bookings.prove_contact", "bookings.remind", "bookings.complete"]


async def test_booking_run_expires_an_unproven_booking(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks_proof()
    async with living(temporal_time_skipping, world) as life:
        await life.forward(timedelta(minutes=29))
        assert world.names() == []
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED
    assert world.names() == ["bookings.expire_unproven"]


async def test_booking_run_asks_the_business_after_the_proof(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = _asks_proof(needs_approval=True, approval_deadline=now() + timedelta(hours=24))
    async with living(temporal_time_skipping, world) as life:
        assert (await life.says(messages.PROVE_CONTACT)).status is S.PENDING
        assert (await life.state()).stage == "waiting_for_approval"
        await life.forward(timedelta(hours=1))
        assert world.names() == ["bookings.prove_contact"]
        assert (await life.says(messages.CONFIRM)).status is S.CONFIRMED
        await life.ends()
