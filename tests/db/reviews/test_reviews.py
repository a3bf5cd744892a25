"""Reviews in Postgres: one for a visit, what is stored, who is notified, and what a deletion leaves."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from db.engine.session import Scope
from db.reviews.queries import ReviewFilter
from db.reviews.writing import ReviewDraft
from domain.errors import AlreadyExists, NotFound, RuleBroken, WrongState
from domain.reviews.statistics import Stars
from domain.reviews.writing import WRITE_WITHIN
from tests.support.data import HOUR, NOW, add_booking, add_salon, rows
from tests.support.desk import Desk
from tests.support.reviews import DAY, LATELY, add_reviewed_visit, add_visit

GOOD = ReviewDraft(5, "とても良かったです。<b>また</b>行きます", "はな好き")


async def post(desk: Desk, booking_id: UUID, draft: ReviewDraft = GOOD, now: Any = NOW) -> UUID:
    review: UUID = await desk.within(lambda work: work.reviews.post(booking_id, draft, now))
    return review


async def row_of(desk: Desk, review_id: UUID) -> dict[str, Any]:
    return (await rows(desk.database, "SELECT * FROM reviews WHERE id = :id", id=review_id))[0]


async def notified(desk: Desk) -> list[tuple[str, str]]:
    found = "SELECT kind, audience FROM notification_outbox WHERE business_id = :id AND kind LIKE 'review%' ORDER BY id"
    return [(row["kind"], row["audience"]) for row in await rows(desk.database, found, id=desk.salon.business_id)]


async def test_post_keeps_what_was_written_and_what_was_visited(desk: Desk) -> None:
    booking = await add_visit(desk.database, desk.salon)
    review = await row_of(desk, await post(desk, booking))
    assert (review["status"], review["rating"], review["body"]) == ("pending", 5, GOOD.body)
    assert review["service_ids"] == [desk.salon.service_id]
    assert review["staff_ids"] == [desk.salon.resources[0]]
    assert review["visited_on"] == NOW.date()
    assert review["editable_until"] == LATELY + HOUR + WRITE_WITHIN
    assert NOW + DAY <= review["publish_at"] < NOW + 3 * DAY
    assert review["id"].version == 4, "an ordered id would show when it was written"
    assert await notified(desk) == [("review_posted", "business")]
    [command] = await desk.outbox_commands("review.changed")
    assert set(command["payload"]) == {"review_id", "business_id"}


async def test_post_takes_one_review_for_a_visit_even_after_its_deletion(desk: Desk) -> None:
    booking = await add_visit(desk.database, desk.salon)
    review = await post(desk, booking)
    with pytest.raises(AlreadyExists):
        await post(desk, booking)
    await desk.within(lambda work: work.reviews.delete(review, NOW))
    with pytest.raises(AlreadyExists):
        await post(desk, booking)


async def test_post_refuses_a_visit_that_is_not_over(desk: Desk) -> None:
    booking = await add_booking(desk.database, desk.salon)
    with pytest.raises(RuleBroken):
        await post(desk, booking)


async def test_edit_counts_versions_and_changes_the_stars(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    await desk.within(lambda work: work.reviews.edit(review, ReviewDraft(2, None), NOW))
    row = await row_of(desk, review)
    assert (row["rating"], row["body"], row["version"], row["status"]) == (2, None, 2, "published")
    assert await stars(desk) == Stars((0, 1, 0, 0, 0))


async def test_delete_leaves_no_text_and_no_star(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon, reply="ありがとう", replied_at=NOW)
    kept = await add_reviewed_visit(desk.database, desk.salon, rating=3)
    await desk.within(lambda work: work.reviews.delete(review, NOW))
    row = await row_of(desk, review)
    assert (row["body"], row["display_name"], row["reply"]) == (None, None, None)
    assert await stars(desk) == Stars((0, 0, 1, 0, 0))
    public = await desk.within(lambda work: work.reviews.list_public(desk.salon.business_id, ReviewFilter(), 10))
    assert [one.id for one in public] == [kept]
    for gone in (lambda work: work.reviews.get(review), lambda work: work.reviews.delete(review, NOW)):
        with pytest.raises(NotFound):
            await desk.within(gone)


async def test_deleted_review_with_a_text_is_refused_by_the_table(desk: Desk) -> None:
    with pytest.raises(IntegrityError, match="deleted_is_empty"):
        await add_reviewed_visit(desk.database, desk.salon, deleted_at=NOW)


async def test_reply_is_one_and_its_author_is_notified_once(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    for text in ("ありがとうございます", "ありがとうございました"):
        await desk.within(lambda work, text=text: work.reviews.reply(review, text, desk.salon.owner_id, NOW))
    row = await row_of(desk, review)
    assert (row["reply"], row["reply_is_edited"], row["replied_at"]) == ("ありがとうございました", True, NOW)
    assert await notified(desk) == [("review_replied", "customer")]


async def test_reply_to_a_review_that_is_not_public_is_refused(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon, status="pending", published_on=None)
    with pytest.raises(WrongState):
        await desk.within(lambda work: work.reviews.reply(review, "ありがとう", None, NOW))


@pytest.mark.parametrize(
    ("step", "allowed"),
    [
        ((None, "pending"), True),
        (("hidden", "published"), True),
        (("rejected", "published"), False),
        ((None, "published"), False),
        (("published", "pending"), False),
    ],
)
async def test_history_takes_the_steps_of_the_table_alone(
    desk: Desk, step: tuple[str | None, str], allowed: bool
) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon)
    insert = """INSERT INTO review_history (business_id, review_id, from_status, to_status, actor_kind)
                VALUES (:business, :review, :before, :after, 'system')"""
    values = {"business": desk.salon.business_id, "review": review, "before": step[0], "after": step[1]}
    if allowed:
        await rows(desk.database, insert, **values)
        return
    with pytest.raises(IntegrityError, match="step_allowed"):
        await rows(desk.database, insert, **values)


async def test_list_public_pages_by_day_and_filters(desk: Desk) -> None:
    salon, pool = desk.salon, desk.database
    found = []
    for number in range(5):
        found.append(
            await add_reviewed_visit(
                pool,
                salon,
                rating=number % 2 + 4,
                body=None if number == 0 else "text",
                published_on=(NOW - number // 2 * DAY).date(),
            )
        )
    await add_reviewed_visit(pool, salon, status="hidden", removal_reason="other")
    listed: list[UUID] = []
    after = None
    while page := await desk.within(
        lambda work, after=after: work.reviews.list_public(salon.business_id, ReviewFilter(after=after), 2)
    ):
        listed += [one.id for one in page]
        after = (page[-1].published_on, page[-1].id)
    assert sorted(listed) == sorted(found)
    assert set(listed[:2]) == set(found[:2])
    for wanted, number in (
        (ReviewFilter(rating=5), 2),
        (ReviewFilter(with_text=True), 4),
        (ReviewFilter(service_id=salon.service_id), 5),
        (ReviewFilter(staff_id=salon.resources[1]), 0),
        (ReviewFilter(service_id=uuid4()), 0),
    ):
        shown = await desk.within(lambda work, w=wanted: work.reviews.list_public(salon.business_id, w, 10))
        assert len(shown) == number, wanted


async def test_reviews_of_another_business_are_not_there(desk: Desk) -> None:
    other = await add_salon(desk.database)
    review = await add_reviewed_visit(desk.database, other)
    with pytest.raises(NotFound):
        await desk.within(lambda work: work.reviews.get(review))
    shown = await desk.within(lambda work: work.reviews.list_public(other.business_id, ReviewFilter(), 10))
    assert shown == []


async def test_login_reads_its_own_reviews_at_every_business(desk: Desk) -> None:
    review = await add_reviewed_visit(desk.database, desk.salon, status="pending", published_on=None)
    mine = Scope.self_(desk.salon.user_id)
    found = await desk.within(lambda work: work.reviews.list_of_user(desk.salon.user_id, None, 10), mine)
    assert [one.id for one in found] == [review]
    others = Scope.self_(desk.salon.owner_id)
    assert await desk.within(lambda work: work.reviews.list_of_user(desk.salon.user_id, None, 10), others) == []


async def stars(desk: Desk) -> Stars:
    counted = await desk.within(lambda work: work.reviews.stars(desk.salon.business_id))
    whole: Stars = counted.whole
    return whole
