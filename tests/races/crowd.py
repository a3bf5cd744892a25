"""Many steps at once over a pool of connections: so many transactions overlap as there are connections."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from sqlalchemy import text

from db.engine.session import Database
from domain.errors import DomainError, Unavailable
from tests.support.data import rows

T = TypeVar("T")

#: A lost deadlock, or no connection in time: the caller sends the same request again, at most so often.
TRIES = 5


async def answers(steps: Iterable[Callable[[], Awaitable[T]]]) -> list[T | DomainError]:
    """What each step gave, refusals included, in their order. A step that must be repeated is repeated."""

    async def run(step: Callable[[], Awaitable[T]]) -> T | DomainError:
        for _ in range(TRIES - 1):
            try:
                return await step()
            except Unavailable:
                continue
            except DomainError as refusal:
                return refusal
        try:
            return await step()
        except DomainError as refusal:
            return refusal

    return list(await asyncio.gather(*(run(step) for step in steps)))


async def deadlocks(database: Database) -> int:
    """How many Postgres has ended in this database."""
    found = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    async with database.engine.connect() as connection:
        # The counts of a connection are written when it is idle.
        await connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    return int((await rows(database, found))[0]["deadlocks"])
