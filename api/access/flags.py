"""The feature flags of this process: cached completely, and read again after a notification of a change."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

from db.engine.session import Database, Scope
from domain.errors import Unavailable
from domain.platform.flags import Flag, FlagContext, is_on
from providers.cache.channels import FLAGS
from providers.cache.interface import Cache, CacheUnavailable

log = structlog.get_logger(__name__)

#: Seconds after which the flags are read again without a notification: the longest delay of a change if the cache is
#: unavailable.
KEEP = 30.0
#: Pause between two tries to subscribe.
_PAUSE = 1.0


class Flags:
    """Answers `is_on` from memory."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache
        self._known: Mapping[str, Flag] = {}
        self._read_at: float | None = None
        self._changed = True
        self._reading = asyncio.Lock()

    async def is_on(self, name: str, context: FlagContext) -> bool:
        """Whether the feature is on for the subject. An unknown flag is off; while Postgres is unavailable the last
        known flags are used."""
        if self._is_old():
            async with self._reading:
                if self._is_old():
                    await self._read()
        return is_on(self._known.get(name), context)

    def forget(self) -> None:
        """The flags have changed: the next check reads them."""
        self._changed = True

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """While the block runs, changes of other processes are received."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _is_old(self) -> bool:
        now = asyncio.get_running_loop().time()
        return self._changed or self._read_at is None or now - self._read_at > KEEP

    async def _read(self) -> None:
        # Before the query, so that a change during it is not lost.
        self._changed = False
        try:
            async with self._database.unit_of_work(Scope.platform()) as work:
                self._known = {row.name: row.flag for row in await work.platform.flags.all()}
        except Unavailable:
            log.warning("the feature flags could not be read", known=len(self._known))
        self._read_at = asyncio.get_running_loop().time()

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(CacheUnavailable):
                async with self._cache.listen(FLAGS) as changes:
                    # Changes before this moment were not received.
                    self.forget()
                    async for _ in changes:
                        self.forget()
            self.forget()
            await asyncio.sleep(_PAUSE)
