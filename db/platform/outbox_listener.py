"""Hears that something was written to the outbox. A raw connection, because a pool would give its ear away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
from sqlalchemy import make_url

from domain.errors import Unavailable
from runtime.settings import Settings

#: The trigger ``wake_relay`` notifies it at every insert.
CHANNEL = "outbox"

_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


@contextlib.asynccontextmanager
async def listening(settings: Settings, heard: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """Set ``heard`` at every write, as long as the context lasts.

    Gives an event that is set when the connection is lost: nothing is heard from then on. Raises Unavailable when
    Postgres is away.
    """
    lost = asyncio.Event()
    try:
        connection = await _connect(settings)
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, lambda *_: heard.set())
    except _LOST as error:
        raise Unavailable({"dependency": "postgres", "retry_after": 2}) from error
    try:
        yield lost
    finally:
        with contextlib.suppress(*_LOST):
            await connection.close(timeout=2)


async def _connect(settings: Settings) -> "asyncpg.Connection[asyncpg.Record]":
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql")
    return await asyncpg.connect(
        url.render_as_string(hide_password=False),
        timeout=5,
        server_settings={
            "application_name": f"omotenashi relay {settings.build_id}",
            # A peer that died without a word is noticed within a minute.
            "tcp_keepalives_idle": "30",
            "tcp_keepalives_interval": "10",
            "tcp_keepalives_count": "3",
        },
    )
