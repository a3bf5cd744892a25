"""A migrated database that one test after another has for itself.

A copy of the template costs Postgres 32 ms of processor time, and each new session 30 ms more until it has read the
catalogue and planned its first statements. A used database is emptied in 5 ms, and its sessions are used again. What a
test can leave behind is cleared away: its own sessions and open transactions are ended, its rows deleted, the rows and
sequences of the template put back. A database whose schema or settings a test has changed is replaced by a new copy.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from io import BytesIO

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from db.engine.session import Database as Pool
from db.engine.session import connect
from tests.support.servers import Database, PostgresServer, copy_of_template

#: Deleted rows stay in the files until Postgres cleans up: after so many tests a new copy is cheaper.
MOST_TESTS = 150

_TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_SEQUENCES = "SELECT seqrelid::regclass::text FROM pg_sequence"

#: The parts of the catalogue that say what a database is like, without its rows.
_CATALOGUE = {
    "pg_class": "relnamespace = 'public'::regnamespace",
    "pg_attribute": "attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)",
    "pg_attrdef": "true",
    "pg_constraint": "connamespace = 'public'::regnamespace",
    "pg_index": "indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)",
    "pg_proc": "pronamespace = 'public'::regnamespace",
    "pg_trigger": "true",
    "pg_policy": "true",
    "pg_type": "typnamespace = 'public'::regnamespace",
    "pg_extension": "true",
    "pg_event_trigger": "true",
    "pg_publication": "true",
    "pg_db_role_setting": "true",
    "pg_namespace": "nspname !~ '^pg_(toast_)?temp_'",
}
#: Every change of a row of the catalogue gives it the number of its transaction.
_SCHEMA = "SELECT concat_ws(' ', {})".format(
    ", ".join(
        f"(SELECT concat(count(*), ':', max(xmin::text::bigint)) FROM {name} WHERE {which})"
        for name, which in _CATALOGUE.items()
    )
)
#: The sessions of :class:`Engines` say that they are this build.
_LENT = "lent to a test"
_END_SESSIONS = f"""
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
       AND (state <> 'idle' OR application_name <> 'omotenashi {_LENT}')
"""


class NotEmptied(Exception):
    """The database cannot be used again."""


class Engines:
    """Lends engines with open sessions on one database, each to one borrower at a time."""

    def __init__(self) -> None:
        self._free: dict[object, list[AsyncEngine]] = {}

    @contextlib.asynccontextmanager
    async def lent(self, database: Database, **settings: object) -> AsyncIterator[Pool]:
        """A pool of a process that has these settings. Its listeners and events are the borrower's own."""
        free = self._free.setdefault(tuple(sorted(settings.items())), [])
        engine = free.pop() if free else connect(database.settings(**settings, build_id=_LENT)).engine
        try:
            yield Pool(engine.execution_options())
        finally:
            free.append(engine)

    async def close(self) -> None:
        """End all sessions."""
        for engine in [each for free in self._free.values() for each in free]:
            await engine.dispose()


@dataclass
class _Used:
    """A database, and what it was like when it was new."""

    database: Database
    connection: asyncpg.Connection
    schema: str
    tables: list[str]
    sequences: list[str]
    rows: dict[str, bytes] = field(default_factory=dict)
    tests: int = 0

    @classmethod
    async def of(cls, database: Database) -> "_Used":
        connection = await asyncpg.connect(database.superuser_url, ssl=False)
        # Neither triggers nor foreign keys look at rows that go away together.
        await connection.execute("SET session_replication_role = replica")
        tables = [row[0] for row in await connection.fetch(_TABLES)]
        sequences = [row[0] for row in await connection.fetch(_SEQUENCES)]
        used = cls(database, connection, await connection.fetchval(_SCHEMA), tables, sequences)
        for table in await used._with_rows():
            file = BytesIO()
            await connection.copy_from_table(table, output=file)
            used.rows[table] = file.getvalue()
        return used

    async def _with_rows(self) -> list[str]:
        found = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in self.tables)
        return [row[0] for row in await self.connection.fetch(found)]

    async def empty(self) -> None:
        """Make it as good as new. Raises NotEmptied."""
        self.tests += 1
        if self.tests >= MOST_TESTS:
            raise NotEmptied
        try:
            await self.connection.execute(_END_SESSIONS)
            if await self.connection.fetchval(_SCHEMA) != self.schema:
                raise NotEmptied
            used = [f"SELECT setval('{name}', 1, false)" for name in self.sequences]
            used += [f"DELETE FROM {table}" for table in await self._with_rows()]
            await self.connection.execute("; ".join(used))
            for table, rows in self.rows.items():
                await self.connection.copy_to_table(table, source=BytesIO(rows))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise NotEmptied from error

    async def close(self) -> None:
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await self.connection.close()


class ReusedDatabases:
    """Gives one test after another an empty database. ``close`` when the last has ended."""

    def __init__(self, postgres: PostgresServer) -> None:
        self._postgres = postgres
        self._free: list[tuple[_Used, contextlib.AsyncExitStack]] = []

    @contextlib.asynccontextmanager
    async def empty_database(self) -> AsyncIterator[Database]:
        """A migrated, empty database; of the caller alone until the block ends."""
        used, stack = self._free.pop() if self._free else await self._new()
        try:
            yield used.database
        finally:
            try:
                await used.empty()
            except NotEmptied:
                await stack.aclose()
            else:
                self._free.append((used, stack))

    async def _new(self) -> tuple[_Used, contextlib.AsyncExitStack]:
        stack = contextlib.AsyncExitStack()
        copy = await stack.enter_async_context(copy_of_template(self._postgres))
        engines = Engines()
        stack.push_async_callback(engines.close)
        used = await _Used.of(replace(copy, engines=engines))
        stack.push_async_callback(used.close)
        return used, stack

    async def close(self) -> None:
        """Drop the databases."""
        while self._free:
            await self._free.pop()[1].aclose()
