"""Step 5, when the card failed: another one takes its place, and the run goes on with it."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.catalogue.cancellation import Policy
from domain.payments.status import Movement
from domain.payments.status import PaymentStatus as P
from domain.payments.without_card import WithoutCard
from domain.platform.actor import ActorKind
from tests.workflows.booking_run import running
from tests.workflows.bookings.test_booking_renewal import DAY, RENEWAL, SURPLUS, held, moved
from tests.workflows.stub_state import FREE, HALF, now
from workflows.bookings.booking import messages
from workflows.support.search_attributes import NEEDS_ATTENTION


async def test_new_card_is_charged_and_the_old_one_voided(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=10, declines="expired_card")
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward(6 * DAY + timedelta(minutes=1))
        await run.wait_for_calls("attention.file")
        await run.state()
        assert await run.search_attribute(NEEDS_ATTENTION) is True
        await run.receive_new_card()
        await run.wait_for_calls("payments.record", 2)
        assert (await run.state()).paid
        assert await run.search_attribute(NEEDS_ATTENTION) is False
        assert (await run.finish()).status is S.COMPLETED
    assert stub.voided == ["pi_1"]
    assert stub.captured == ["pi_9"]


async def test_new_card_is_renewed_too(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=17, declines="expired_card")
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward(6 * DAY + timedelta(minutes=1))
        await run.wait_for_calls("attention.file")
        stub.declines = None
        await run.receive_new_card()
        await run.wait_for_calls("payments.record", 2)
        assert (await run.finish()).status is S.COMPLETED
    names = stub.names()
    heard = names.index("payments.apply_event", 1)
    assert names[heard : heard + 6] == ["payments.apply_event", *SURPLUS, *RENEWAL]
    assert stub.captured == ["pi_10"]
    assert stub.voided == ["pi_1", "pi_9"]


async def test_new_card_works_after_the_authorization_was_lost(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=3)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.receive(P.VOIDED)
        await run.wait_for_calls("attention.file")
        assert not (await run.state()).paid
        await run.receive_new_card()
        await run.wait_for_calls("payments.apply_event", 3)
        assert (await run.finish()).status is S.COMPLETED
        assert await run.search_attribute(NEEDS_ATTENTION) is False
    assert moved(stub) == [(Movement.CAPTURE, "pi_9")]


async def test_repeated_event_of_a_new_card_voids_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=3)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        stub.fail_once.add("payments.apply_event")
        webhook_id = await run.receive_new_card()
        await run.signal(webhook_id)
        await run.wait_for_calls("payments.record")
        assert (await run.finish()).status is S.COMPLETED
    assert moved(stub) == [(Movement.VOID, "pi_1"), (Movement.CAPTURE, "pi_9")]


async def test_events_of_one_new_card_void_once(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=3)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        stub.gate.clear()
        webhook_id = await run.receive_new_card()
        other = stub.event(P.AUTHORIZED)
        stub.new_cards.add(other)
        stub.applied.append(other)  # the webhook of what the confirmation had answered already
        await run.signal(other)
        await run.wait_for_calls("payments.apply_event", 2)
        stub.gate.set()
        await run.wait_for_calls("payments.record")
        assert (await run.finish()).status is S.COMPLETED
    assert webhook_id in stub.applied
    assert moved(stub) == [(Movement.VOID, "pi_1"), (Movement.CAPTURE, "pi_9")]


@pytest.mark.parametrize("policy", [FREE, HALF])
async def test_new_card_that_is_too_late_is_voided(temporal_time_skipping: WorkflowEnvironment, policy: Policy) -> None:
    stub = held(days=3, policy=policy)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.execute(messages.CANCEL, by=ActorKind.CUSTOMER)
        await run.wait_for_calls("payments.record")
        await run.receive_new_card()
        assert (await run.finish()).status is S.CANCELLED
    assert moved(stub)[1:] == [(Movement.VOID, "pi_8")]
    assert "bookings.reinstate" not in stub.names()


async def test_new_card_after_the_end_is_voided_by_a_new_run(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=3)
    stub.set(status=S.CANCELLED)
    async with running(temporal_time_skipping, stub, resumed=True, webhook_id=stub.new_card()) as run:
        assert (await run.finish()).status is S.CANCELLED
    assert moved(stub) == [(Movement.VOID, "pi_8")]
    assert "bookings.reinstate" not in stub.names()


async def test_customer_who_gives_no_card_in_time_is_cancelled_where_the_business_wants_it(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """The bank wants the customer to authenticate; the deadline is the end of the authorization."""
    stub = held(days=10, declines="authentication_required", without_card=WithoutCard.CANCEL)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward(6 * DAY + timedelta(minutes=1))
        await run.wait_for_calls("attention.file")
        await run.forward(timedelta(hours=23))
        assert "bookings.end_card_request" not in stub.names()
        assert (await run.finish()).status is S.CANCELLED
    assert stub.names().count("bookings.end_card_request") == 1


async def test_booking_without_a_card_is_kept_where_the_business_wants_it(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = held(days=10, declines="authentication_required")
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        assert (await run.finish()).status is S.COMPLETED
    assert stub.names().count("bookings.end_card_request") == 1


async def test_card_in_time_keeps_the_booking(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=10, declines="authentication_required", without_card=WithoutCard.CANCEL)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward(6 * DAY + timedelta(minutes=1))
        await run.wait_for_calls("attention.file")
        await run.receive_new_card()
        await run.wait_for_calls("payments.record", 2)
        assert (await run.finish()).status is S.COMPLETED
    assert stub.captured == ["pi_9"]


async def test_authorization_that_is_lost_after_the_question_does_not_move_the_deadline(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    """Lost 20 hours after the customer was asked to answer within a day: the message said a day, not two."""
    stub = held(days=10, declines="authentication_required", without_card=WithoutCard.CANCEL)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward(6 * DAY + timedelta(minutes=1))
        await run.wait_for_calls("attention.file")
        await run.forward(timedelta(hours=20))
        await run.receive(P.VOIDED)
        await run.wait_for_calls("attention.file", 2)
        await run.forward(timedelta(hours=5))
        await run.wait_for_calls("bookings.end_card_request")
        assert (await run.finish()).status is S.CANCELLED


async def test_run_that_is_started_again_knows_the_deadline(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=3, without_card=WithoutCard.CANCEL)
    stub.set(status=S.CONFIRMED, card_due=now() + timedelta(hours=5))
    async with running(temporal_time_skipping, stub, resumed=True) as run:
        await run.forward(timedelta(hours=6))
        await run.wait_for_calls("bookings.end_card_request")


async def test_deadline_is_over_where_the_booking_waits_for_approval_again(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = held(days=10, without_card=WithoutCard.CANCEL)
    stub.set(needs_approval=True)
    async with running(temporal_time_skipping, stub) as run:
        await run.receive(P.AUTHORIZED)
        await run.execute(messages.CONFIRM)
        await run.receive(P.VOIDED)
        await run.wait_for_calls("attention.file")
        start_at = stub.booking.start_at + timedelta(days=1)
        moved_ = await run.execute(messages.RESCHEDULE, by=ActorKind.CUSTOMER, start_at=start_at)
        assert (moved_.status, moved_.card_due) == (S.PENDING, None)
        assert stub.payment is not None
        stub.payment = replace(stub.payment, payment_id=uuid4(), status=P.REQUIRES_PAYMENT, authorized=0)
        await run.receive(P.AUTHORIZED)
        await run.execute(messages.CONFIRM)
        await run.forward(timedelta(days=2))
        assert (await run.finish()).status is S.COMPLETED
    assert "bookings.end_card_request" not in stub.names()
