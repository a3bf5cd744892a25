"""Transactions that read one snapshot together."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from db.engine import snapshots
from db.engine.session import Database, UnitOfWork
from domain.errors import Unavailable
from tests.support import data
from tests.support.data import rows

_COUNT = text("SELECT count(*) FROM businesses")


async def test_read_together_reads_one_moment(pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is committed after the first began and before the second begins is seen by neither; both are open at
    the same time."""
    [before] = await rows(pool, "SELECT count(*) AS number FROM businesses")
    real, seen, both = snapshots._follow, [], asyncio.Barrier(2)

    async def follow(*arguments: Any) -> None:
        await data.add_salon(pool)
        await real(*arguments)

    async def step(work: UnitOfWork) -> None:
        async with asyncio.timeout(10):
            await both.wait()
        seen.append(await work.session.scalar(_COUNT))

    monkeypatch.setattr(snapshots, "_follow", follow)
    await snapshots.read_together(pool, 2, step)
    assert seen == [before["number"]] * 2
    [after] = await rows(pool, "SELECT count(*) AS number FROM businesses")
    assert after["number"] == before["number"] + 1


async def test_read_together_writes_nothing(pool: Database) -> None:
    """Neither the transaction that gives the snapshot nor those that take it over."""
    found: list[str] = []

    async def step(work: UnitOfWork) -> None:
        found.append(str(await work.session.scalar(text("SHOW transaction_read_only"))))
        found.append(str(await work.session.scalar(text("SHOW transaction_isolation"))))

    await snapshots.read_together(pool, 3, step)
    assert found.count("on") == found.count("repeatable read") == 3


@pytest.mark.parametrize("failing", [0, 1])
async def test_read_together_raises_what_one_raises(pool: Database, failing: int) -> None:
    """The one alone, so that an outage of Postgres is still one; nothing waits for the others."""
    begun = iter(range(2))

    async def step(work: UnitOfWork) -> None:
        if next(begun) == failing:
            raise Unavailable({"dependency": "postgres"})
        await asyncio.Event().wait()

    async with asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await snapshots.read_together(pool, 2, step)
    # No connection keeps the snapshot.
    assert await rows(pool, "SELECT 1 AS one")
    await data.add_salon(pool)
