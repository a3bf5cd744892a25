"""The servers of the tests are the ones they claim to be."""

import asyncpg
import pytest
import redis.asyncio
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from stack.servers.postgres import APPLICATION, EXTENSIONS, OWNER
from tests.support.servers import Database, PostgresServer
from workflows.support import search_attributes


async def test_postgres_has_the_extensions_and_roles_without_power(postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(postgres.superuser_url_of("omotenashi"), ssl=False)
    try:
        installed = {row["extname"] for row in await connection.fetch("SELECT extname FROM pg_extension")}
        roles = await connection.fetch(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolcanlogin FROM pg_roles"
            " WHERE rolname = ANY($1)",
            [OWNER, APPLICATION],
        )
        owner = await connection.fetchval(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'omotenashi'"
        )
        version = await connection.fetchval("SHOW server_version_num")
    finally:
        await connection.close()
    assert set(EXTENSIONS) <= installed
    assert [tuple(role)[1:] for role in roles] == [(False, False, False, False, True)] * 2
    assert owner == OWNER
    assert int(version) // 10_000 == 18


async def test_database_fixture_gives_a_migrated_database_of_its_own(database: Database) -> None:
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    try:
        assert await connection.fetchval("SELECT version_num FROM alembic_version")
        assert await connection.fetchval("SELECT current_database()") == database.name
    finally:
        await connection.close()


async def test_redis_answers(redis_url: str) -> None:
    async with redis.asyncio.from_url(redis_url) as client:
        assert await client.ping()


async def test_temporal_knows_our_search_attributes(temporal_server: str) -> None:
    client = await Client.connect(temporal_server)
    for key in search_attributes.ALL:
        assert (await client.count_workflows(f"{key.name} IS NULL")).count >= 0


@pytest.mark.parametrize("key", search_attributes.ALL, ids=lambda key: key.name)
async def test_skipped_time_knows_our_search_attributes(
    temporal_time_skipping: WorkflowEnvironment, key: object
) -> None:
    name = getattr(key, "name", "")
    assert (await temporal_time_skipping.client.count_workflows(f"{name} IS NULL")).count >= 0
