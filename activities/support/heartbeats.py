"""Heartbeats while one step of an activity lasts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity

#: Between two heartbeats.
BEAT = timedelta(minutes=1)


@asynccontextmanager
async def heartbeats(details: Sequence[str | int]) -> AsyncIterator[None]:
    """Heartbeats with these details, for as long as it lasts: a slow step is not taken for a lost worker."""

    async def beat() -> None:
        while True:
            activity.heartbeat(*details)
            await asyncio.sleep(BEAT.total_seconds())

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
