"""Step 5: what a card promises is kept alive until the visit."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.bookings.snapshot import BookingSnapshot
from domain.payments.status import Movement, PaymentMode
from domain.payments.status import PaymentStatus as P
from tests.workflows.actions import cost_of
from tests.workflows.booking_run import running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import AWAY, now, snapshot
from workflows.bookings.booking import messages

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
RENEWAL = ["bookings.begin_renewal", "payments.perform", "payments.record"]
SURPLUS = ["payments.perform", "payments.record"]
PAID = ["payments.apply_event", "bookings.confirm"]


def ahead(days: int, **more: object) -> BookingSnapshot:
    """A card hold for a visit in so many days."""
    start = now() + days * DAY
    return snapshot(payment_mode=PaymentMode.CARD_HOLD, start_at=start, end_at=start + timedelta(hours=1), **more)


def held(days: int, lasts: timedelta | None = WEEK, **more: object) -> BookingStub:
    return BookingStub(ahead(days), manual_capture=True, lasts=lasts, **more)


def moved(stub: BookingStub) -> list[tuple[Movement, str | None]]:
    """What the provider was asked for, and of which intent."""
    return [(task.movement, task.intent_id) for task in stub.arguments("payments.perform")]


async def test_authorization_long_ahead_is_renewed_repeatedly(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=17)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        assert (await run.finish()).status is S.COMPLETED
    assert stub.names() == [
        *PAID,
        *(RENEWAL + SURPLUS) * 2,
        *("bookings.remind", "bookings.complete", "payments.perform", "payments.record"),
    ]
    assert moved(stub) == [
        (Movement.AUTHORIZE, "pi_1"),
        (Movement.VOID, "pi_1"),
        (Movement.AUTHORIZE, "pi_2"),
        (Movement.VOID, "pi_2"),
        (Movement.CAPTURE, "pi_3"),
    ]
    movements = [task.movement_id for task in stub.arguments("payments.perform")]
    assert len(set(movements)) == len(movements)


@pytest.mark.parametrize(
    ("lasts", "renewals"),
    # Stripe, a customer's payment: 7 days ("Place a hold on a payment method"); PAY.JP v1: up to 60 days.
    [(WEEK, 60), (timedelta(days=60), 6)],
)
async def test_authorization_a_year_ahead_lives_until_the_visit(
    temporal_time_skipping: WorkflowEnvironment, lasts: timedelta, renewals: int
) -> None:
    stub = held(days=365, lasts=lasts)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        assert (await run.finish()).status is S.COMPLETED
    made = moved(stub)
    assert sum(movement is Movement.AUTHORIZE for movement, _ in made) == renewals
    assert made == [
        *(
            step
            for n in range(1, renewals + 1)
            for step in ((Movement.AUTHORIZE, f"pi_{n}"), (Movement.VOID, f"pi_{n}"))
        ),
        (Movement.CAPTURE, f"pi_{renewals + 1}"),
    ]


async def test_authorization_is_renewed_a_day_before_it_lapses(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=10)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        assert stub.payment is not None
        lapses_at = stub.payment.authorized_until
        assert lapses_at is not None
        await run.forward_to(lapses_at - DAY - timedelta(minutes=2))
        assert stub.names() == PAID
        await run.forward_to(lapses_at - DAY)
        await run.wait_for_calls("payments.record", 2)
        assert stub.payment.authorized_until is not None
        assert stub.payment.authorized_until > lapses_at + 5 * DAY
        assert (await run.state()).status == "confirmed"


async def test_renewal_without_need_costs_nothing(temporal_time_skipping: WorkflowEnvironment) -> None:
    costs = []
    for lasts in (None, WEEK):
        stub = held(days=4, lasts=lasts)
        async with running(temporal_time_skipping, stub) as run:
            await run.state()
            await run.pay()
            assert (await run.finish()).status is S.COMPLETED
            costs.append(cost_of(await run.history()).actions)
        assert "bookings.begin_renewal" not in stub.names()
    assert costs[0] == costs[1]


async def test_renewal_cost_in_actions(temporal_time_skipping: WorkflowEnvironment) -> None:
    costs = []
    for lasts in (2 * WEEK, WEEK):
        async with running(temporal_time_skipping, held(days=8, lasts=lasts)) as run:
            await run.state()
            await run.pay()
            await run.finish()
            costs.append(cost_of(await run.history()).actions)
    # Besides its three steps on Postgres: the authorization and the void of the one before.
    assert costs[1]["timer"] - costs[0]["timer"] == 1
    assert costs[1]["activity"] - costs[0]["activity"] == 2


async def test_declined_renewal_follows_the_policy_at_the_visit(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=10, declines="insufficient_funds")
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward(6 * DAY + timedelta(minutes=1))
        await run.wait_for_calls("attention.file")
        await run.forward(DAY)
        await run.receive(P.VOIDED)
        await run.wait_for_calls("attention.file", 2)
        assert (await run.state()).status == "confirmed"
        assert (await run.finish()).status is S.COMPLETED
    assert stub.names().count("bookings.begin_renewal") == 1, "one no is enough"
    assert moved(stub) == [(Movement.AUTHORIZE, "pi_1")]
    first, second = stub.arguments("attention.file")
    assert first.kind == "authorize_failed"
    assert first.dedupe_key == f"authorize_failed:{stub.arguments('payments.perform')[0].movement_id}"
    assert first.details["reason"] == "insufficient_funds"
    assert second.kind == "authorization_lost"


async def test_provider_away_is_asked_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=10)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        stub.answers.extend([AWAY, AWAY, AWAY])
        assert (await run.finish()).status is S.COMPLETED
    asked = [task.movement_id for task in stub.arguments("payments.perform") if task.movement is Movement.AUTHORIZE]
    assert len(asked) == 4
    assert len(set(asked)) == 1
    assert stub.captured == ["pi_2"]


async def test_cancel_after_a_renewal_voids_the_newest(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=10)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward(6 * DAY + timedelta(minutes=1))
        await run.wait_for_calls("payments.record", 2)
        await run.execute(messages.CANCEL)
        assert (await run.finish()).status is S.CANCELLED
    assert stub.voided == ["pi_1", "pi_2"]


async def test_cancel_during_a_renewal_voids_both(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=10)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        stub.answers.append(AWAY)
        await run.forward(6 * DAY + timedelta(seconds=10))
        await run.wait_for_calls("payments.perform")
        await run.execute(messages.CANCEL)  # decided about the first intent, made to the one that is there by then
        assert (await run.finish()).status is S.CANCELLED
    assert sorted(stub.voided) == ["pi_1", "pi_2"]
    assert stub.at_provider is P.VOIDED


async def test_renewal_is_not_needed_after_a_move_nearer(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=10)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.execute(messages.RESCHEDULE, start_at=stub.booking.start_at - 5 * DAY)
        assert (await run.finish()).status is S.COMPLETED
    assert moved(stub) == [(Movement.CAPTURE, "pi_1")]


async def test_renewal_is_needed_after_a_move_further_away(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = held(days=5)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.execute(messages.RESCHEDULE, start_at=stub.booking.start_at + 5 * DAY)
        assert (await run.finish()).status is S.COMPLETED
    assert stub.captured == ["pi_2"]


async def test_renewal_is_not_made_for_a_customer_who_is_there(temporal_time_skipping: WorkflowEnvironment) -> None:
    start = now() + 6 * DAY
    long = snapshot(payment_mode=PaymentMode.CARD_HOLD, start_at=start, end_at=start + 4 * DAY)
    stub = BookingStub(long, manual_capture=True, lasts=WEEK)
    async with running(temporal_time_skipping, stub) as run:
        await run.pay()
        await run.forward_to(stub.booking.start_at - timedelta(minutes=1))
        await run.execute(messages.CHECK_IN)
        assert (await run.finish()).status is S.COMPLETED
    assert stub.captured == ["pi_2"]
