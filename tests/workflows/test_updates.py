"""Every update of every workflow: a person's command that fails unexpectedly is answered, and the run goes on.

A command is tried again only for a known passing failure. Any other error ends it at once with a code, is filed for a
person, and leaves the run's lock free, so that the next command is executed.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import Mock

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment
from temporalio.workflow import _Definition

from domain.booking_status import BookingStatus
from domain.bookings.snapshot import BookingSnapshot
from domain.marketing.campaigns import CampaignCommand
from domain.reviews.moderation import Verdict
from tests.workflows.booking_run import running
from tests.workflows.booking_stub import BookingStub
from tests.workflows.marketing import test_campaign as campaigns
from tests.workflows.onboarding import test_verification as verification
from tests.workflows.platform import test_flag_rollout as rollout
from tests.workflows.reviews import test_review as reviews
from tests.workflows.stub_state import now, snapshot
from workers.registry import worker_specs
from workflows.bookings.booking import messages as booking
from workflows.marketing.campaign import messages as campaign
from workflows.onboarding.verification import messages as review
from workflows.platform.flag_rollout import messages as flag
from workflows.reviews.review import messages as published

WORKFLOWS = {each for spec in worker_specs(Mock()).values() for each in spec.workflows}
#: Every update that a worker answers.
UPDATES = sorted(
    (str(definition.name), str(name))
    for definition in map(_Definition.must_from_class, WORKFLOWS)
    for name in definition.updates
)
BUG = OverflowError("date value out of range")


@dataclass
class Run:
    """A run whose state allows the update. ``set_bug``: the step of commands fails with it from now on. ``calls`` and
    ``filed``: how often the step was tried, and the kinds of what was filed for a person."""

    send: Callable[[], Awaitable[object]]
    set_bug: Callable[[Exception | None], None]
    calls: Callable[[], int]
    filed: Callable[[], list[str]]


#: The step of each command of a booking, and a booking that allows it.
BOOKING_STEPS = {
    booking.CONFIRM: ("bookings.approve", {"status": BookingStatus.PENDING, "needs_approval": True}),
    booking.PROVE_CONTACT: ("bookings.prove_contact", {"status": BookingStatus.PENDING, "needs_approval": True}),
    booking.DECLINE: ("bookings.decline", {"status": BookingStatus.PENDING, "needs_approval": True}),
    booking.CANCEL: ("bookings.cancel", {"status": BookingStatus.CONFIRMED}),
    booking.RESCHEDULE: ("bookings.reschedule", {"status": BookingStatus.CONFIRMED}),
    booking.CHECK_IN: ("bookings.check_in", {"status": BookingStatus.CONFIRMED}),
    booking.COMPLETE: ("bookings.complete", {"status": BookingStatus.CHECKED_IN}),
    booking.NO_SHOW: ("bookings.no_show", {"status": BookingStatus.CONFIRMED}),
    booking.UNDO: ("bookings.undo", {"status": BookingStatus.CHECKED_IN, "undo_until": now() + timedelta(hours=1)}),
}


def _under_way(**changes: object) -> BookingSnapshot:
    """A booking that has just begun, so that every command finds its time right."""
    start, deadline = now() - timedelta(minutes=1), now() + timedelta(hours=3)
    due = {"hold_expires_at": deadline, "approval_deadline": deadline} if "needs_approval" in changes else {}
    return snapshot(start_at=start, end_at=start + timedelta(hours=4), amount_due=0, **due, **changes)


@contextlib.asynccontextmanager
async def _booking(env: WorkflowEnvironment, update: str) -> AsyncIterator[Run]:
    step, state = BOOKING_STEPS[update]
    stub = BookingStub(_under_way(**state), undo_to=BookingStatus.CONFIRMED)

    def set_bug(bug: Exception | None) -> None:
        stub.breaks = {step: bug} if bug else {}

    async with running(env, stub) as run:
        yield Run(
            lambda: run.execute(update, start_at=now() + timedelta(hours=2)),
            set_bug,
            lambda: stub.names().count(step),
            lambda: [matter.kind for matter in stub.arguments("attention.file")],
        )


@contextlib.asynccontextmanager
async def _verification(env: WorkflowEnvironment, update: str) -> AsyncIterator[Run]:
    board = verification.Board()
    async with verification.reviewing(env, board) as handle:
        if update == review.RESUBMIT:
            await verification.say(handle, review.REQUEST_INFO)
            board.calls.clear()
        yield Run(
            lambda: verification.say(handle, update),
            lambda bug: setattr(board, "bug", bug),
            lambda: len(board.calls),
            lambda: [matter.kind for matter in board.filed],
        )


@contextlib.asynccontextmanager
async def _rollout(env: WorkflowEnvironment, update: str) -> AsyncIterator[Run]:
    table = rollout.FlagTable()
    async with rollout.rolling(env, table) as handle:
        await rollout.begun(table, 1)
        if update == flag.RESUME:
            await rollout.send(handle, flag.PAUSE)
            table.calls.clear()
        yield Run(
            lambda: rollout.send(handle, update),
            lambda bug: setattr(table, "bug", bug),
            lambda: len(table.calls),
            lambda: [matter.kind for matter in table.filed],
        )


@contextlib.asynccontextmanager
async def _review(env: WorkflowEnvironment, update: str) -> AsyncIterator[Run]:
    assert update == published.DECIDE
    desk = reviews.Desk(asked=True)
    async with reviews.reviewing(env, desk) as handle:
        yield Run(
            # Taken down with a reason: without one the validator refuses it before the step.
            lambda: reviews.say(handle, Verdict.HIDE),
            lambda bug: setattr(desk, "bug", bug),
            lambda: desk.tries,
            lambda: [matter.kind for matter in desk.filed],
        )


@contextlib.asynccontextmanager
async def _campaign(env: WorkflowEnvironment, update: str) -> AsyncIterator[Run]:
    assert update == campaign.COMMAND
    table = campaigns.Table(between=timedelta(hours=1))
    async with campaigns.running(env, table) as handle:
        await campaigns.first_page(table)
        yield Run(
            lambda: campaigns.say(handle, CampaignCommand.PAUSE),
            lambda bug: setattr(table, "bug", bug),
            lambda: table.tries,
            lambda: [matter.kind for matter in table.filed],
        )


RUNS = {
    booking.WORKFLOW: _booking,
    review.WORKFLOW: _verification,
    flag.WORKFLOW: _rollout,
    published.WORKFLOW: _review,
    campaign.WORKFLOW: _campaign,
}


def test_updates_are_found() -> None:
    assert len(UPDATES) >= 14
    assert {workflow for workflow, _ in UPDATES} == set(RUNS), "a workflow with updates needs a run here"


@pytest.mark.parametrize(("workflow", "update"), UPDATES)
async def test_update_that_fails_unexpectedly_is_answered_filed_and_followed_by_the_next(
    temporal_time_skipping: WorkflowEnvironment, workflow: str, update: str
) -> None:
    async with RUNS[workflow](temporal_time_skipping, update) as run:
        run.set_bug(BUG)
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await run.send()
        assert failed.value.cause.type == "internal_error"
        assert run.calls() == 1, "it is not tried again"
        assert run.filed() == ["command_failed"]
        run.set_bug(None)
        await run.send()
        assert run.calls() == 2
