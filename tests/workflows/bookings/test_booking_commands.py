"""Commands: refused by the state before history is written, refused by the facts with a code, obeyed once."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.booking_status import FINAL
from domain.booking_status import BookingStatus as S
from domain.bookings.snapshot import BookingSnapshot
from domain.platform.actor import ActorKind
from tests.support.sampling import seed
from tests.workflows.life import Life, living
from tests.workflows.world import HALF, World, now, snapshot
from workflows.bookings.booking import messages

UPDATES = (
    *(messages.CONFIRM, messages.DECLINE, messages.CANCEL, messages.RESCHEDULE, messages.CHECK_IN, messages.COMPLETE),
    messages.NO_SHOW,
)
ALLOWED = {
    S.PENDING: {messages.CONFIRM, messages.DECLINE, messages.CANCEL, messages.RESCHEDULE},
    S.CONFIRMED: {messages.CANCEL, messages.RESCHEDULE, messages.CHECK_IN, messages.NO_SHOW},
    S.CHECKED_IN: {messages.CANCEL, messages.COMPLETE, messages.NO_SHOW},
}
REFUSED = [(status, update) for status, allowed in ALLOWED.items() for update in UPDATES if update not in allowed]


def _soon() -> BookingSnapshot:
    """A confirmed visit in an hour, so that the customer may be checked in."""
    start = now() + timedelta(hours=1)
    return snapshot(status=S.CONFIRMED, start_at=start, end_at=start + timedelta(hours=1))


@pytest.mark.parametrize(("status", "update"), REFUSED)
async def test_command_in_a_wrong_state_is_refused_without_a_trace(
    temporal_time_skipping: WorkflowEnvironment, status: S, update: str
) -> None:
    world = World(snapshot(status=status))
    async with living(temporal_time_skipping, world) as life:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await life.says(update, start_at=world.booking.start_at)
        events = (await life.history()).events
    assert refused.value.cause.type == "wrong_state"
    assert refused.value.cause.details[0]["status"] == status
    assert world.names() == []
    assert not any(event.HasField("workflow_execution_update_accepted_event_attributes") for event in events)


async def test_command_is_refused_by_the_facts_with_code_and_details(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(_soon(), slot_is_free=False)
    async with living(temporal_time_skipping, world) as life:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await life.says(messages.RESCHEDULE, start_at=world.booking.start_at)
        assert refused.value.cause.type == "slot_taken"
        assert refused.value.cause.details[0] == {"alternatives": []}
        assert (await life.says(messages.CHECK_IN)).status is S.CHECKED_IN


async def test_command_that_is_refused_updates_the_runs_state(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot(status=S.CONFIRMED, amount_due=0))
    async with living(temporal_time_skipping, world) as life:
        world.set(status=S.CANCELLED)  # not by this run
        with pytest.raises(WorkflowUpdateFailedError):
            await life.says(messages.CHECK_IN)
        assert (await life.ends()).status is S.CANCELLED


async def test_command_given_twice_is_one_command(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(_soon())
    async with living(temporal_time_skipping, world) as life:
        first = await life.says(messages.CHECK_IN, command_id="c-1")
        again = await life.says(messages.CHECK_IN, command_id="c-1")
    assert first == again
    assert world.names() == ["bookings.check_in"]


async def test_postgres_away_delays_a_command_and_does_not_lose_it(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    world = World(_soon(), fail_once={"bookings.check_in"})
    async with living(temporal_time_skipping, world) as life:
        assert (await life.says(messages.CHECK_IN)).status is S.CHECKED_IN
    assert world.names() == ["bookings.check_in"] * 2


async def test_rescheduled_hold_keeps_its_deadline(temporal_time_skipping: WorkflowEnvironment) -> None:
    world = World(snapshot())
    async with living(temporal_time_skipping, world) as life:
        await life.says(messages.RESCHEDULE, start_at=world.booking.start_at + timedelta(days=1))
        await life.forward(timedelta(minutes=11))
        await life.calls("bookings.expire")
    assert world.booking.status is S.EXPIRED


#: A booking as a command may find it, and the step of each command that it allows.
FRESH, PAID, APPROVED, STRANDED, UNDER_WAY = "fresh", "paid", "approved", "stranded", "under way"
STEPS = {
    messages.CONFIRM: "bookings.approve",
    messages.DECLINE: "bookings.decline",
    messages.CANCEL: "bookings.cancel",
    messages.RESCHEDULE: "bookings.reschedule",
    messages.CHECK_IN: "bookings.check_in",
    messages.COMPLETE: "bookings.complete",
    messages.NO_SHOW: "bookings.no_show",
}
KINDS = {
    FRESH: {"status": S.PENDING},
    PAID: {"status": S.CONFIRMED},
    APPROVED: {"status": S.CONFIRMED, "needs_approval": True, "amount_due": 0},
    STRANDED: {"status": S.CONFIRMED},
    UNDER_WAY: {"status": S.CHECKED_IN},
}
BUGS = (OverflowError("date value out of range"), KeyError("taro@example.com"), RuntimeError("bug"))
WILD_TIMES = (
    datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2400, 2, 29, tzinfo=UTC),
)


async def _answers(life: Life) -> None:
    """The run still takes a command, and answers a query."""
    await life.state()
    assert (await life.says(messages.CANCEL)).status is S.CANCELLED


@pytest.mark.parametrize("kind", KINDS)
async def test_booking_run_answers_after_commands_that_fail_unexpectedly(
    temporal_time_skipping: WorkflowEnvironment, kind: str
) -> None:
    world = World(snapshot(**KINDS[kind]))
    allowed = [update for update in UPDATES if update in ALLOWED[world.booking.status]]
    async with living(temporal_time_skipping, world) as life:
        for number, update in enumerate(allowed):
            world.breaks[STEPS[update]] = BUGS[number % len(BUGS)]
            with pytest.raises(WorkflowUpdateFailedError) as failed:
                await life.says(update, start_at=world.booking.start_at, stranded=kind == STRANDED)
            assert failed.value.cause.type == "internal_error"
            assert world.names().count(STEPS[update]) == 1, "it is not tried again"
        world.breaks.clear()
        filed = [matter.kind for matter in world.arguments("attention.file")]
        assert filed == ["command_failed"] * len(allowed)
        await _answers(life)
        assert "taro@example.com" not in (await life.history()).to_json()


@pytest.mark.parametrize("kind", [FRESH, PAID, APPROVED, STRANDED])
async def test_reschedule_to_a_time_that_no_run_can_wait_for_is_refused(
    temporal_time_skipping: WorkflowEnvironment, kind: str
) -> None:
    world = World(snapshot(**KINDS[kind]))
    async with living(temporal_time_skipping, world) as life:
        for start_at in WILD_TIMES:
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await life.says(messages.RESCHEDULE, start_at=start_at, stranded=kind == STRANDED)
            assert refused.value.cause.type == "invalid_input"
        assert "bookings.reschedule" not in world.names()
        await _answers(life)


#: What a random command may be answered with.
CODES = {"wrong_state", "rule_broken", "invalid_input", "gone", "slot_taken", "internal_error"}


def _random_command(dice: random.Random, update: str, start_at: datetime) -> dict[str, Any]:
    times = (None, *WILD_TIMES, start_at, start_at + timedelta(minutes=dice.randrange(-6000, 60_000)))
    return {
        "by": dice.choice(list(ActorKind)),
        "start_at": dice.choice(times) if update == messages.RESCHEDULE or dice.random() < 0.2 else None,
        "resource_ids": tuple(UUID(int=dice.randrange(1 << 128)) for _ in range(dice.randrange(3))),
        "waive_penalty": dice.random() < 0.3,
        "stranded": dice.random() < 0.2,
    }


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("kind", KINDS)
async def test_booking_run_answers_after_random_commands(
    temporal_time_skipping: WorkflowEnvironment, kind: str, number: int
) -> None:
    """The seed of the sample chooses them; some fail with a bug. Each is answered with a known code, and so is the next
    one, until the booking is over."""
    dice = random.Random(f"{seed()} {kind} {number}")
    world, codes = World(snapshot(**KINDS[kind]), policy=HALF), set[str]()
    async with living(temporal_time_skipping, world) as life:
        for _ in range(12):
            update = dice.choice(UPDATES)
            world.slot_is_free = dice.random() < 0.7
            world.breaks = {STEPS[update]: dice.choice(BUGS)} if dice.random() < 0.25 else {}
            arguments = _random_command(dice, update, world.booking.start_at)
            try:
                await life.says(update, **arguments)
            except WorkflowUpdateFailedError as refused:
                codes.add(refused.cause.type)
            assert (await life.state()).status == world.booking.status
            if world.booking.status in FINAL:
                break
        assert codes <= CODES
        world.breaks.clear()
        if world.booking.status in FINAL:
            with pytest.raises((WorkflowUpdateFailedError, RPCError)):
                await life.says(messages.CANCEL)
        else:
            await _answers(life)
