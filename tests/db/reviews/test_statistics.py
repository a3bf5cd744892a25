"""The counted stars of a business, its services and its staff equal a recount after any changes."""

import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from db.engine.session import Scope
from db.invariants import CHECKS, Limits
from db.reviews.moderation import Decision
from db.reviews.writing import ReviewDraft
from domain.errors import DomainError
from domain.reviews.moderation import Verdict
from domain.reviews.statistics import Stars
from domain.reviews.status import RemovalReason, Subject
from tests.support.data import NOW, one_transaction, rows
from tests.support.desk import Desk
from tests.support.reviews import DAY, add_visit

Move = Callable[[UUID], Awaitable[object]]
LATER = NOW + 4 * DAY


def moves(desk: Desk, chance: random.Random) -> list[Move]:
    """Everything that may change stars, as the platform does it."""

    def decided(verdict: Verdict) -> Move:
        decision = Decision(verdict, f"{chance.random()}", None, RemovalReason.OTHER)
        return lambda review: desk.within(lambda work: work.reviews.decide(review, decision, LATER))

    draft = ReviewDraft(chance.randint(1, 5))
    return [
        lambda review: desk.within(lambda work: work.reviews.edit(review, draft, NOW)),
        lambda review: desk.within(lambda work: work.reviews.advance(review, LATER)),
        lambda review: desk.within(lambda work: work.reviews.delete(review, LATER)),
        *(decided(verdict) for verdict in Verdict),
    ]


async def recount(desk: Desk) -> dict[tuple[str, UUID], Stars]:
    """From the reviews themselves."""
    found: dict[tuple[str, UUID], list[int]] = {}
    published = """SELECT rating, service_ids, staff_ids FROM reviews
                    WHERE business_id = :id AND status = 'published' AND deleted_at IS NULL"""
    for row in await rows(desk.database, published, id=desk.salon.business_id):
        keys = [("business", desk.salon.business_id)]
        keys += [("service", one) for one in row["service_ids"]] + [("staff", one) for one in row["staff_ids"]]
        for key in keys:
            found.setdefault(key, []).append(row["rating"])
    return {key: Stars.of(ratings) for key, ratings in found.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_stars_equal_a_recount_after_any_changes(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    reviews = []
    async with one_transaction(desk.database):
        visits = [await add_visit(desk.database, desk.salon, resource=number % 2) for number in range(6)]
    for visit in visits:
        draft = ReviewDraft(chance.randint(1, 5))
        reviews.append(await desk.within(lambda work, v=visit, d=draft: work.reviews.post(v, d, NOW)))
    done = 0
    for _ in range(40):
        try:
            await chance.choice(moves(desk, chance))(chance.choice(reviews))
        except DomainError:  # the present state does not allow it
            continue
        done += 1
        counted = await desk.within(lambda work: work.reviews.stars(desk.salon.business_id))
        kept = {(one.subject.value, one.subject_id): one.stars for one in counted.parts}
        if counted.whole.count:
            kept["business", desk.salon.business_id] = counted.whole
        assert kept == await recount(desk)
    assert done > 10
    [check] = [one for one in CHECKS if one.name == "stars"]
    async with desk.database.unit_of_work(Scope.platform()) as work:
        found = [finding async for finding in work.invariants.run(check, LATER, Limits())]
    assert [one for one in found if one.ids["business_id"] == str(desk.salon.business_id)] == []


async def test_stars_of_parts_name_them(desk: Desk) -> None:
    visit = await add_visit(desk.database, desk.salon, resource=1)
    review = await desk.within(lambda work: work.reviews.post(visit, ReviewDraft(4), NOW))
    assert (await desk.within(lambda work: work.reviews.stars(desk.salon.business_id))).whole == Stars()
    await desk.within(lambda work: work.reviews.advance(review, LATER))
    counted = await desk.within(lambda work: work.reviews.stars(desk.salon.business_id))
    four = Stars((0, 0, 0, 1, 0))
    assert counted.whole == four
    assert [(one.subject, one.subject_id, one.name["en"], one.stars) for one in counted.parts] == [
        (Subject.SERVICE, desk.salon.service_id, "Cut", four),
        (Subject.STAFF, desk.salon.resources[1], "Jiro", four),
    ]
