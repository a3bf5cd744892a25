"""Who competes for a time with many free units goes on to the next free one at once, and waits for nobody."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from db.bookings.candidates import Candidate, CandidateStore, FirstFree
from db.bookings.commands.hold_request import HoldRequest
from db.engine.session import Database, UnitOfWork
from domain.bookings.view import BookingView
from domain.scheduling.availability.model import ClaimPlan
from tests.api.conftest import Statements
from tests.races.crowd import deadlocks
from tests.support import data, servers
from tests.support.data import HOUR, NOW, Salon, single

TOMORROW = NOW + 24 * HOUR
UNITS = 12
#: Parts of the statements that claim, look for a free unit, or look for lapsed holds in the way.
OF_CLAIMS = ("INSERT INTO resource_claims", "app_first_free", "SELECT DISTINCT c.booking_id, c.offer_id")


@pytest_asyncio.fixture
async def pool(shared_database: servers.Database) -> AsyncIterator[Database]:
    patient = {"database_pool_timeout": timedelta(minutes=4), "database_lock_timeout": timedelta(minutes=1)}
    async with data.opened(shared_database, database_pool_size=UNITS + 1, **patient) as opened:
        yield opened


@pytest.fixture
def same_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda _limit: 0)


async def add_team(pool: Database) -> tuple[Salon, UUID, list[UUID]]:
    salon = await data.add_salon(pool)
    people = [await data.add_resource(pool, salon.business_id) for _ in range(UNITS)]
    return salon, await data.add_service(pool, salon.business_id, *people), people


async def book(work: UnitOfWork, service: UUID, user: UUID) -> BookingView:
    return await work.bookings.holds.hold(HoldRequest(single(service), TOMORROW, user_id=user), NOW)


@pytest.mark.usefixtures("same_draw")
async def test_racers_for_as_many_units_all_win_with_few_statements(pool: Database) -> None:
    """All reach for the same one first. Three statements each: an attempt, and where that met another racer one look
    and one more attempt."""
    salon, service, _ = await add_team(pool)
    racers = [await data.add_user(pool, email_verified_at=NOW) for _ in range(UNITS)]
    before, seen = await deadlocks(pool), Statements.of(pool)

    async def race(user: UUID) -> BookingView:
        async with pool.unit_of_work(salon.scope) as work:
            return await book(work, service, user)

    won = await asyncio.gather(*map(race, racers))
    sent = [statement for statement in seen.sent if any(one in statement for one in OF_CLAIMS)]
    assert len(won) == UNITS
    held = await data.rows(
        pool,
        "SELECT count(DISTINCT resource_id) AS n FROM resource_claims WHERE starts_at = :at AND business_id = :b",
        at=TOMORROW,
        b=salon.business_id,
    )
    assert held[0]["n"] == UNITS
    assert len(sent) <= 3 * UNITS, Counter(sent)
    assert await deadlocks(pool) == before


@pytest.mark.usefixtures("same_draw")
async def test_hold_does_not_wait_for_another_while_a_unit_is_free(pool: Database) -> None:
    """The unit that all reach for first is claimed by a transaction that stays open; the others end before it."""
    salon, service, _ = await add_team(pool)
    racers = [await data.add_user(pool, email_verified_at=NOW) for _ in range(UNITS)]
    async with asyncio.timeout(30), pool.unit_of_work(salon.scope) as first:
        await first.session.execute(text("SET LOCAL lock_timeout = '1s'"))
        await book(first, service, racers[0])
        for user in racers[1:]:
            async with pool.unit_of_work(salon.scope) as work:
                await work.session.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await book(work, service, user)


def claim(resource: UUID, unit: int = 0, hour: int = 0) -> Candidate:
    start = TOMORROW + hour * HOUR
    return (ClaimPlan(0, 0, resource, unit, start, start + HOUR),)


async def test_first_free_skips_taken_and_busy_candidates(pool: Database) -> None:
    salon, _, people = await add_team(pool)
    taken, busy, partly, free = people[:4]
    await data.add_booking(pool, replace(salon, resources=(taken, taken)), TOMORROW)
    asked = [claim(taken), claim(busy), claim(partly) + claim(busy), claim(partly)]
    async with pool.unit_of_work(salon.scope) as other, pool.unit_of_work(salon.scope) as work:
        looks = CandidateStore(work.session, work.context)
        assert await CandidateStore(other.session, other.context).first_free([claim(busy)], NOW) == FirstFree(0, None)
        assert await looks.first_free(asked[:3], NOW) == FirstFree(None, 1)
        # What was locked of a candidate that is not free is free again.
        assert await CandidateStore(other.session, other.context).first_free([claim(partly)], NOW) == FirstFree(0, None)
        assert await looks.first_free([*asked, claim(free)], NOW) == FirstFree(4, 1)
        assert await looks.first_free([claim(taken)], NOW) == FirstFree(None, None)
        assert await looks.first_free([claim(busy, hour=3)], NOW) == FirstFree(0, None), "another hour is another lock"


async def test_first_free_counts_no_lapsed_hold(pool: Database) -> None:
    salon, service, _ = await add_team(pool)
    user = await data.add_user(pool, email_verified_at=NOW)
    async with pool.unit_of_work(salon.scope) as work:
        await book(work, service, user)
    until = "UPDATE resource_claims SET holds_until = :until WHERE business_id = :b RETURNING resource_id"
    held = (await data.rows(pool, until, until=NOW, b=salon.business_id))[0]["resource_id"]
    async with pool.unit_of_work(salon.scope) as work:
        assert await CandidateStore(work.session, work.context).first_free([claim(held)], NOW) == FirstFree(0, None)
