"""Cancelling at every stage, and what it does to the money; step 8: money that comes too late."""

import asyncio
import contextlib
from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.payments.status import Movement, PaymentMode, Phase
from domain.payments.status import PaymentStatus as P
from domain.payments.tasks import MoneyResult
from domain.platform.actor import ActorKind
from tests.workflows.life import living
from tests.workflows.world import AWAY, HALF, World, snapshot
from workflows.bookings.booking import messages
from workflows.support import options


async def test_cancel_before_money_closes_the_intent(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        outcome = await life.says(messages.CANCEL)
        assert outcome.money is not None
        assert outcome.money.movement is Movement.VOID
        assert (await life.ends()).status is S.CANCELLED
    assert world.at_provider is P.VOIDED


async def test_cancel_answers_without_waiting_for_the_provider(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    world.answers.extend([AWAY] * 4)
    async with living(temporal_time_skipping, world) as life:
        assert (await life.says(messages.CANCEL)).status is S.CANCELLED
        assert world.at_provider is P.REQUIRES_PAYMENT
        await life.ends()
    assert world.at_provider is P.VOIDED
    assert world.names().count("attention.file") == 1


async def test_cancel_after_money_refunds(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(), policy=HALF)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        assert (await life.says(messages.CANCEL, by=ActorKind.CUSTOMER)).refunding == 4000
        await life.hears(P.CAPTURED)  # a repeated old event must not give the penalty back
        await life.ends()
    assert world.given_back == 4000


async def test_cancel_of_an_authorization_captures_the_penalty(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True, policy=HALF)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.says(messages.CANCEL, by=ActorKind.CUSTOMER)
        await life.ends()
    (task,) = world.arguments("payments.perform")
    assert (task.movement, task.amount) == (Movement.CAPTURE, 4000)


async def test_cancel_of_an_authorization_without_penalty_voids_it(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.says(messages.CANCEL)
        await life.ends()
    (task,) = world.arguments("payments.perform")
    assert task.movement is Movement.VOID


async def test_cancel_takes_a_checked_in_booking(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward_to(world.booking.start_at)
        await life.says(messages.CHECK_IN)
        assert (await life.says(messages.CANCEL)).status is S.CANCELLED
        assert (await life.ends()).status is S.CANCELLED


async def test_refused_movement_goes_to_a_person(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True, policy=HALF)
    world.answers.append(MoneyResult("", Phase.FAILED, P.AUTHORIZED, "pi_1", reason="expired_card"))
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.says(messages.CANCEL, by=ActorKind.CUSTOMER)
        await life.ends()
    (matter,) = world.arguments("attention.file")
    assert matter.kind == "capture_failed"
    assert matter.dedupe_key == f"capture_failed:{world.arguments('payments.perform')[0].movement_id}"
    assert matter.details["reason"] == "expired_card"


async def test_lapsed_authorization_goes_to_a_person(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.hears(P.VOIDED)  # the card's network gave it up before the visit
        await life.calls("attention.file")
        assert (await life.state()).status == "confirmed"
    (matter,) = world.arguments("attention.file")
    assert matter.kind == "authorization_lost"


# -- late money ------------------------------------------------------------------------------------------------------


async def test_void_that_finds_the_money_gives_it_back(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    world.at_provider = P.CAPTURED
    async with living(temporal_time_skipping, world) as life:
        await life.says(messages.CANCEL)
        outcome = await life.ends()
    assert outcome.status is S.CANCELLED
    assert world.given_back == 8000
    assert world.names().count("bookings.reinstate") == 1
    assert "attention.file" not in world.names()


@pytest.mark.parametrize("update", [messages.CANCEL, messages.NO_SHOW])
async def test_void_of_an_authorization_that_finds_the_money_taken_gives_it_back(
    temporal_time_skipping: WorkflowEnvironment, update: str
) -> None:
    """Somebody captured it at the provider; nobody is asked to look."""
    world = World(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward_to(world.booking.start_at)
        world.at_provider = P.CAPTURED
        await life.says(update, waive_penalty=True)
        await life.ends()
    assert world.given_back == 8000
    assert world.names().count("bookings.reinstate") == 1
    assert "attention.file" not in world.names()


@pytest.mark.parametrize("found", [P.PARTIALLY_REFUNDED, P.REFUNDED])
async def test_void_that_finds_money_which_is_going_back_already_asks_nobody(
    temporal_time_skipping: WorkflowEnvironment, found: P
) -> None:
    """The provider was away until the refund of the late money was made."""
    world = World(snapshot())
    world.answers.append(MoneyResult("", Phase.FAILED, found, "pi_1", captured=8000, reason="already_paid"))
    async with living(temporal_time_skipping, world) as life:
        await life.says(messages.CANCEL)
        assert (await life.ends()).status is S.CANCELLED
    assert "attention.file" not in world.names()


@pytest.mark.parametrize(("found", "reason"), [(P.AUTHORIZED, "not_voided"), (P.DISPUTED, "already_paid")])
async def test_void_that_fails_and_leaves_nothing_to_refund_goes_to_a_person(
    temporal_time_skipping: WorkflowEnvironment, found: P, reason: str
) -> None:
    world = World(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True)
    world.answers.append(MoneyResult("", Phase.FAILED, found, "pi_1", 8000, reason=reason))
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.says(messages.CANCEL)
        await life.ends()
    (matter,) = world.arguments("attention.file")
    assert matter.kind == "void_failed"


async def test_late_money_takes_the_time_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.forward(timedelta(minutes=11))
        await life.calls("bookings.expire")
        world.payment = None if world.payment is None else _open(world)
        await life.hears(P.CAPTURED)
        await life.calls("bookings.reinstate")
        assert (await life.state()).stage == "confirmed"
        outcome = await life.ends()
    assert outcome.status is S.COMPLETED
    assert world.names()[-3:] == ["bookings.reinstate", "bookings.remind", "bookings.complete"]
    assert world.given_back == 0


async def test_late_money_goes_back_when_the_time_is_taken(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(), slot_is_free=False)
    async with living(temporal_time_skipping, world) as life:
        await life.forward(timedelta(minutes=11))
        await life.calls("bookings.expire")
        world.payment = _open(world)
        await life.hears(P.CAPTURED)
        outcome = await life.ends()
    assert outcome.status is S.EXPIRED
    assert world.given_back == 8000
    assert world.names().count("bookings.reinstate") == 1


async def test_money_in_time_but_the_hold_was_swept(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.hears(P.PROCESSING)
        await life.calls("payments.apply_event")
        world.gate.clear()
        await life.hears(P.CAPTURED)
        await life.calls("payments.apply_event", 2)
        world.gate.set()
        world.set(status=S.EXPIRED)  # between the event and the confirmation
        await life.calls("bookings.reinstate")
    assert world.booking.status is S.CONFIRMED


async def test_event_after_the_end_starts_a_run_that_settles_it(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(status=S.EXPIRED))
    webhook_id = world.event(P.CAPTURED)
    async with living(temporal_time_skipping, world, resumed=True, webhook_id=webhook_id) as life:
        outcome = await life.ends()
    assert outcome.status is S.COMPLETED
    assert "bookings.reinstate" in world.names()


async def test_event_of_a_cancelled_booking_keeps_its_penalty(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(status=S.CANCELLED), kept=3000, given_back=5000)
    webhook_id = world.event(P.CAPTURED)
    async with living(temporal_time_skipping, world, resumed=True, webhook_id=webhook_id) as life:
        outcome = await life.ends()
    assert outcome.status is S.CANCELLED
    assert world.given_back == 5000


async def test_event_without_money_ends_the_run_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(status=S.CANCELLED))
    webhook_id = world.event(P.VOIDED)
    async with living(temporal_time_skipping, world, resumed=True, webhook_id=webhook_id) as life:
        async with asyncio.timeout(10):
            await life.handle.result()
    assert world.names() == ["payments.apply_event"]


async def test_run_waits_for_the_event_of_its_movement(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.says(messages.CANCEL)
        await life.calls("payments.record")
        await life.forward(options.WAIT_FOR_EVENTS - timedelta(minutes=1))
        await life.hears(P.VOIDED)  # no new run is needed for it
        await life.calls("payments.apply_event")
        assert (await life.ends()).status is S.CANCELLED


# -- the operator ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paid", [False, True])
async def test_cancelled_run_cancels_the_booking(temporal_time_skipping: WorkflowEnvironment, paid: bool) -> None:
    world = World(snapshot(), policy=HALF)
    async with living(temporal_time_skipping, world) as life:
        if paid:
            await life.pays()
        else:
            await life.state()
        await life.handle.cancel()
        await life.calls("bookings.cancel")
        with pytest.raises(WorkflowFailureError) as failure:
            await life.ends()
    assert isinstance(failure.value.cause, CancelledError)
    assert world.booking.status is S.CANCELLED
    (command,) = world.arguments("bookings.cancel")
    assert command.waive_penalty
    assert world.given_back == (8000 if paid else 0)
    assert paid or world.at_provider is P.VOIDED


async def test_cancelled_run_finishes_the_movement_under_way(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    world.answers.extend([AWAY, AWAY])
    async with living(temporal_time_skipping, world) as life:
        await life.says(messages.CANCEL)
        await life.calls("payments.perform")
        await life.handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await life.ends()
    assert world.at_provider is P.VOIDED
    assert world.names().count("bookings.cancel") == 1


def _open(world: World) -> object:
    """The provider lets an intent be paid that it called closed: nobody should, but money is money."""
    world.at_provider = P.REQUIRES_PAYMENT
    return World(world.booking).payment


async def test_stranded_booking_without_an_answer_is_cancelled(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """The signal of the deadline comes twice: cancelled once, without a penalty."""
    world = World(snapshot(), policy=HALF, is_stranded=True)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        for _ in range(2):
            await life.handle.signal(messages.STRANDED, messages.StrandedInput(UUID(int=7)))
        assert (await life.ends()).status is S.CANCELLED
    # Both signals may come before the first one is done; then both give the same command, which counts once.
    commands = world.arguments("bookings.cancel")
    assert {(command.stranded, command.waive_penalty) for command in commands} == {(True, True)}
    assert len({command.command_id for command in commands}) == 1
    assert world.given_back == 8000


async def test_deadline_signal_changes_nothing_of_a_visit_that_is_over(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward_to(world.booking.start_at)
        await life.says(messages.CHECK_IN)
        await life.says(messages.COMPLETE)
        with contextlib.suppress(RPCError):  # it is over already
            await life.handle.signal(messages.STRANDED, messages.StrandedInput(UUID(int=7)))
        assert (await life.ends()).status is S.COMPLETED
    assert world.arguments("bookings.cancel") == []
