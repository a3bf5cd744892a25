"""Checks whether the outbox has a due row, by one cheap statement on a separate connection.

Postgres's NOTIFY would need no polling, but it takes a lock on the whole database until the commit is on disk: all
commits that write to the outbox would wait for each other.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
from sqlalchemy import make_url

from domain.errors import Unavailable
from runtime.settings import Settings

# asyncpg raises InternalClientError where a connection is lost at the moment a statement begins.
_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
#: For the whole connection: it reads this table only, and row-level security hides the table from every other scope.
_SCOPE = "SELECT set_config('app.scope', 'platform', false)"
_IS_DUE = """
    SELECT EXISTS (SELECT FROM outbox
                    WHERE command IS NOT NULL AND delivered_at IS NULL AND parked_at IS NULL AND not_before <= now()
                      AND (leased_until IS NULL OR leased_until < now()))
"""


@dataclass(frozen=True, slots=True)
class OutboxPoll:
    """An open connection."""

    connection: "asyncpg.Connection[asyncpg.Record]"

    async def is_due(self) -> bool:
        """Whether a row can be leased, or waits for an earlier one of its aggregate. Raises Unavailable."""
        try:
            return bool(await self.connection.fetchval(_IS_DUE))
        except _LOST as error:
            raise _away() from error


@contextlib.asynccontextmanager
async def polling(settings: Settings) -> AsyncIterator[OutboxPoll]:
    """A connection for as long as the context lasts. Raises Unavailable when Postgres is away."""
    try:
        connection = await _connect(settings)
    except _LOST as error:
        raise _away() from error
    try:
        yield OutboxPoll(connection)
    finally:
        with contextlib.suppress(*_LOST):
            await connection.close(timeout=2)


def _away() -> Unavailable:
    return Unavailable({"dependency": "postgres", "retry_after": 2})


async def _connect(settings: Settings) -> "asyncpg.Connection[asyncpg.Record]":
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql")
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        url.render_as_string(hide_password=False),
        timeout=5,
        command_timeout=5,
        server_settings={"application_name": f"omotenashi relay {settings.build_id}"},
    )
    await connection.execute(_SCOPE)
    return connection
