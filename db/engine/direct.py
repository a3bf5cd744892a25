"""One statement over the driver, without a session: for what is asked often.

The statement enters its own scope (``app_enter``) and is a transaction of its own, so it takes one round trip. It goes
over a connection of the same pool as everything else, where asyncpg keeps it prepared.
"""

from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util.concurrency import greenlet_spawn

from db.engine import failures

#: The connection broke, or was closed before.
_BROKEN = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    OSError,
)


async def fetch_row(engine: AsyncEngine, statement: str, *values: Any) -> asyncpg.Record | None:
    """The only row of a statement that changes nothing, or that does no harm when it is repeated. None where the
    connection broke or there is none: the caller asks by a unit of work, which replaces the connections of the pool.
    Raises as a unit of work does."""
    try:
        return await _fetch_row(engine, statement, values)
    except (*_BROKEN, DBAPIError, PoolTimeout):
        return None
    except asyncpg.PostgresError as error:
        known = failures.of_state(error.sqlstate or "")
        if known is None:
            raise
        raise known from error


async def _fetch_row(engine: AsyncEngine, statement: str, values: tuple[Any, ...]) -> asyncpg.Record:
    taken = await engine.raw_connection()
    try:
        driver: Any = taken.driver_connection
        found: asyncpg.Record = await driver.fetchrow(statement, *values)
    except asyncpg.PostgresError as error:
        if isinstance(error, _BROKEN):
            taken.invalidate()
        raise
    except BaseException:  # the connection may be in the middle of an answer
        taken.invalidate()
        raise
    finally:
        # Not called as it is: a connection above the pool's size is closed now, which waits for Postgres.
        await greenlet_spawn(taken.close)
    return found
