"""Step 5, when the card failed: another one takes its place, and the run goes on with it."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.catalogue.cancellation import Policy
from domain.payments.status import Movement
from domain.payments.status import PaymentStatus as P
from domain.platform.actor import ActorKind
from tests.workflows.bookings.test_booking_renewal import DAY, RENEWAL, SURPLUS, held, moved
from tests.workflows.life import living
from tests.workflows.world import FREE, HALF
from workflows.bookings.booking import messages
from workflows.support.search_attributes import NEEDS_ATTENTION


async def test_new_card_is_charged_and_the_old_one_voided(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=10, declines="expired_card")
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward(6 * DAY + timedelta(minutes=1))
        await life.calls("attention.file")
        await life.state()
        assert await life.shows(NEEDS_ATTENTION) is True
        await life.gets_new_card()
        await life.calls("payments.record", 2)
        assert (await life.state()).paid
        assert await life.shows(NEEDS_ATTENTION) is False
        assert (await life.ends()).status is S.COMPLETED
    assert world.voided == ["pi_1"]
    assert world.captured == ["pi_9"]


async def test_new_card_is_renewed_too(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=17, declines="expired_card")
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward(6 * DAY + timedelta(minutes=1))
        await life.calls("attention.file")
        world.declines = None
        await life.gets_new_card()
        await life.calls("payments.record", 2)
        assert (await life.ends()).status is S.COMPLETED
    names = world.names()
    heard = names.index("payments.apply_event", 1)
    assert names[heard : heard + 6] == ["payments.apply_event", *SURPLUS, *RENEWAL]
    assert world.captured == ["pi_10"]
    assert world.voided == ["pi_1", "pi_9"]


async def test_new_card_works_after_the_authorization_was_lost(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=3)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.hears(P.VOIDED)
        await life.calls("attention.file")
        assert not (await life.state()).paid
        await life.gets_new_card()
        await life.calls("payments.apply_event", 3)
        assert (await life.ends()).status is S.COMPLETED
        assert await life.shows(NEEDS_ATTENTION) is False
    assert moved(world) == [(Movement.CAPTURE, "pi_9")]


async def test_repeated_event_of_a_new_card_voids_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=3)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        world.fail_once.add("payments.apply_event")
        webhook_id = await life.gets_new_card()
        await life.signal(webhook_id)
        await life.calls("payments.record")
        assert (await life.ends()).status is S.COMPLETED
    assert moved(world) == [(Movement.VOID, "pi_1"), (Movement.CAPTURE, "pi_9")]


async def test_events_of_one_new_card_void_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=3)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        world.gate.clear()
        webhook_id = await life.gets_new_card()
        other = world.event(P.AUTHORIZED)
        world.new_cards.add(other)
        world.applied.append(other)  # the webhook of what the confirmation had answered already
        await life.signal(other)
        await life.calls("payments.apply_event", 2)
        world.gate.set()
        await life.calls("payments.record")
        assert (await life.ends()).status is S.COMPLETED
    assert webhook_id in world.applied
    assert moved(world) == [(Movement.VOID, "pi_1"), (Movement.CAPTURE, "pi_9")]


@pytest.mark.parametrize("policy", [FREE, HALF])
async def test_new_card_that_is_too_late_is_voided(temporal_time_skipping: WorkflowEnvironment, policy: Policy) -> None:
    world = held(days=3, policy=policy)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.says(messages.CANCEL, by=ActorKind.CUSTOMER)
        await life.calls("payments.record")
        await life.gets_new_card()
        assert (await life.ends()).status is S.CANCELLED
    assert moved(world)[1:] == [(Movement.VOID, "pi_8")]
    assert "bookings.reinstate" not in world.names()


async def test_new_card_after_the_end_is_voided_by_a_new_run(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=3)
    world.set(status=S.CANCELLED)
    async with living(temporal_time_skipping, world, resumed=True, webhook_id=world.new_card()) as life:
        assert (await life.ends()).status is S.CANCELLED
    assert moved(world) == [(Movement.VOID, "pi_8")]
    assert "bookings.reinstate" not in world.names()
