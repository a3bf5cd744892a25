"""Two reviews of one visit at once, and a deletion against a decision; each with a control."""

from uuid import UUID

import pytest
from sqlalchemy import text

from db.reviews import writing
from db.reviews.moderation import Decision
from db.reviews.writing import ReviewDraft
from domain.errors import AlreadyExists, NotFound, RuleBroken
from domain.reviews.moderation import REPORTS_FOR_A_REQUEST, Verdict
from domain.reviews.status import RemovalReason
from tests.races.overlap import Step, overlap
from tests.support.data import NOW, rows
from tests.support.desk import Desk
from tests.support.reviews import add_reviewed_visit, add_visit


def post(booking_id: UUID, rating: int) -> Step:
    return lambda work: work.reviews.post(booking_id, ReviewDraft(rating), NOW)


def delete(review_id: UUID) -> Step:
    return lambda work: work.reviews.delete(review_id, NOW)


def hide(review_id: UUID) -> Step:
    decision = Decision(Verdict.HIDE, f"hide {review_id}", None, RemovalReason.OTHER)
    return lambda work: work.reviews.decide(review_id, decision, NOW)


async def messages(desk: Desk) -> int:
    found = "SELECT id FROM notification_outbox WHERE business_id = :id AND kind = 'review_decided'"
    return len(await rows(desk.database, found, id=desk.salon.business_id))


async def test_post_twice_at_once_writes_one_review(desk: Desk) -> None:
    booking = await add_visit(desk.database, desk.salon)
    made, refusal = await overlap(desk.database, desk.salon.scope, post(booking, 5), post(booking, 1))
    assert isinstance(refusal, AlreadyExists)
    found = await rows(desk.database, "SELECT id, rating FROM reviews WHERE booking_id = :id", id=booking)
    assert [(row["id"], row["rating"]) for row in found] == [(made, 5)]


async def test_post_twice_at_once_reaches_the_constraint(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the check before alone does not stop the second one; it reaches the insert."""
    booking = await add_visit(desk.database, desk.salon)
    statement = writing._INSERT.text.replace("ON CONFLICT (booking_id) DO NOTHING", "ON CONFLICT (id) DO NOTHING")
    assert statement != writing._INSERT.text
    monkeypatch.setattr(writing, "_INSERT", text(statement).bindparams(*writing._INSERT._bindparams.values()))
    with pytest.raises(Exception, match="uq_reviews_booking_id"):
        await overlap(desk.database, desk.salon.scope, post(booking, 5), post(booking, 1))


def ask(review_id: UUID) -> Step:
    return lambda work: work.reviews.request(review_id, RemovalReason.OTHER, None, None, NOW)


def report(review_id: UUID, reporter: str) -> Step:
    return lambda work: work.reviews.report(review_id, reporter, RemovalReason.OTHER, NOW)


async def open_requests(desk: Desk, review_id: UUID) -> int:
    found = "SELECT id FROM review_moderations WHERE review_id = :id AND outcome IS NULL"
    return len(await rows(desk.database, found, id=review_id))


async def test_request_twice_at_once_is_one_request(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    _, refusal = await overlap(desk.database, desk.salon.scope, ask(review), ask(review))
    assert isinstance(refusal, RuleBroken)
    assert await open_requests(desk, review) == 1


async def test_report_at_once_with_a_request_is_noted_beside_it(desk: Desk) -> None:
    """The report that makes a request of its own finds the one of the business."""
    review = await add_reviewed_visit(desk.database, desk.salon)
    for number in range(REPORTS_FOR_A_REQUEST - 1):
        await desk.within(report(review, f"reader {number}"))
    await overlap(desk.database, desk.salon.scope, ask(review), report(review, "one more"))
    assert await open_requests(desk, review) == 1


@pytest.mark.parametrize("deleted_first", [True, False])
async def test_delete_and_decision_at_once_leave_a_deleted_review(desk: Desk, deleted_first: bool) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    steps = (delete(review), hide(review)) if deleted_first else (hide(review), delete(review))
    _, second = await overlap(desk.database, desk.salon.scope, *steps)
    assert isinstance(second, NotFound) == deleted_first
    [row] = await rows(desk.database, "SELECT body, deleted_at FROM reviews WHERE id = :id", id=review)
    assert (row["body"], row["deleted_at"]) == (None, NOW)
    assert (await desk.within(lambda work: work.reviews.stars(desk.salon.business_id))).whole.count == 0
    assert await messages(desk) == (0 if deleted_first else 2)


async def test_decision_about_a_deleted_review_is_made_without_the_lock(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without the lock the operator decides about a review that is being deleted."""
    review = await add_reviewed_visit(desk.database, desk.salon)
    statement = writing._LOCK.text.replace("FOR NO KEY UPDATE OF r", "")
    assert statement != writing._LOCK.text
    monkeypatch.setattr(writing, "_LOCK", text(statement))
    _, second = await overlap(desk.database, desk.salon.scope, delete(review), hide(review))
    assert not isinstance(second, NotFound)
    assert await messages(desk) == 2
