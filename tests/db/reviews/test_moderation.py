"""Moderation in Postgres: requests, reports, decisions, reminders, and who is notified."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from db.engine.session import Scope
from db.reviews.moderation import Decision
from db.reviews.writing import ReviewDraft
from domain.errors import Conflict, NotFound, RuleBroken, WrongState
from domain.reviews.moderation import DECIDE_WITHIN, REPORTS_FOR_A_REQUEST, Verdict
from domain.reviews.next_step import ReviewStep
from domain.reviews.status import PublicationStatus, RemovalReason
from tests.support.data import HOUR, NOW, add_user, rows
from tests.support.desk import Desk
from tests.support.reviews import DAY, add_reviewed_visit

WHY = RemovalReason.PERSONAL_DATA
P = PublicationStatus


async def request(desk: Desk, review: UUID, now: Any = NOW) -> None:
    await desk.within(lambda work: work.reviews.request(review, WHY, "氏名があります", desk.salon.owner_id, now))


async def decide(desk: Desk, review: UUID, verdict: Verdict, **more: Any) -> PublicationStatus:
    decision = Decision(verdict, **{"command_id": uuid4().hex, "reason": WHY, **more})
    status: PublicationStatus = await desk.within(lambda work: work.reviews.decide(review, decision, NOW))
    return status


async def notified(desk: Desk) -> list[tuple[str, str, str]]:
    found = """SELECT audience, facts->>'outcome' AS outcome, facts->>'cause' AS cause FROM notification_outbox
                WHERE business_id = :id AND kind = 'review_decided' ORDER BY audience"""
    listed = await rows(desk.database, found, id=desk.salon.business_id)
    return [(row["audience"], row["outcome"], row["cause"]) for row in listed]


async def outcomes(desk: Desk, review: UUID) -> list[str | None]:
    found = "SELECT outcome FROM review_moderations WHERE review_id = :id ORDER BY id"
    return [row["outcome"] for row in await rows(desk.database, found, id=review)]


async def test_request_opens_once_and_wakes_the_run(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    await request(desk, review)
    with pytest.raises(RuleBroken, match="review_is_moderated"):
        await request(desk, review)
    assert len(await desk.outbox_commands("review.changed")) == 1
    [waiting] = [
        one
        for one in await desk.within(lambda work: work.reviews.list_requests(None, 1000), Scope.platform())
        if one.review.id == review
    ]
    assert (waiting.by_business, waiting.note, waiting.reason) == (True, "氏名があります", WHY.value)


async def test_request_stops_edits_and_publication(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon, status="pending", published_on=None)
    await request(desk, review)
    with pytest.raises(RuleBroken, match="review_is_moderated"):
        await desk.within(lambda work: work.reviews.edit(review, ReviewDraft(1), NOW))
    step = await desk.within(lambda work: work.reviews.advance(review, NOW + 3 * HOUR))
    assert step == ReviewStep(NOW + DAY)


async def test_decision_takes_a_review_down_and_notifies_both(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    await request(desk, review)
    assert await decide(desk, review, Verdict.HIDE, command_id="once") is P.HIDDEN
    assert await decide(desk, review, Verdict.HIDE, command_id="once") is P.HIDDEN, "a repeat changes nothing"
    assert await notified(desk) == [("business", "hidden", "personal_data"), ("customer", "hidden", "personal_data")]
    assert await outcomes(desk, review) == ["hide"]
    assert await decide(desk, review, Verdict.PUBLISH) is P.PUBLISHED
    with pytest.raises(RuleBroken, match="review_was_moderated"):
        await request(desk, review)
    history = "SELECT from_status, to_status FROM review_history WHERE review_id = :id ORDER BY id"
    steps = [(row["from_status"], row["to_status"]) for row in await rows(desk.database, history, id=review)]
    assert steps == [("published", "hidden"), ("hidden", "published")]


async def test_decision_that_keeps_a_review_notifies_the_business_alone(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    await request(desk, review)
    assert await decide(desk, review, Verdict.PUBLISH) is P.PUBLISHED
    assert await notified(desk) == [("business", "kept", "")]


async def test_decision_about_a_changed_text_is_refused(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    await desk.within(lambda work: work.reviews.edit(review, ReviewDraft(5, "別の内容"), NOW))
    with pytest.raises(Conflict):
        await decide(desk, review, Verdict.HIDE, seen=1)
    assert await decide(desk, review, Verdict.HIDE, seen=2) is P.HIDDEN
    with pytest.raises(WrongState):
        await decide(desk, review, Verdict.REJECT)


async def test_advance_reminds_once_and_closes_without_a_decision(desk: Desk) -> None:
    admin = await add_user(desk.database, platform_role="admin")
    review = await add_reviewed_visit(desk.database, desk.salon, status="pending", published_on=None)
    await request(desk, review)

    async def advance(after: Any) -> ReviewStep:
        step: ReviewStep = await desk.within(lambda work: work.reviews.advance(review, NOW + after))
        return step

    async def reminders() -> int:
        found = "SELECT id FROM notification_outbox WHERE user_id = :id AND kind = 'moderation_due'"
        return len(await rows(desk.database, found, id=admin))

    assert (await advance(HOUR), await reminders()) == (ReviewStep(NOW + DAY), 0)
    for _ in range(2):
        await advance(DAY)
    assert await reminders() == 1
    await advance(3 * DAY)
    assert await reminders() == 2
    step = await advance(DECIDE_WITHIN)
    assert (step.next_at, step.publishes) == (None, True)
    assert await outcomes(desk, review) == ["closed"]
    assert await notified(desk) == [("business", "closed", "")]
    await advance(DECIDE_WITHIN)
    [row] = await rows(desk.database, "SELECT status, published_on FROM reviews WHERE id = :id", id=review)
    assert (row["status"], row["published_on"]) == ("published", (NOW + DECIDE_WITHIN).date())
    await rows(desk.database, "UPDATE users SET deleted_at = now() WHERE id = :id", id=admin)


async def test_report_counts_a_reader_once_and_several_make_a_request(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)

    async def report(reader: str) -> None:
        await desk.within(lambda work: work.reviews.report(review, reader, RemovalReason.OFFENSIVE, NOW))

    for _ in range(5):
        await report("network:192.0.2.1")
    assert await outcomes(desk, review) == []
    for number in range(2, REPORTS_FOR_A_REQUEST + 3):
        await report(f"network:192.0.2.{number}")
    assert await outcomes(desk, review) == [None]
    stored = await rows(desk.database, "SELECT reporter FROM review_reports WHERE review_id = :id", id=review)
    assert not [row for row in stored if "192" in row["reporter"]], "the network is not stored"


async def test_report_of_a_review_that_is_not_public_finds_none(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon, status="pending", published_on=None)
    with pytest.raises(NotFound):
        await desk.within(lambda work: work.reviews.report(review, "user:1", RemovalReason.OTHER, NOW))


async def test_delete_ends_an_open_request(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    await request(desk, review)
    await desk.within(lambda work: work.reviews.delete(review, NOW))
    assert await outcomes(desk, review) == ["deleted"]
    assert await desk.within(lambda work: work.reviews.advance(review, NOW)) == ReviewStep(None)
