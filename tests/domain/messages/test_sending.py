"""When a message may be sent, and what an attempt makes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.booking_status import BookingStatus
from domain.messages.kinds import NoticeKind, NoticeStatus
from domain.messages.sending import (
    UNKNOWN_FOR,
    AttemptOutcome,
    NextAttempt,
    NoticeFacts,
    after_attempt,
    after_giving_up,
    next_attempt,
    why_not_send,
)

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
N, A, K, B = NoticeStatus, AttemptOutcome, NoticeKind, BookingStatus


@pytest.mark.parametrize(
    ("status", "channel", "last_open", "step", "wait"),
    [
        (N.QUEUED, "email", None, NextAttempt.OPEN, timedelta()),
        (N.QUEUED, "email", NOW - SECOND, NextAttempt.WAIT, UNKNOWN_FOR - SECOND),
        (N.QUEUED, "email", NOW - UNKNOWN_FOR, NextAttempt.OPEN, timedelta()),
        (N.QUEUED, "in_app", None, NextAttempt.NOTHING, timedelta()),
        (N.SENT, "email", None, NextAttempt.NOTHING, timedelta()),
        (N.FAILED, "email", NOW - SECOND, NextAttempt.NOTHING, timedelta()),
    ],
)
def test_next_attempt(status: N, channel: str, last_open: datetime | None, step: NextAttempt, wait: timedelta) -> None:
    assert next_attempt(status, channel, last_open, NOW) == (step, wait)


@pytest.mark.parametrize(
    ("status", "outcome", "after"),
    [
        (N.QUEUED, A.ACCEPTED, N.SENT),
        (N.FAILED, A.ACCEPTED, N.SENT),
        (N.DELIVERED, A.ACCEPTED, N.DELIVERED),
        (N.BOUNCED, A.ACCEPTED, N.BOUNCED),
        (N.QUEUED, A.REFUSED, N.FAILED),
        (N.SENT, A.REFUSED, N.SENT),
        (N.QUEUED, A.UNAVAILABLE, N.QUEUED),
        (N.QUEUED, A.UNKNOWN, N.QUEUED),
    ],
)
def test_after_attempt(status: N, outcome: A, after: N) -> None:
    assert after_attempt(status, outcome) is after


def test_after_giving_up_only_a_queued_message_has_failed() -> None:
    assert [after_giving_up(status) for status in N] == [N.FAILED if status is N.QUEUED else status for status in N]


REMINDER = NoticeFacts(K.BOOKING_REMINDER, True, B.CONFIRMED, NOW + HOUR, NOW + HOUR)
HELD = NoticeFacts(K.BOOKING_HELD, True, B.PENDING, NOW + HOUR)
PROOF = NoticeFacts(K.BOOKING_PROOF, True, B.PENDING, NOW + HOUR, proof_deadline=NOW + SECOND)
VOUCHER = NoticeFacts(K.PAYMENT_VOUCHER, True, B.PENDING, NOW + HOUR, pay_until=NOW + SECOND)
CONFIRMED = NoticeFacts(K.BOOKING_CONFIRMED, True, B.COMPLETED, NOW - HOUR)


@pytest.mark.parametrize(
    "facts", [REMINDER, replace(REMINDER, reminded_start_at=None), HELD, PROOF, VOUCHER, CONFIRMED]
)
def test_why_not_send_says_nothing_of_a_message_in_time(facts: NoticeFacts) -> None:
    assert why_not_send(facts, NOW) is None


@pytest.mark.parametrize(
    "facts",
    [
        replace(REMINDER, booking_status=B.CANCELLED),
        replace(REMINDER, start_at=NOW, reminded_start_at=NOW),
        replace(REMINDER, reminded_start_at=NOW + 2 * HOUR),
        replace(HELD, booking_status=B.CONFIRMED),
        replace(HELD, has_money=True),
        replace(PROOF, proof_deadline=None),
        replace(PROOF, proof_deadline=NOW),
        replace(VOUCHER, pay_until=NOW),
        replace(VOUCHER, has_money=True),
        replace(VOUCHER, booking_status=B.EXPIRED),
        replace(CONFIRMED, booking_status=B.CANCELLED),
    ],
)
def test_why_not_send_names_what_is_outdated(facts: NoticeFacts) -> None:
    assert why_not_send(facts, NOW) == "outdated"


def test_why_not_send_needs_an_address_before_all_else() -> None:
    assert why_not_send(replace(HELD, has_address=False, has_money=True), NOW) == "no_address"


def test_why_not_send_never_holds_back_what_has_happened() -> None:
    asks = {K.BOOKING_REMINDER, K.BOOKING_HELD, K.BOOKING_PROOF, K.REVIEW_REQUESTED, K.PAYMENT_VOUCHER}
    for kind in set(K) - asks - {K.BOOKING_CONFIRMED}:
        assert why_not_send(NoticeFacts(kind, True, B.CANCELLED, NOW - HOUR), NOW) is None


@pytest.mark.parametrize(
    ("status", "is_reviewed", "reason"),
    [(B.COMPLETED, False, None), (B.COMPLETED, True, "outdated"), (B.CHECKED_IN, False, "outdated")],
)
def test_why_not_send_a_request_for_a_review(status: B, is_reviewed: bool, reason: str | None) -> None:
    facts = NoticeFacts(K.REVIEW_REQUESTED, True, status, NOW - HOUR, is_reviewed=is_reviewed)
    assert why_not_send(facts, NOW) == reason
