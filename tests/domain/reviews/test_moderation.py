"""Requests for moderation, decisions, deadlines, and the next step of a review's workflow."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import InvalidInput, RuleBroken, WrongState
from domain.reviews.moderation import (
    BECOMES,
    DECIDE_WITHIN,
    REPORTS_FOR_A_REQUEST,
    RequestFacts,
    Verdict,
    becomes_request,
    check_request,
    decide_by,
    status_after,
)
from domain.reviews.next_step import ReviewFacts, ReviewStep, next_step
from domain.reviews.status import ALLOWED, STEPS, PublicationStatus, RemovalReason

P, V = PublicationStatus, Verdict
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WHY = RemovalReason.OFFENSIVE

#: Written out by hand, to be compared with the table: from, verdict, to.
MOVES = {
    (P.PENDING, V.PUBLISH): P.PUBLISHED,
    (P.PENDING, V.HIDE): P.HIDDEN,
    (P.PENDING, V.REJECT): P.REJECTED,
    (P.PUBLISHED, V.PUBLISH): P.PUBLISHED,
    (P.PUBLISHED, V.HIDE): P.HIDDEN,
    (P.HIDDEN, V.PUBLISH): P.PUBLISHED,
}


@pytest.mark.parametrize("current", list(P))
@pytest.mark.parametrize("verdict", list(V))
def test_status_after_follows_the_table(current: P, verdict: V) -> None:
    wanted = MOVES.get((current, verdict))
    if wanted is not None:
        assert status_after(current, verdict, WHY) is wanted
        return
    with pytest.raises(WrongState) as refused:
        status_after(current, verdict, WHY)
    assert refused.value.details == {"status": current.value, "wanted": BECOMES[verdict].value}


@pytest.mark.parametrize("verdict", [V.HIDE, V.REJECT])
def test_status_after_needs_a_reason_for_taking_down(verdict: V) -> None:
    with pytest.raises(InvalidInput):
        status_after(P.PENDING, verdict, None)
    assert status_after(P.PENDING, V.PUBLISH, None) is P.PUBLISHED


def test_steps_are_the_table() -> None:
    assert set(STEPS) == {f"{before}>{after}" for before, to in ALLOWED.items() for after in to}
    assert len(STEPS) == 5


@pytest.mark.parametrize("status", [P.HIDDEN, P.REJECTED])
def test_check_request_refuses_what_is_not_public(status: P) -> None:
    with pytest.raises(WrongState):
        check_request(RequestFacts(status))


def test_check_request_is_once_for_a_text() -> None:
    check_request(RequestFacts(P.PENDING))
    check_request(RequestFacts(P.PUBLISHED))
    with pytest.raises(RuleBroken, match="review_is_moderated"):
        check_request(RequestFacts(P.PUBLISHED, is_open=True))
    with pytest.raises(RuleBroken, match="review_was_moderated"):
        check_request(RequestFacts(P.PUBLISHED, is_decided=True))


def test_becomes_request_is_true_for_one_report() -> None:
    assert [number for number in range(10) if becomes_request(number)] == [REPORTS_FOR_A_REQUEST]


def test_next_step_publishes_a_pending_review_at_its_time() -> None:
    review = ReviewFacts(P.PENDING, NOW)
    assert next_step(review, NOW - HOUR) == ReviewStep(NOW)
    assert next_step(review, NOW) == ReviewStep(None, publishes=True)


@pytest.mark.parametrize("status", [P.PUBLISHED, P.HIDDEN, P.REJECTED])
def test_next_step_is_nothing_for_a_review_at_rest(status: P) -> None:
    assert next_step(ReviewFacts(status, NOW), NOW) == ReviewStep(None)


@pytest.mark.parametrize(
    ("hours", "reminders", "next_hours"), [(0, 0, 24), (23, 0, 24), (24, 1, 72), (71, 1, 72), (72, 2, 168)]
)
def test_next_step_reminds_operators_of_an_open_request(hours: int, reminders: int, next_hours: int) -> None:
    review = ReviewFacts(P.PENDING, NOW - HOUR, NOW, decide_by(NOW))
    assert next_step(review, NOW + hours * HOUR) == ReviewStep(NOW + next_hours * HOUR, reminders=reminders)


def test_next_step_closes_a_request_without_a_decision() -> None:
    review = ReviewFacts(P.PUBLISHED, NOW, NOW, decide_by(NOW))
    assert next_step(review, NOW + DECIDE_WITHIN) == ReviewStep(None, closes=True)
