"""One child process: started with its log, probed until it is ready, stopped with all its descendants."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import IO

from stack.leftovers import descendants_of, end_all, listens

_LAUNCHER = Path(__file__).with_name("launch.py")
_PROBE_EVERY = 0.03
_PROBE_TIMEOUT = 2.0
#: On a machine with this load for each processor, or more, a child has this many times as long to get ready.
_MOST_PATIENCE = 10.0


class StartFailed(Exception):
    """A child ended, or did not get ready in time. The message holds the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system user a child runs as, where it must not be the one that starts it."""

    uid: int
    gid: int


async def _nothing() -> None:
    return None


def _leave() -> None:
    return None


async def _at_once() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Program:
    """How one child is started, judged ready and stopped."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    #: Before every start, also a restart.
    prepare: Callable[[], Awaitable[None]] = _nothing
    #: Called again and again until it returns True; an OSError counts as False.
    is_ready: Callable[[], Awaitable[bool]] = _at_once
    #: The port on which this program itself must listen before the probe: another program may answer there.
    port: int | None = None
    #: After the first time it is ready: the set-up that needs a running server.
    settle: Callable[[], Awaitable[None]] = _nothing
    #: On a machine that has nothing else to do; longer where several processes share a processor.
    ready_within: timedelta = timedelta(seconds=30)
    #: After every end: removes its files outside its folder.
    clean_up: Callable[[], None] = _leave
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: timedelta = timedelta(seconds=10)
    account: Account | None = None


def _patience() -> float:
    """How many processes have shared a processor in the last minute; 1 at least, `_MOST_PATIENCE` at most."""
    return min(max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)), _MOST_PATIENCE)


@dataclass(slots=True)
class Child:
    """A running :class:`Program`. Its output goes to ``logs/<name>.log``; the last run's log is kept as ``.log.1``."""

    program: Program
    logs: Path
    process: asyncio.subprocess.Process | None = field(default=None, init=False)
    _settled: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.logs / f"{self.program.name}.log"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.process.pid if self.process is not None and self.process.returncode is None else None

    async def start(self) -> None:
        """Start the program and wait until it is ready.

        Raises:
            StartFailed: it ended before that, or took longer than ``ready_within``, times the load of a processor.
        """
        await self.program.prepare()
        with self._open_log() as log:
            self.process = await self._spawn(log)
        await self._until_ready()
        if not self._settled:
            await self.program.settle()
            self._settled = True

    async def wait(self) -> int:
        """Wait for its end.

        Returns:
            The exit code, or minus the number of the signal that ended it.
        """
        return await self.process.wait() if self.process is not None else 0

    async def stop(self, force: asyncio.Event) -> bool:
        """Ask it to end, and after ``stop_within`` (or when ``force`` is set) end it, with all it started.

        Returns:
            Whether it ended by itself.
        """
        process = self.process
        if process is None:
            return True
        descendants = descendants_of(process.pid)
        gracefully = process.returncode is not None
        if not gracefully and not force.is_set():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.program.stop_signal)
            gracefully = await self._ended(process, force)
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        # Its process group first, then descendants outside the group (a Postgres backend has its own).
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        end_all(descendants)
        self.program.clean_up()
        return gracefully

    async def _ended(self, process: asyncio.subprocess.Process, force: asyncio.Event) -> bool:
        end = asyncio.ensure_future(process.wait())
        forced = asyncio.ensure_future(force.wait())
        await asyncio.wait(
            {end, forced},
            timeout=self.program.stop_within.total_seconds(),
            return_when=asyncio.FIRST_COMPLETED,
        )
        forced.cancel()
        if end.done():
            return True
        end.cancel()
        return False

    def _open_log(self) -> IO[bytes]:
        self.logs.mkdir(parents=True, exist_ok=True)
        if self.process is None and self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        return self.log.open("ab")

    async def _spawn(self, log: IO[bytes]) -> asyncio.subprocess.Process:
        account = self.program.account
        uid, gid = (account.uid, account.gid) if account is not None else (-1, -1)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", str(_LAUNCHER)),
            *(str(os.getpid()), str(int(self.program.stop_signal)), str(uid), str(gid)),
            *self.program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.program.folder,
            env=dict(self.program.environment),
            start_new_session=True,
        )

    async def _until_ready(self) -> None:
        began = monotonic()
        while (process := self.process) is not None:
            if process.returncode is not None:
                raise StartFailed(f"{self.name} {how_it_ended(process.returncode)} before it was ready. {self.tail()}")
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                if await asyncio.wait_for(self._is_ready(process.pid), _PROBE_TIMEOUT):
                    return
            # The load is asked each time: other children start meanwhile.
            seconds = self.program.ready_within.total_seconds() * _patience()
            if monotonic() - began > seconds:
                raise StartFailed(f"{self.name} was not ready after {seconds:.0f} s. {self.tail()}")
            await asyncio.sleep(_PROBE_EVERY)

    async def _is_ready(self, pid: int) -> bool:
        port = self.program.port
        if port is not None and not await asyncio.to_thread(listens, pid, port):
            return False
        return await self.program.is_ready()

    def tail(self, lines: int = 12) -> str:
        """The log's path and last lines, for a message to a person."""
        try:
            text = self.log.read_bytes()[-8000:].decode(errors="replace").strip()
        except OSError:
            text = ""
        if not text:
            return f"Its log {self.log} is empty."
        return f"The end of {self.log}:\n" + "\n".join(text.splitlines()[-lines:])


def how_it_ended(code: int) -> str:
    """A sentence for an exit code of :meth:`Child.wait`."""
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
