"""Sessions end when they should, and a refresh token works once."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from db.engine.context import Context
from db.engine.session import Database, Scope
from db.identity.sessions import Rotated, Rotation
from domain.errors import NotFound
from domain.identity.sessions import SessionEnd
from tests.support import data
from tests.support.data import HOUR, NOW

WEEK = timedelta(days=7)
PHONE = Context(ip="203.0.113.7", user_agent="Phone/1.0")


@dataclass
class Person:
    """A login, and what its device does."""

    pool: Database
    id: UUID

    async def open(self, token: str, password_hash: str = "!") -> UUID | None:  # noqa: S107 - no password
        async with self.pool.unit_of_work(Scope.public(), PHONE) as work:
            return await work.identity.sessions.open(self.id, password_hash, token, NOW, NOW + WEEK, two_factor=False)

    async def rotate(self, token: str, fresh: str, after: timedelta = HOUR) -> Rotated:
        async with self.pool.unit_of_work(Scope.public(), PHONE) as work:
            return await work.identity.sessions.rotate(token, fresh, NOW + after, NOW + after + WEEK)

    async def revoke_all(self, kept: UUID | None = None) -> None:
        async with self.pool.unit_of_work(Scope.self_(self.id)) as work:
            await work.identity.sessions.revoke_all(self.id, kept, reason=SessionEnd.PASSWORD_CHANGED)

    async def live(self) -> set[UUID]:
        async with self.pool.unit_of_work(Scope.self_(self.id)) as work:
            return {row.id for row in await work.identity.sessions.list_(self.id, NOW, None, 100)}


@pytest_asyncio.fixture
async def person(pool: Database) -> Person:
    return Person(pool, await data.add_user(pool))


async def test_session_is_used_and_moves_on(person: Person) -> None:
    session_id = await person.open("one")
    used = await person.rotate("one", "two", 6 * 24 * HOUR)
    assert used == Rotated(Rotation.ROTATED, session_id, person.id)
    async with person.pool.unit_of_work(Scope.self_(person.id)) as work:
        [row] = await work.identity.sessions.list_(person.id, NOW, None, 100)
    assert (row.id, row.ip, row.user_agent) == (session_id, "203.0.113.7", "Phone/1.0")
    assert row.last_used_at == NOW + 6 * 24 * HOUR
    assert row.expires_at == row.last_used_at + WEEK


async def test_token_is_stored_as_a_digest_alone(person: Person) -> None:
    await person.open("a-token-to-look-for")
    [row] = await data.rows(person.pool, "SELECT token_hash, t::text AS whole FROM refresh_tokens t")
    assert len(row["token_hash"]) == 32
    assert "a-token-to-look-for" not in row["whole"]


async def test_replay_ends_the_session_for_both_who_hold_it(person: Person) -> None:
    session_id = await person.open("one")
    other = await person.open("other")
    await person.rotate("one", "two")
    assert await person.rotate("one", "three") == Rotated(Rotation.REPLAYED, session_id, person.id)
    assert await person.live() == {other}
    # Once: what follows finds a session that is over.
    assert (await person.rotate("one", "four")).outcome is Rotation.REFUSED
    assert (await person.rotate("two", "five")).outcome is Rotation.REFUSED
    [row] = await data.rows(person.pool, "SELECT end_reason FROM user_sessions WHERE id = :id", id=session_id)
    assert row["end_reason"] == "token_reused"


@pytest.mark.parametrize("many", [2, 6])
async def test_same_token_at_once_wins_once(person: Person, many: int) -> None:
    await person.open("one")
    found = await asyncio.gather(*(person.rotate("one", f"fresh{number}") for number in range(many)))
    outcomes = sorted(rotated.outcome for rotated in found)
    assert outcomes.count(Rotation.ROTATED) == 1
    assert outcomes.count(Rotation.REPLAYED) == 1
    assert await person.live() == set()


async def test_unknown_and_old_tokens_are_refused_and_end_nothing(person: Person) -> None:
    session_id = await person.open("one")
    assert (await person.rotate("unknown", "x")).outcome is Rotation.REFUSED
    assert (await person.rotate("one", "x", WEEK)).outcome is Rotation.REFUSED
    assert await person.live() == {session_id}


async def test_sessions_other_than_this_one_end(person: Person) -> None:
    kept, _ = await person.open("one"), await person.open("two")
    other_person = Person(person.pool, await data.add_user(person.pool))
    other = await other_person.open("theirs")
    await person.revoke_all(kept)
    assert await person.live() == {kept}
    assert await other_person.live() == {other}
    assert (await person.rotate("two", "x")).outcome is Rotation.REFUSED
    await person.revoke_all()
    assert await person.live() == set()
    assert (await person.rotate("one", "x")).outcome is Rotation.REFUSED


async def test_session_of_another_user_is_not_ended(person: Person) -> None:
    mine = await person.open("one")
    assert mine is not None
    for user_id, session_id in ((uuid4(), mine), (person.id, uuid4())):
        with pytest.raises(NotFound):
            async with person.pool.unit_of_work(Scope.self_(user_id)) as work:
                await work.identity.sessions.revoke(user_id, session_id, NOW, SessionEnd.REVOKED)
    assert await person.live() == {mine}


async def test_login_with_the_old_password_does_not_outlive_its_change(person: Person) -> None:
    """It checked the old password, then waited for the change under way: no session comes of it."""
    async with person.pool.unit_of_work(Scope.self_(person.id)) as work:
        await work.session.execute(text("UPDATE users SET password_hash = 'changed' WHERE id = :id"), {"id": person.id})
        late = asyncio.create_task(person.open("late"))
        done, _ = await asyncio.wait({late}, timeout=0.3)
        assert not done, "it must wait for the change"
        await work.identity.sessions.revoke_all(person.id)
    assert await late is None
    assert await person.open("new", password_hash="changed") is not None
    assert len(await person.live()) == 1


async def test_closed_login_opens_and_refreshes_nothing(person: Person) -> None:
    await person.open("one")
    await data.rows(person.pool, "UPDATE users SET deleted_at = now() WHERE id = :id", id=person.id)
    assert await person.open("two") is None
    assert (await person.rotate("one", "three")).outcome is Rotation.REFUSED
