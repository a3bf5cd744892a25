"""A test finds nothing of the test before it in its database."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from tests.support.data import add_booking, add_salon, rows
from tests.support.reused_database import ReusedDatabases
from tests.support.servers import Database, PostgresServer


@pytest_asyncio.fixture
async def databases(migrated_postgres: PostgresServer) -> AsyncIterator[ReusedDatabases]:
    databases = ReusedDatabases(migrated_postgres)
    yield databases
    await databases.close()


async def as_superuser(database: Database, *statements: str) -> None:
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_empty_database_is_used_again_without_rows(databases: ReusedDatabases) -> None:
    async with databases.empty_database() as first, first.pool() as pool:
        await add_booking(pool, await add_salon(pool))
        [entry] = await rows(pool, "SELECT min(id) AS id FROM audit_logs")
    async with databases.empty_database() as second, second.pool() as pool:
        assert second.name == first.name
        for table in ("users", "bookings", "resource_claims", "outbox", "audit_logs"):
            assert await rows(pool, f"SELECT 1 FROM {table}") == [], table
        assert len(await rows(pool, "SELECT 1 FROM alembic_version")) == 1
        await add_salon(pool)
        [again] = await rows(pool, "SELECT min(id) AS id FROM audit_logs")
    assert entry["id"] == again["id"], "the sequence goes on"


async def test_empty_database_has_no_session_of_the_one_before(databases: ReusedDatabases) -> None:
    async with databases.empty_database() as first:
        left = await asyncpg.connect(first.superuser_url, ssl=False)
        await left.execute("BEGIN")
        await left.execute("LOCK TABLE users")
    async with databases.empty_database() as second:
        assert second.name == first.name
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await left.execute("SELECT 1")
        async with second.pool() as pool:
            await add_salon(pool)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE bookings DROP CONSTRAINT ck_bookings_party_positive",
        "ALTER TABLE bookings DISABLE TRIGGER ALL",
        "ALTER TABLE bookings ALTER COLUMN internal_notes SET DEFAULT 'x'",
        "CREATE TABLE other (id int)",
        "CREATE INDEX ix_other ON users (created_at, id)",
        "DROP POLICY {policy} ON bookings",
        "CREATE FUNCTION other() RETURNS int LANGUAGE sql RETURN 1",
        "ALTER ROLE omotenashi_app IN DATABASE {database} SET work_mem = '8MB'",
    ],
)
async def test_empty_database_is_another_one_after_a_change_of_the_schema(
    databases: ReusedDatabases, change: str
) -> None:
    async with databases.empty_database() as first:
        connection = await asyncpg.connect(first.superuser_url, ssl=False)
        policy = await connection.fetchval(
            "SELECT polname FROM pg_policy WHERE polrelid = 'bookings'::regclass LIMIT 1"
        )
        await connection.close()
        await as_superuser(first, change.format(policy=policy, database=first.name))
    async with databases.empty_database() as second:
        assert second.name != first.name
