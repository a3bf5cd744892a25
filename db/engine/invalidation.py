"""Which changes a transaction makes that public answers depend on, seen from its statements.

No store has to remember to say it: whatever writes to one of these tables is noticed, whoever sends it. What triggers
write besides (the directory, former slugs) follows from ``businesses``, which is among them.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.platform.invalidation import CacheChange, CacheKind

WATCHED: Mapping[str, CacheKind] = {
    "businesses": CacheKind.BUSINESS,
    "business_settings": CacheKind.BUSINESS,
    "business_hours": CacheKind.BUSINESS,
    "business_holidays": CacheKind.BUSINESS,
    "cancellation_policies": CacheKind.BUSINESS,
    "services": CacheKind.CATALOGUE,
    "service_resources": CacheKind.CATALOGUE,
    "resources": CacheKind.CATALOGUE,
    "staff_working_hours": CacheKind.CATALOGUE,
    "staff_exceptions": CacheKind.AVAILABILITY,
    "resource_claims": CacheKind.AVAILABILITY,
}

_WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?\"?(\w+)", re.IGNORECASE | re.ASCII)
_NOTED = "omotenashi.changed"


class Listener(Protocol):
    """Whoever wants to know what is changed. Neither method raises: a change is made, whoever hears of it."""

    async def ahead(self, changes: Collection[CacheChange]) -> None:
        """These are about to be committed."""

    async def done(self, changes: Collection[CacheChange]) -> None:
        """These were committed, or may have been: a connection that dies at the commit does not say."""


@lru_cache(maxsize=4096)
def kinds_written(statement: str) -> frozenset[CacheKind]:
    """What the statement changes, if it finds a row."""
    return frozenset(WATCHED[table] for name in _WRITES.findall(statement) if (table := name.lower()) in WATCHED)


def watch(engine: AsyncEngine) -> None:
    """Note from now on what each transaction of the engine writes."""

    def begin(connection: Connection) -> None:
        connection.info[_NOTED] = set()

    def note(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        kinds = kinds_written(statement)
        if kinds:
            connection.info.setdefault(_NOTED, set()).update(kinds)

    event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine, "before_cursor_execute", note)


def noted(session: AsyncSession) -> frozenset[CacheKind]:
    """What the open transaction of the session has written."""
    return frozenset(session.sync_session.connection().info.get(_NOTED, ()))
