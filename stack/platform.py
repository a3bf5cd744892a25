"""The whole platform as one object: servers, set-up, then our own processes, each a child of the supervisor."""

import asyncio
import hashlib
import json
import secrets
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from runtime.keyring import Keys, write_keys
from runtime.settings import Settings
from stack.environment import process_environment, settings_environment
from stack.folder import DataFolder, ProcessMark, Remembered
from stack.leftovers import end_one, find_process
from stack.ports import DEFAULT_PORTS, LOOPBACK, PortLocks, choose_ports
from stack.processes import Child, Program
from stack.reports import Reporter
from stack.servers.http import body_of
from stack.servers.postgres import SUPERUSER, Postgres
from stack.servers.redis import Redis
from stack.servers.storage import Storage, StoragePorts
from stack.servers.temporal import Temporal
from stack.supervisor import Supervisor

MIGRATIONS = Path(__file__).parent.parent / "db" / "migrations"

#: The child that serves all task queues.
WORKER = "worker"

#: The roles of workers; each has a task queue of its own.
WORKER_ROLES = ("bookings", "payments", "notices", "platform", "media", "analytics")


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers of one stack."""

    postgres: Postgres
    redis: Redis
    temporal: Temporal
    storage: Storage


class Platform:
    """A context: inside it the data folder is locked, after it no child runs.

    Args:
        folder: the data folder.
        reporter: gets every event.
        free_ports: choose free ports even where the default ones are free, for several stacks on one machine.

    Raises:
        FolderInUse: on entering, when another stack runs on the folder.
    """

    def __init__(self, folder: DataFolder, reporter: Reporter, *, free_ports: bool = False) -> None:
        self.folder = folder
        self.supervisor = Supervisor(folder.logs, reporter, self._write_processes)
        self._free_ports = free_ports
        self._context = AsyncExitStack()
        self._state = Remembered()
        self._variables: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        self.folder.create()
        self._context.enter_context(self.folder.locked())
        try:
            self._state = self.folder.remembered()
            if not (self.folder.part("postgres") / "PG_VERSION").exists():
                self._state = replace(self._state, migrated="", seeded=False)
            await asyncio.to_thread(self._end_leftovers)
            wanted = {**({} if self._free_ports else DEFAULT_PORTS), **self._state.ports}
            ports = choose_ports(DEFAULT_PORTS, wanted, self._context.enter_context(PortLocks()).take)
            self._variables = settings_environment(ports) | {
                "OMOTENASHI_JWT_KEYS_FILE": str(_with_a_key(self.folder.keys_file)),
                "OMOTENASHI_TEMPORAL_KEYS_FILE": str(_with_a_key(self.folder.payload_keys_file)),
                "OMOTENASHI_RUN_ID": secrets.token_hex(8),
            }
            self._state = replace(self._state, ports=ports, addresses=self._addresses(ports))
            self._write_processes()
            self.folder.write_environment(self._variables)
            await self._context.enter_async_context(self.supervisor)
        except BaseException:
            await self._context.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._context.aclose()

    @property
    def ports(self) -> Mapping[str, int]:
        """The port of each address of :data:`stack.ports.DEFAULT_PORTS`."""
        return self._state.ports

    @property
    def addresses(self) -> Mapping[str, str]:
        """The addresses for a person or a test, by name."""
        return self._state.addresses

    @property
    def variables(self) -> Mapping[str, str]:
        """The ``OMOTENASHI_*`` variables of every process of this stack."""
        return self._variables

    @property
    def first_start(self) -> bool:
        """Whether the demo data has not been written to this folder yet."""
        return not self._state.seeded

    def settings(self) -> Settings:
        """The settings of every process of this stack."""
        prefix = len("OMOTENASHI_")
        return Settings(**{name[prefix:].lower(): value for name, value in self._variables.items()})  # type: ignore[arg-type]

    def servers(self) -> Servers:
        """The servers with their folders and ports."""
        ports, settings = self.ports, self.settings()
        return Servers(
            postgres=Postgres(self.folder.part("postgres"), ports["postgres"]),
            redis=Redis(self.folder.part("redis"), ports["redis"]),
            temporal=Temporal(
                self.folder.part("temporal"),
                ports["temporal"],
                ports["temporal_http"],
                ports["temporal_metrics"],
                ports["temporal_ui"],
            ),
            storage=Storage(
                self.folder.part("storage"),
                StoragePorts(
                    s3=ports["storage"],
                    master=ports["storage_master"],
                    volume=ports["storage_volume"],
                    filer=ports["storage_filer"],
                    admin=ports["storage_admin"],
                ),
                bucket=settings.s3_bucket,
                access_key=settings.s3_access_key.get_secret_value(),
                secret_key=settings.s3_secret_key.get_secret_value(),
            ),
        )

    async def start_servers(self) -> None:
        """Start the servers that are not our own code, all at the same time.

        Raises:
            StartFailed: one of them did not get ready.
            BinaryMissing: one of them is not installed.
        """
        servers = self.servers()
        await self.supervisor.start(
            servers.postgres.program(),
            servers.redis.program(),
            servers.temporal.program(),
            servers.storage.program(),
        )

    async def start_parts(self, *, seed: bool = True) -> None:
        """Bring the schema up to date and start the sandbox and our own processes; with demo data the first time.

        Where all migrations of the code are recorded in this folder, no child waits for the check.

        Raises:
            StartFailed: one of them did not get ready, or a step failed.
        """
        migrations = await asyncio.to_thread(_fingerprint, MIGRATIONS)
        migrate = self._part("migrate", "migrate")
        if self._state.migrated == migrations and await asyncio.to_thread(self._learn_public_key):
            await self.supervisor.start(self._sandbox(), self._api())
            await asyncio.gather(self._start_workers(), self.supervisor.run(migrate))
        else:
            await asyncio.gather(self.supervisor.start(self._sandbox()), self.supervisor.run(migrate))
            await asyncio.to_thread(self._learn_public_key)
            await self.supervisor.start(self._api())
            await self._start_workers()
        self._remember(migrated=migrations)
        if seed and self.first_start:
            await self.supervisor.run(self._part("seed", "seed"))
            self._remember(seeded=True)

    async def _start_workers(self) -> None:
        await self.supervisor.start(self._part("relay", "relay"), self._worker())

    def _part(self, name: str, *command: str) -> Program:
        """One of our own processes: ``omotenashi COMMAND…`` with the settings of this stack."""
        return Program(
            name=name,
            # -P: a folder named redis or temporal in the working directory is no package.
            command=(sys.executable, "-P", "-m", "stack", *command),
            environment=process_environment(self._variables),
            folder=self.folder.root,
            stop_within=timedelta(seconds=15),
        )

    def _api(self) -> Program:
        url = f"{self.addresses['api']}/health/ready"

        async def is_ready() -> bool:
            # Another program, or the API of another stack, may answer on this port.
            answer = await body_of(url)
            return bool(answer) and json.loads(answer)["data"]["run_id"] == self._variables["OMOTENASHI_RUN_ID"]

        return replace(self._part("api", "api"), is_ready=is_ready)

    def _worker(self) -> Program:
        """All roles in one process: each further process would cost more than a second and 90 MB at every start.

        Its pool is as large as those of one process a role, so that each role keeps its share.
        """
        namespace = self.settings().temporal_namespace
        queues = f"http://{LOOPBACK}:{self.ports['temporal_http']}/api/v1/namespaces/{namespace}/task-queues"
        program = self._part(WORKER, "worker", "--role", "all")
        environment = {
            **program.environment,
            "OMOTENASHI_DATABASE_POOL_SIZE": str(10 * len(WORKER_ROLES)),
            "OMOTENASHI_DATABASE_POOL_OVERFLOW": str(10 * len(WORKER_ROLES)),
        }

        async def is_ready() -> bool:
            # Temporal lists the pollers of a queue; an earlier worker stays on the list for minutes.
            own = f" {self.supervisor.child(WORKER).pid}@"
            for role in WORKER_ROLES:
                if own not in await body_of(f"{queues}/{role}"):
                    return False
            return True

        return replace(program, environment=environment, is_ready=is_ready)

    def _sandbox(self) -> Program:
        url, api = self.addresses["sandbox"], self.addresses["api"]

        async def is_ready() -> bool:
            answer = await body_of(f"{url}/health")
            return bool(answer) and json.loads(answer)["pid"] == self.supervisor.child("sandbox").pid

        return Program(
            name="sandbox",
            command=(
                *(sys.executable, "-P", "-m", "providers.sandbox"),
                *("--host", LOOPBACK, "--port", str(self.ports["sandbox"])),
                *("--state-dir", str(self.folder.part("sandbox")), "--public-url", url),
                *("--stripe-webhook-url", f"{api}/api/v1/payments/webhook/stripe"),
                *("--payjp-webhook-url", f"{api}/api/v1/payments/webhook/payjp"),
                *("--sendgrid-webhook-url", f"{api}/api/v1/notifications/webhook/sendgrid"),
            ),
            environment=process_environment(self._variables),
            folder=self.folder.root,
            is_ready=is_ready,
        )

    def _learn_public_key(self) -> bool:
        """Read the key with which the sandbox signs mail events, made at its first start. False before that."""
        try:
            key = (self.folder.part("sandbox") / "sendgrid_public_key.txt").read_text().strip()
        except OSError:
            return False
        self._variables["OMOTENASHI_SENDGRID_WEBHOOK_PUBLIC_KEY"] = key
        self.folder.write_environment(self._variables)
        return True

    def _addresses(self, ports: Mapping[str, int]) -> dict[str, str]:
        def http(name: str) -> str:
            return f"http://{LOOPBACK}:{ports[name]}"

        return {
            "api": http("api"),
            "docs": f"{http('api')}/docs",
            "temporal_ui": http("temporal_ui"),
            "mailbox": f"{http('sandbox')}/mailbox",
            "sandbox": http("sandbox"),
            "s3": http("storage"),
            "postgres": Postgres(self.folder.part("postgres"), ports["postgres"]).url(SUPERUSER, "omotenashi"),
            "redis": f"redis://{LOOPBACK}:{ports['redis']}/0",
            "temporal": f"{LOOPBACK}:{ports['temporal']}",
        }

    def _write_processes(self) -> None:
        marks = {child.name: mark for child in self.supervisor.children if (mark := _mark(child)) is not None}
        self._remember(processes=marks)

    def _remember(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self.folder.remember(self._state)

    def _end_leftovers(self) -> None:
        """End the children of a stack that was killed, where the kernel does not end them with their parent."""
        for mark in self._state.processes.values():
            process = find_process(mark.pid, started_at=mark.started_at)
            if process is not None:
                end_one(process, signal.SIGINT, timedelta(seconds=10))


def _with_a_key(path: Path) -> Path:
    if not path.exists():
        write_keys(path, Keys.fresh(datetime.now(UTC)))
    return path


def _mark(child: Child) -> ProcessMark | None:
    process = find_process(child.pid) if child.pid is not None else None
    return ProcessMark(process.pid, process.started_at) if process is not None else None


def _fingerprint(folder: Path) -> str:
    """Changes when a migration is added or edited."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("versions/*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
