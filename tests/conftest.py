"""Fixtures of all tests: the real servers, and a migrated database for each test that asks for one."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from runtime.temporal import guard_exit
from tests.support.leaks import watch
from tests.support.servers import (
    Database,
    PostgresServer,
    StorageServer,
    copy_of_template,
    make_template,
    run_postgres,
    run_redis,
    run_storage,
    run_temporal,
    run_time_skipping,
)

guard_exit()


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails the test that logs a secret."""
    with watch(request.node):
        yield


@pytest_asyncio.fixture(scope="session")
async def postgres() -> AsyncIterator[PostgresServer]:
    """A Postgres cluster with roles and extensions; databases are made by ``database``."""
    async with run_postgres() as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def migrated_postgres(postgres: PostgresServer) -> PostgresServer:
    """The cluster with the migrated template database."""
    await make_template(postgres)
    return postgres


@pytest_asyncio.fixture
async def database(migrated_postgres: PostgresServer) -> AsyncIterator[Database]:
    """A migrated, empty database of the test's own."""
    async with copy_of_template(migrated_postgres) as copy:
        yield copy


@pytest_asyncio.fixture(scope="session")
async def redis_url() -> AsyncIterator[str]:
    """URL of a Redis that all tests of this process share: use keys of your own."""
    async with run_redis() as url:
        yield url


@pytest_asyncio.fixture(scope="session")
async def storage() -> AsyncIterator[StorageServer]:
    """An object storage that all tests of this process share: use a prefix of your own."""
    async with run_storage() as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def temporal_server() -> AsyncIterator[str]:
    """Address of a Temporal server in real time, with our search attributes."""
    async with run_temporal() as server:
        yield server.address


@pytest_asyncio.fixture(scope="session")
async def temporal_time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server with skipped time; see :func:`tests.support.servers.run_time_skipping`."""
    async with run_time_skipping() as environment:
        yield environment
