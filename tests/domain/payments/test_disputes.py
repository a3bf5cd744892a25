"""When a person is reminded of a dispute, and what an event makes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from domain.payments.disputes import Dispute, after_event, needs_reminder, needs_run, reminders
from domain.payments.provider_events import DisputeEvent
from domain.payments.status import DisputeStatus

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
DUE = NOW + 7 * DAY
NOBODY = UUID(int=1)


def dispute(**values: Any) -> Dispute:
    plain = Dispute(
        *(
            NOBODY,
            NOBODY,
            NOBODY,
            NOBODY,
            "du_1",
            DisputeStatus.OPEN,
            6600,
            "JPY",
            "fraudulent",
            None,
            None,
            None,
            None,
        ),
        created_at=NOW,
    )
    return replace(plain, **values)


def event(status: DisputeStatus, **values: Any) -> DisputeEvent:
    return DisputeEvent("du_1", status, 6600, "fraudulent", **values)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(days=7), [timedelta(days=4), timedelta(days=6)]),
        (timedelta(days=3), [timedelta(days=2)]),
        (timedelta(hours=24, seconds=1), [timedelta(seconds=1)]),
        (timedelta(hours=24), [timedelta(0)]),
        (timedelta(minutes=1), [timedelta(0)]),
        (timedelta(0), []),
        (timedelta(days=-1), []),
    ],
)
def test_reminders_come_before_the_deadline(left: timedelta, expected: list[timedelta]) -> None:
    assert [at - NOW for at in reminders(NOW + left, NOW)] == expected


def test_reminders_need_a_deadline() -> None:
    assert reminders(None, NOW) == ()


def test_after_event_ends_the_same_in_every_order() -> None:
    life = [
        event(DisputeStatus.OPEN, due_at=DUE),
        event(DisputeStatus.LOST, due_at=DUE, fee=1500),
        event(DisputeStatus.OPEN),
    ]
    for order in permutations(life):
        found = dispute()
        for one in order:
            found = after_event(found, one, NOW, NOW)
        assert (found.status, found.due_at, found.fee, found.closed_at) == (DisputeStatus.LOST, DUE, 1500, NOW)


def test_after_event_keeps_the_first_outcome() -> None:
    won = after_event(dispute(), event(DisputeStatus.WON), NOW, NOW)
    assert after_event(won, event(DisputeStatus.LOST), NOW, NOW + DAY).status is DisputeStatus.WON


def test_after_event_keeps_the_deadline_and_the_fee_that_were_said_last() -> None:
    life = [
        (event(DisputeStatus.OPEN, due_at=DUE, fee=1500), NOW),
        (event(DisputeStatus.OPEN, due_at=DUE + 3 * DAY), NOW + DAY),
        (event(DisputeStatus.OPEN, fee=0), NOW + 2 * DAY),
        (event(DisputeStatus.OPEN), NOW + 3 * DAY),
    ]
    for order in permutations(life):
        found = dispute()
        for one, said_at in order:
            found = after_event(found, one, said_at, NOW)
        assert (found.due_at, found.fee) == (DUE + 3 * DAY, 0)


def test_needs_reminder_is_for_the_run_of_the_present_deadline() -> None:
    moved = dispute(due_at=DUE + DAY)
    assert needs_reminder(moved, NOW, DUE + DAY)
    assert needs_reminder(moved, NOW)
    assert not needs_reminder(moved, NOW, DUE)


@pytest.mark.parametrize(
    ("changed", "needed"),
    [
        ({"due_at": DUE}, True),
        ({"due_at": None}, False),
        ({"due_at": NOW}, False),
        ({"due_at": DUE, "evidence_sent_at": NOW}, False),
        ({"due_at": DUE, "status": DisputeStatus.WON, "closed_at": NOW}, False),
    ],
)
def test_needs_reminder_while_evidence_is_taken(changed: dict[str, Any], needed: bool) -> None:
    assert needs_reminder(dispute(**changed), NOW) is needed


def test_needs_run_is_for_an_open_dispute_that_is_new_or_has_another_deadline() -> None:
    open_, ended = dispute(due_at=DUE), dispute(due_at=DUE, status=DisputeStatus.LOST)
    assert needs_run(open_, open_, is_new=True)
    assert needs_run(dispute(), open_, is_new=False)
    assert not needs_run(open_, open_, is_new=False)
    for is_new in (True, False):
        assert not needs_run(dispute(), ended, is_new=is_new)


def test_after_event_takes_the_later_of_two_deadlines_of_the_same_moment() -> None:
    """Two events of one second: the one that is read last counts, as for all others."""
    known = after_event(dispute(), event(DisputeStatus.OPEN, due_at=DUE), NOW, NOW)
    moved = after_event(known, event(DisputeStatus.OPEN, due_at=DUE + DAY), NOW, NOW)
    assert moved.due_at == DUE + DAY
