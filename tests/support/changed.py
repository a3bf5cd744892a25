"""Counters of changed rows, by table: cheaper than a digest of every table, and a rollback takes its counts back."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from db.tables import Base
from tests.support.servers import Database

_COUNT = """
    CREATE TABLE changed_rows (of text NOT NULL);
    CREATE FUNCTION count_changed_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS
    $$ BEGIN INSERT INTO changed_rows VALUES (TG_ARGV[0]); RETURN NULL; END $$;
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """The counters of one database. Rows that a rolled-back transaction wrote are not counted."""

    connection: asyncpg.Connection

    async def rows(self) -> Counter[str]:
        """How many rows of each table were inserted, updated or deleted so far."""
        found = await self.connection.fetch("SELECT of, count(*) AS number FROM changed_rows GROUP BY of")
        return Counter({row["of"]: row["number"] for row in found})


@asynccontextmanager
async def counting_changes(database: Database) -> AsyncIterator[Changed]:
    """Puts a trigger on every table, as superuser; they stay as long as the database."""
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    try:
        triggers = "".join(
            f"CREATE TRIGGER zz_count AFTER INSERT OR UPDATE OR DELETE ON {table.name}"
            f" FOR EACH ROW EXECUTE FUNCTION count_changed_row('{table.name}');"
            for table in Base.metadata.sorted_tables
        )
        await connection.execute(_COUNT + triggers)
        yield Changed(connection)
    finally:
        await connection.close()
