"""Derives from the statements of a transaction which cached answers it invalidates.

A table declares in its ``__table_args__`` that cached answers are made from it; stores need no code for it. Tables that
triggers write (the directory, former slugs) change together with ``businesses``, which declares it.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from db.tables import CACHE_KINDS
from domain.platform.invalidation import CacheChange, CacheKind

_WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?\"?(\w+)", re.IGNORECASE | re.ASCII)
_NOTED = "omotenashi.changed"


class Listener(Protocol):
    """Is called with the changes of each transaction. Neither method may raise: a failure must not undo a change."""

    async def ahead(self, changes: Collection[CacheChange]) -> None:
        """These changes will be committed next."""

    async def done(self, changes: Collection[CacheChange]) -> None:
        """These were committed, or may have been: if the connection breaks during the commit, that is unknown."""


@lru_cache(maxsize=4096)
def kinds_written(statement: str) -> frozenset[CacheKind]:
    """The kinds of cached answers that the statement ends, if it finds a row."""
    return frozenset(
        CACHE_KINDS[table] for name in _WRITES.findall(statement) if (table := name.lower()) in CACHE_KINDS
    )


def watch(engine: AsyncEngine) -> None:
    """From now on, record which cached answers each transaction of the engine invalidates."""

    def begin(connection: Connection) -> None:
        connection.info[_NOTED] = set()

    def note(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        kinds = kinds_written(statement)
        if kinds:
            connection.info.setdefault(_NOTED, set()).update(kinds)

    event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine, "before_cursor_execute", note)


def noted(session: AsyncSession) -> frozenset[CacheKind]:
    """The kinds of cached answers that the open transaction of the session ends."""
    return frozenset(session.sync_session.connection().info.get(_NOTED, ()))
