"""The data folder of a stack: its files, its lock, and the facts that are stored from one start to the next."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Self

DEFAULT = Path(".omotenashi")


class FolderInUse(Exception):
    """Another stack runs on this data folder. The message says which and how to stop it."""


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """Identifies one process for ever: ids are used again, start times are not."""

    pid: int
    started_at: float


@dataclass(frozen=True, slots=True)
class Remembered:
    """The content of ``stack.json``."""

    #: The port of each address, preferred again at the next start: running workflows and receipts contain them.
    ports: Mapping[str, int] = field(default_factory=dict)
    #: Running children, so that a start after a crash can end those that still run.
    processes: Mapping[str, ProcessMark] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    seeded: bool = False
    #: Names the migrations that the last start found or made applied.
    migrated: str = ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse; an unknown format counts as an empty file."""
        try:
            raw: Any = json.loads(text)
            return cls(
                ports={str(name): int(port) for name, port in raw["ports"].items()},
                processes={
                    str(name): ProcessMark(int(mark["pid"]), float(mark["started_at"]))
                    for name, mark in raw["processes"].items()
                },
                addresses={str(name): str(address) for name, address in raw["addresses"].items()},
                seeded=bool(raw["seeded"]),
                migrated=str(raw.get("migrated", "")),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths below one folder. Reading them creates nothing."""

    root: Path

    @classmethod
    def at(cls, path: Path) -> Self:
        """The folder at ``path``, made absolute: children are started elsewhere."""
        return cls(path.expanduser().absolute())

    @property
    def logs(self) -> Path:
        """One log per child."""
        return self.root / "logs"

    @property
    def environment_file(self) -> Path:
        """The settings of the processes of the stack that runs, as ``OMOTENASHI_NAME=value`` lines."""
        return self.root / "stack.env"

    @property
    def keys_file(self) -> Path:
        """The signing keys of this stack, made at its first start."""
        return self.root / "keys.json"

    @property
    def payload_keys_file(self) -> Path:
        """The keys that encrypt what Temporal stores of this stack's runs, made at its first start."""
        return self.root / "payload-keys.json"

    def part(self, name: str) -> Path:
        """The folder of one server."""
        return self.root / name

    def create(self) -> None:
        """Make the folder; other users may enter it, not list it (Postgres of a root's stack is another user)."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self.logs.mkdir(exist_ok=True)

    def remembered(self) -> Remembered:
        """The content that the last start wrote; empty if there was none."""
        try:
            return Remembered.from_json(self._state_file.read_text())
        except OSError:
            return Remembered()

    def remember(self, state: Remembered) -> None:
        """Write ``stack.json`` so that a reader sees the old or the new one, never half."""
        fresh = self._state_file.with_suffix(".json.new")
        fresh.write_text(json.dumps(asdict(state), indent=2) + "\n")
        fresh.replace(self._state_file)

    def write_environment(self, variables: Mapping[str, str]) -> None:
        """Write the settings file, readable by its owner alone."""
        fresh = self.environment_file.with_suffix(".env.new")
        fresh.touch(mode=0o600)
        fresh.write_text("".join(f"{name}={json.dumps(value)}\n" for name, value in variables.items()))
        fresh.replace(self.environment_file)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder for one stack. The kernel frees the lock at the end of the process, also after a crash.

        Raises:
            FolderInUse: another process holds it.
        """
        with self._lock_file.open("a+") as lock:
            if not _locked(lock):
                raise FolderInUse(
                    f"A stack already runs on {self.root} (process {self._pid_in_lock() or 'unknown'}). "
                    "Stop it with Ctrl-C where it was started, or start another one with --data-dir."
                )
            lock.seek(0)
            lock.truncate()
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield

    def holder(self) -> int | None:
        """The id of the process that runs a stack here, or None."""
        try:
            with self._lock_file.open("r") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return self._pid_in_lock()
        except OSError:
            return None
        return None

    def _pid_in_lock(self) -> int | None:
        try:
            return int(self._lock_file.read_text().strip())
        except (OSError, ValueError):
            return None

    @property
    def _state_file(self) -> Path:
        return self.root / "stack.json"

    @property
    def _lock_file(self) -> Path:
        return self.root / "stack.lock"


def _locked(lock: IO[str]) -> bool:
    # More than once: `doctor` tests the lock by taking it for a moment.
    for _ in range(5):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False
