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
from tests.workflows.booking_run import BookingRun, running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.stub_state import HALF, now, snapshot
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
    stub = BookingStub(snapshot(status=status))
    async with running(temporal_time_skipping, stub) as run:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await run.execute(update, start_at=stub.booking.start_at)
        events = (await run.history()).events
    assert refused.value.cause.type == "wrong_state"
    assert refused.value.cause.details[0]["status"] == status
    assert stub.names() == []
    assert not any(event.HasField("workflow_execution_update_accepted_event_attributes") for event in events)


async def test_command_is_refused_by_the_facts_with_code_and_details(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(_soon(), slot_is_free=False)
    async with running(temporal_time_skipping, stub) as run:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await run.execute(messages.RESCHEDULE, start_at=stub.booking.start_at)
        assert refused.value.cause.type == "slot_taken"
        assert refused.value.cause.details[0] == {"alternatives": []}
        assert (await run.execute(messages.CHECK_IN)).status is S.CHECKED_IN


async def test_command_that_is_refused_updates_the_runs_state(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot(status=S.CONFIRMED, amount_due=0))
    async with running(temporal_time_skipping, stub) as run:
        stub.set(status=S.CANCELLED)  # not by this run
        with pytest.raises(WorkflowUpdateFailedError):
            await run.execute(messages.CHECK_IN)
        assert (await run.finish()).status is S.CANCELLED


async def test_command_given_twice_is_one_command(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(_soon())
    async with running(temporal_time_skipping, stub) as run:
        first = await run.execute(messages.CHECK_IN, command_id="c-1")
        again = await run.execute(messages.CHECK_IN, command_id="c-1")
    assert first == again
    assert stub.names() == ["bookings.check_in"]


async def test_postgres_away_delays_a_command_and_does_not_lose_it(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    stub = BookingStub(_soon(), fail_once={"bookings.check_in"})
    async with running(temporal_time_skipping, stub) as run:
        assert (await run.execute(messages.CHECK_IN)).status is S.CHECKED_IN
    assert stub.names() == ["bookings.check_in"] * 2


async def test_rescheduled_hold_keeps_its_deadline(temporal_time_skipping: WorkflowEnvironment) -> None:
    stub = BookingStub(snapshot())
    async with running(temporal_time_skipping, stub) as run:
        await run.execute(messages.RESCHEDULE, start_at=stub.booking.start_at + timedelta(days=1))
        await run.forward(timedelta(minutes=11))
        await run.wait_for_calls("bookings.expire")
    assert stub.booking.status is S.EXPIRED


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


async def _answers(run: BookingRun) -> None:
    """The run still takes a command, and answers a query."""
    await run.state()
    assert (await run.execute(messages.CANCEL)).status is S.CANCELLED


@pytest.mark.parametrize("kind", KINDS)
async def test_booking_run_answers_after_commands_that_fail_unexpectedly(
    temporal_time_skipping: WorkflowEnvironment, kind: str
) -> None:
    stub = BookingStub(snapshot(**KINDS[kind]))
    allowed = [update for update in UPDATES if update in ALLOWED[stub.booking.status]]
    async with running(temporal_time_skipping, stub) as run:
        for number, update in enumerate(allowed):
            stub.breaks[STEPS[update]] = BUGS[number % len(BUGS)]
            with pytest.raises(WorkflowUpdateFailedError) as failed:
                await run.execute(update, start_at=stub.booking.start_at, stranded=kind == STRANDED)
            assert failed.value.cause.type == "internal_error"
            assert stub.names().count(STEPS[update]) == 1, "it is not tried again"
        stub.breaks.clear()
        filed = [matter.kind for matter in stub.arguments("attention.file")]
        assert filed == ["command_failed"] * len(allowed)
        await _answers(run)
        assert "taro@example.com" not in (await run.history()).to_json()


@pytest.mark.parametrize("kind", [FRESH, PAID, APPROVED, STRANDED])
async def test_reschedule_to_a_time_that_no_run_can_wait_for_is_refused(
    temporal_time_skipping: WorkflowEnvironment, kind: str
) -> None:
    stub = BookingStub(snapshot(**KINDS[kind]))
    async with running(temporal_time_skipping, stub) as run:
        for start_at in WILD_TIMES:
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await run.execute(messages.RESCHEDULE, start_at=start_at, stranded=kind == STRANDED)
            assert refused.value.cause.type == "invalid_input"
        assert "bookings.reschedule" not in stub.names()
        await _answers(run)


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
    stub, codes = BookingStub(snapshot(**KINDS[kind]), policy=HALF), set[str]()
    async with running(temporal_time_skipping, stub) as run:
        for _ in range(12):
            update = dice.choice(UPDATES)
            stub.slot_is_free = dice.random() < 0.7
            stub.breaks = {STEPS[update]: dice.choice(BUGS)} if dice.random() < 0.25 else {}
            arguments = _random_command(dice, update, stub.booking.start_at)
            try:
                await run.execute(update, **arguments)
            except WorkflowUpdateFailedError as refused:
                codes.add(refused.cause.type)
            assert (await run.state()).status == stub.booking.status
            if stub.booking.status in FINAL:
                break
        assert codes <= CODES
        stub.breaks.clear()
        if stub.booking.status in FINAL:
            with pytest.raises((WorkflowUpdateFailedError, RPCError)):
                await run.execute(messages.CANCEL)
        else:
            await _answers(run)
