"""Step 5: what a card promises is kept alive until the visit."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from domain.booking_status import BookingStatus as S
from domain.bookings.snapshot import BookingSnapshot
from domain.payments.status import Movement, PaymentMode
from domain.payments.status import PaymentStatus as P
from tests.workflows.actions import cost_of
from tests.workflows.life import living
from tests.workflows.world import AWAY, World, now, snapshot
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


def held(days: int, lasts: timedelta | None = WEEK, **more: object) -> World:
    return World(ahead(days), manual_capture=True, lasts=lasts, **more)


def moved(world: World) -> list[tuple[Movement, str | None]]:
    """What the provider was asked for, and of which intent."""
    return [(task.movement, task.intent_id) for task in world.arguments("payments.perform")]


async def test_authorization_long_ahead_is_renewed_repeatedly(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=17)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        assert (await life.ends()).status is S.COMPLETED
    assert world.names() == [
        *PAID,
        *(RENEWAL + SURPLUS) * 2,
        *("bookings.remind", "bookings.complete", "payments.perform", "payments.record"),
    ]
    assert moved(world) == [
        (Movement.AUTHORIZE, "pi_1"),
        (Movement.VOID, "pi_1"),
        (Movement.AUTHORIZE, "pi_2"),
        (Movement.VOID, "pi_2"),
        (Movement.CAPTURE, "pi_3"),
    ]
    movements = [task.movement_id for task in world.arguments("payments.perform")]
    assert len(set(movements)) == len(movements)


async def test_authorization_is_renewed_a_day_before_it_lapses(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=10)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        assert world.payment is not None
        lapses_at = world.payment.authorized_until
        assert lapses_at is not None
        await life.forward_to(lapses_at - DAY - timedelta(minutes=2))
        assert world.names() == PAID
        await life.forward_to(lapses_at - DAY)
        await life.calls("payments.record", 2)
        assert world.payment.authorized_until is not None
        assert world.payment.authorized_until > lapses_at + 5 * DAY
        assert (await life.state()).status == "confirmed"


async def test_renewal_without_need_costs_nothing(temporal_time_skipping: WorkflowEnvironment) -> None:
    costs = []
    for lasts in (None, WEEK):
        world = held(days=6, lasts=lasts)
        async with living(temporal_time_skipping, world) as life:
            await life.state()
            await life.pays()
            assert (await life.ends()).status is S.COMPLETED
            costs.append(cost_of(await life.history()).actions)
        assert "bookings.begin_renewal" not in world.names()
    assert costs[0] == costs[1]


async def test_renewal_cost_in_actions(temporal_time_skipping: WorkflowEnvironment) -> None:
    costs = []
    for lasts in (None, WEEK):
        async with living(temporal_time_skipping, held(days=8, lasts=lasts)) as life:
            await life.state()
            await life.pays()
            await life.ends()
            costs.append(cost_of(await life.history()).actions)
    # Besides its three steps on Postgres: the authorization and the void of the one before.
    assert costs[1]["timer"] - costs[0]["timer"] == 1
    assert costs[1]["activity"] - costs[0]["activity"] == 2


async def test_declined_renewal_follows_the_policy_at_the_visit(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=10, declines="insufficient_funds")
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward(6 * DAY + timedelta(minutes=1))
        await life.calls("attention.file")
        await life.forward(DAY)
        await life.hears(P.VOIDED)
        await life.calls("attention.file", 2)
        assert (await life.state()).status == "confirmed"
        assert (await life.ends()).status is S.COMPLETED
    assert world.names().count("bookings.begin_renewal") == 1, "one no is enough"
    assert moved(world) == [(Movement.AUTHORIZE, "pi_1")]
    first, second = world.arguments("attention.file")
    assert first.kind == "authorize_failed"
    assert first.dedupe_key == f"authorize_failed:{world.arguments('payments.perform')[0].movement_id}"
    assert first.details["reason"] == "insufficient_funds"
    assert second.kind == "authorization_lost"


async def test_provider_away_is_asked_again(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=10)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        world.answers.extend([AWAY, AWAY, AWAY])
        assert (await life.ends()).status is S.COMPLETED
    asked = [task.movement_id for task in world.arguments("payments.perform") if task.movement is Movement.AUTHORIZE]
    assert len(asked) == 4
    assert len(set(asked)) == 1
    assert world.captured == ["pi_2"]


async def test_cancel_after_a_renewal_voids_the_newest(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=10)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward(6 * DAY + timedelta(minutes=1))
        await life.calls("payments.record", 2)
        await life.says(messages.CANCEL)
        assert (await life.ends()).status is S.CANCELLED
    assert world.voided == ["pi_1", "pi_2"]


async def test_cancel_during_a_renewal_voids_both(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=10)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        world.answers.append(AWAY)
        await life.forward(6 * DAY + timedelta(seconds=10))
        await life.calls("payments.perform")
        await life.says(messages.CANCEL)  # decided about the first intent, made to the one that is there by then
        assert (await life.ends()).status is S.CANCELLED
    assert sorted(world.voided) == ["pi_1", "pi_2"]
    assert world.at_provider is P.VOIDED


async def test_renewal_is_not_needed_after_a_move_nearer(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=10)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.says(messages.RESCHEDULE, start_at=world.booking.start_at - 5 * DAY)
        assert (await life.ends()).status is S.COMPLETED
    assert moved(world) == [(Movement.CAPTURE, "pi_1")]


async def test_renewal_is_needed_after_a_move_further_away(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = held(days=5)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.says(messages.RESCHEDULE, start_at=world.booking.start_at + 5 * DAY)
        assert (await life.ends()).status is S.COMPLETED
    assert world.captured == ["pi_2"]


async def test_renewal_is_not_made_for_a_customer_who_is_there(temporal_time_skipping: WorkflowEnvironment) -> None:
    start = now() + 6 * DAY
    long = snapshot(payment_mode=PaymentMode.CARD_HOLD, start_at=start, end_at=start + 4 * DAY)
    world = World(long, manual_capture=True, lasts=WEEK)
    async with living(temporal_time_skipping, world) as life:
        await life.pays()
        await life.forward_to(world.booking.start_at - timedelta(minutes=1))
        await life.says(messages.CHECK_IN)
        assert (await life.ends()).status is S.COMPLETED
    assert world.captured == ["pi_2"]
