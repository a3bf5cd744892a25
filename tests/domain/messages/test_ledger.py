"""What became of each message of a booking, and which reminders are still to come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.booking_status import BookingStatus
from domain.messages.kinds import NoticeKind, NoticeStatus
from domain.messages.ledger import (
    Attempt,
    BookingNow,
    LedgerState,
    Promise,
    delivery_rate,
    ledger,
    planned_reminders,
    state_of,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = NOW + 3 * DAY
BOOKING = BookingNow(BookingStatus.CONFIRMED, START, (DAY, 2 * HOUR))


def promise(status: NoticeStatus = NoticeStatus.QUEUED, **changes: object) -> Promise:
    whole = Promise(
        UUID(int=1), NoticeKind.BOOKING_REMINDER, "customer", "email", status, None, NOW - HOUR, NOW, None, None, None
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (promise(due_at=NOW + MINUTE), LedgerState.PROMISED),
        (promise(due_at=NOW), LedgerState.DUE),
        (promise(NoticeStatus.SENT, sent_at=NOW), LedgerState.SENT),
        (promise(NoticeStatus.DELIVERED, sent_at=NOW, delivered_at=NOW), LedgerState.DELIVERED),
        (promise(NoticeStatus.DELIVERED, delivered_at=NOW, read_at=NOW), LedgerState.READ),
        (promise(NoticeStatus.DROPPED, reason="opted_out"), LedgerState.DROPPED),
        (promise(NoticeStatus.BOUNCED, reason="bounced: no such user"), LedgerState.FAILED),
        (promise(NoticeStatus.FAILED, reason="gave_up"), LedgerState.FAILED),
        (promise(NoticeStatus.FAILED, reason="outdated", start_at=START - DAY), LedgerState.REPLACED),
        (promise(NoticeStatus.FAILED, reason="outdated", start_at=START), LedgerState.DROPPED),
        (promise(NoticeStatus.FAILED, reason="outdated"), LedgerState.DROPPED),
    ],
)
def test_state_of_a_message(given: Promise, expected: LedgerState) -> None:
    assert state_of(given, BOOKING, NOW) is expected


def test_state_of_a_reminder_of_a_cancelled_booking_is_dropped_not_replaced() -> None:
    moved_then_cancelled = promise(NoticeStatus.FAILED, reason="outdated", start_at=START - DAY)
    cancelled = replace(BOOKING, status=BookingStatus.CANCELLED)
    assert state_of(moved_then_cancelled, cancelled, NOW) is LedgerState.DROPPED


def test_planned_reminders_follow_moves_and_end_with_the_cancellation() -> None:
    booking = BOOKING
    for days in (0, 5, 1, 9):
        booking = replace(booking, start_at=START + timedelta(days=days))
        assert planned_reminders(booking, NOW) == [booking.start_at - DAY, booking.start_at - 2 * HOUR]
    for status in set(BookingStatus) - {BookingStatus.CONFIRMED}:
        assert planned_reminders(replace(booking, status=status), NOW) == []


def test_planned_reminders_are_those_that_are_not_queued_and_not_past() -> None:
    assert planned_reminders(replace(BOOKING, reminded=frozenset({DAY})), NOW) == [START - 2 * HOUR]
    assert planned_reminders(BOOKING, START - DAY) == [START - 2 * HOUR]
    assert planned_reminders(BOOKING, START) == []


def test_ledger_has_each_step_with_its_time_and_how_late_it_was() -> None:
    failed = Attempt(NOW, NOW + MINUTE, "unavailable", "http_429")
    sent = promise(NoticeStatus.DELIVERED, sent_at=NOW + 2 * MINUTE, delivered_at=NOW + 3 * MINUTE, attempts=(failed,))
    [entry] = ledger([sent], replace(BOOKING, offsets=()), NOW + HOUR)
    assert entry.late_by == 2 * MINUTE
    assert entry.steps == [
        (LedgerState.PROMISED, NOW - HOUR),
        (LedgerState.DUE, NOW),
        (LedgerState.SENT, NOW + 2 * MINUTE),
        (LedgerState.DELIVERED, NOW + 3 * MINUTE),
    ]
    assert entry.attempts == (failed,)


def test_ledger_dates_the_end_of_a_message_by_its_last_attempt() -> None:
    tried = (
        Attempt(NOW, NOW + MINUTE, "unavailable", None),
        Attempt(NOW + HOUR, NOW + 2 * HOUR, "refused", "http_400"),
    )
    [entry] = ledger(
        [promise(NoticeStatus.FAILED, reason="http_400", attempts=tried)], replace(BOOKING, offsets=()), NOW
    )
    assert entry.steps[-1] == (LedgerState.FAILED, NOW + 2 * HOUR)
    assert entry.late_by is None


def test_ledger_is_in_the_order_of_time_with_what_is_planned() -> None:
    entries = ledger([promise(NoticeStatus.SENT, sent_at=NOW)], BOOKING, NOW)
    assert [entry.state for entry in entries] == [LedgerState.SENT, LedgerState.PLANNED, LedgerState.PLANNED]
    assert [entry.due_at for entry in entries] == [NOW, START - DAY, START - 2 * HOUR]


def test_delivery_rate_counts_what_is_known() -> None:
    assert delivery_rate(0, 0, 0) is None
    assert delivery_rate(3, 1, 0) == 0.75
    assert delivery_rate(2, 0, 1) == 0.6667
