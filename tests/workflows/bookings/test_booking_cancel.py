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
from tests.workflows.booking_run import running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import AWAY, HALF, snapshot
from workflows.bookings.booking import messages
from workflows.support import options


async def test_cancel_before_money_closes_the_intent(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        outcome = await run.execute(messages.CANCEL)
        assert outcome.money is not None
        assert outcome.money.movement is Movement.VOID
        assert (await run.finish()).status is S.CANCELLED
    assert stub.at_provider is P.VOIDED


async def test_cancel_answers_without_waiting_for_the_provider(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    stub.answers.extend([AWAY] * 4)
    async with running(temporal_time_skipping, stub) as run:
        assert (await run.execute(messages.CANCEL)).status is S.CANCELLED
        assert stub.at_provider is P.REQUIRES_PAYMENT
        await run.finish()
    assert stub.at_provider is P.VOIDED
    assert stub.names().count("attention.file") == 1


async def test_cancel_after_money_refunds(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(), policy=HALF)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        assert (await run.execute(messages.CANCEL, by=ActorKind.CUSTOMER)).refunding == 4000
        await run.receive(P.CAPTURED)  # a repeated old event must not give the penalty back
        await run.finish()
    assert stub.given_back == 4000


async def test_cancel_of_an_authorization_captures_the_penalty(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True, policy=HALF)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.execute(messages.CANCEL, by=ActorKind.CUSTOMER)
        await run.finish()
    (task,) = stub.arguments("payments.perform")
    assert (task.movement, task.amount) == (Movement.CAPTURE, 4000)


async def test_cancel_of_an_authorization_without_penalty_voids_it(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.execute(messages.CANCEL)
        await run.finish()
    (task,) = stub.arguments("payments.perform")
    assert task.movement is Movement.VOID


async def test_cancel_takes_a_checked_in_booking(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.CHECK_IN)
        assert (await run.execute(messages.CANCEL)).status is S.CANCELLED
        assert (await run.finish()).status is S.CANCELLED


async def test_refused_movement_goes_to_a_person(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True, policy=HALF)
    stub.answers.append(MoneyResult("", Phase.FAILED, P.AUTHORIZED, "pi_1", reason="expired_card"))
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.execute(messages.CANCEL, by=ActorKind.CUSTOMER)
        await run.finish()
    (matter,) = stub.arguments("attention.file")
    assert matter.kind == "capture_failed"
    assert matter.dedupe_key == f"capture_failed:{stub.arguments('payments.perform')[0].movement_id}"
    assert matter.details["reason"] == "expired_card"


async def test_lapsed_authorization_goes_to_a_person(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.receive(P.VOIDED)  # the card's network gave it up before the visit
        await run.wait_for_calls("attention.file")
        assert (await run.state()).status == "confirmed"
    (matter,) = stub.arguments("attention.file")
    assert matter.kind == "authorization_lost"


# -- late money ------------------------------------------------------------------------------------------------------


async def test_void_that_finds_the_money_gives_it_back(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    stub.at_provider = P.CAPTURED
    async with running(temporal_time_skipping, stub) as run:
        await run.execute(messages.CANCEL)
        outcome = await run.finish()
    assert outcome.status is S.CANCELLED
    assert stub.given_back == 8000
    assert stub.names().count("bookings.reinstate") == 1
    assert "attention.file" not in stub.names()


@pytest.mark.parametrize("update", [messages.CANCEL, messages.NO_SHOW])
async def test_void_of_an_authorization_that_finds_the_money_taken_gives_it_back(
    temporal_time_skipping: WorkflowEnvironment, update: str
) -> None:
    """Somebody captured it at the provider; nobody is asked to look."""
    stub = BookingStub(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at)
        stub.at_provider = P.CAPTURED
        await run.execute(update, waive_penalty=True)
        await run.finish()
    assert stub.given_back == 8000
    assert stub.names().count("bookings.reinstate") == 1
    assert "attention.file" not in stub.names()


@pytest.mark.parametrize("found", [P.PARTIALLY_REFUNDED, P.REFUNDED])
async def test_void_that_finds_money_which_is_going_back_already_asks_nobody(
    temporal_time_skipping: WorkflowEnvironment, found: P
) -> None:
    """The provider was away until the refund of the late money was made."""
    stub = BookingStub(snapshot())
    stub.answers.append(MoneyResult("", Phase.FAILED, found, "pi_1", captured=8000, reason="already_paid"))
    async with running(temporal_time_skipping, stub) as run:
        await run.execute(messages.CANCEL)
        assert (await run.finish()).status is S.CANCELLED
    assert "attention.file" not in stub.names()


@pytest.mark.parametrize(("found", "reason"), [(P.AUTHORIZED, "not_voided"), (P.DISPUTED, "already_paid")])
async def test_void_that_fails_and_leaves_nothing_to_refund_goes_to_a_person(
    temporal_time_skipping: WorkflowEnvironment, found: P, reason: str
) -> None:
    stub = BookingStub(snapshot(payment_mode=PaymentMode.CARD_HOLD), manual_capture=True)
    stub.answers.append(MoneyResult("", Phase.FAILED, found, "pi_1", 8000, reason=reason))
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.execute(messages.CANCEL)
        await run.finish()
    (matter,) = stub.arguments("attention.file")
    assert matter.kind == "void_failed"


async def test_late_money_takes_the_time_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(timedelta(minutes=11))
        await run.wait_for_calls("bookings.expire")
        stub.payment = None if stub.payment is None else _open(stub)
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("bookings.reinstate")
        assert (await run.state()).stage == "confirmed"
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert stub.names()[-3:] == ["bookings.reinstate", "bookings.remind", "bookings.complete"]
    assert stub.given_back == 0


async def test_late_money_goes_back_when_the_time_is_taken(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(), slot_is_free=False)
    async with running(temporal_time_skipping, stub) as run:
        await run.forward(timedelta(minutes=11))
        await run.wait_for_calls("bookings.expire")
        stub.payment = _open(stub)
        await run.receive(P.CAPTURED)
        outcome = await run.finish()
    assert outcome.status is S.EXPIRED
    assert stub.given_back == 8000
    assert stub.names().count("bookings.reinstate") == 1


async def test_money_in_time_but_the_hold_was_swept(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.receive(P.PROCESSING)
        await run.wait_for_calls("payments.apply_event")
        stub.gate.clear()
        await run.receive(P.CAPTURED)
        await run.wait_for_calls("payments.apply_event", 2)
        stub.gate.set()
        stub.set(status=S.EXPIRED)  # between the event and the confirmation
        await run.wait_for_calls("bookings.reinstate")
    assert stub.booking.status is S.CONFIRMED


async def test_event_after_the_end_starts_a_run_that_settles_it(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(status=S.EXPIRED))
    webhook_id = stub.event(P.CAPTURED)
    async with running(temporal_time_skipping, stub, resumed=True, webhook_id=webhook_id) as run:
        outcome = await run.finish()
    assert outcome.status is S.COMPLETED
    assert "bookings.reinstate" in stub.names()


async def test_event_of_a_cancelled_booking_keeps_its_penalty(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(status=S.CANCELLED), kept=3000, given_back=5000)
    webhook_id = stub.event(P.CAPTURED)
    async with running(temporal_time_skipping, stub, resumed=True, webhook_id=webhook_id) as run:
        outcome = await run.finish()
    assert outcome.status is S.CANCELLED
    assert stub.given_back == 5000


async def test_event_without_money_ends_the_run_at_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(status=S.CANCELLED))
    webhook_id = stub.event(P.VOIDED)
    async with running(temporal_time_skipping, stub, resumed=True, webhook_id=webhook_id) as run:
        async with asyncio.timeout(10):
            await run.handle.result()
    assert stub.names() == ["payments.apply_event"]


async def test_run_waits_for_the_event_of_its_movement(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.execute(messages.CANCEL)
        await run.wait_for_calls("payments.record")
        await run.forward(options.WAIT_FOR_EVENTS - timedelta(minutes=1))
        await run.receive(P.VOIDED)  # no new run is needed for it
        await run.wait_for_calls("payments.apply_event")
        assert (await run.finish()).status is S.CANCELLED


# -- the operator ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paid", [False, True])
async def test_cancelled_run_cancels_the_booking(temporal_time_skipping: WorkflowEnvironment, paid: bool) -> None:
    stub = BookingStub(snapshot(), policy=HALF)
    async with running(temporal_time_skipping, stub) as run:
        if paid:
            await run.pay()
        else:
            await run.state()
        await run.handle.cancel()
        await run.wait_for_calls("bookings.cancel")
        with pytest.raises(WorkflowFailureError) as failure:
            await run.finish()
    assert isinstance(failure.value.cause, CancelledError)
    assert stub.booking.status is S.CANCELLED
    (command,) = stub.arguments("bookings.cancel")
    assert command.waive_penalty
    assert stub.given_back == (8000 if paid else 0)
    assert paid or stub.at_provider is P.VOIDED


async def test_cancelled_run_finishes_the_movement_under_way(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    stub.answers.extend([AWAY, AWAY])
    async with running(temporal_time_skipping, stub) as run:
        await run.execute(messages.CANCEL)
        await run.wait_for_calls("payments.perform")
        await run.handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await run.finish()
    assert stub.at_provider is P.VOIDED
    assert stub.names().count("bookings.cancel") == 1


def _open(stub: BookingStub) -> object:
    """The provider lets an intent be paid that it called closed: nobody should, but money is money."""
    stub.at_provider = P.REQUIRES_PAYMENT
    return BookingStub(stub.booking).payment


async def test_stranded_booking_without_an_answer_is_cancelled(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """The signal of the deadline comes twice: cancelled once, without a penalty."""
    stub = BookingStub(snapshot(), policy=HALF, is_stranded=True)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        for _ in range(2):
            await run.handle.signal(messages.STRANDED, messages.StrandedInput(UUID(int=7)))
        assert (await run.finish()).status is S.CANCELLED
    # Both signals may come before the first one is done; then both give the same command, which counts once.
    commands = stub.arguments("bookings.cancel")
    assert {(command.stranded, command.waive_penalty) for command in commands} == {(True, True)}
    assert len({command.command_id for command in commands}) == 1
    assert stub.given_back == 8000


async def test_deadline_signal_changes_nothing_of_a_visit_that_is_over(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at)
        await run.execute(messages.CHECK_IN)
        await run.execute(messages.COMPLETE)
        with contextlib.suppress(RPCError):  # it is over already
            await run.handle.signal(messages.STRANDED, messages.StrandedInput(UUID(int=7)))
        assert (await run.finish()).status is S.COMPLETED
    assert stub.arguments("bookings.cancel") == []
