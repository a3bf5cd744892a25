"""Processes found by their ids: descendants of a child, and processes of a stack that was killed."""

import signal
from collections.abc import Iterable
from datetime import timedelta

import psutil  # type: ignore[import-untyped]


class RunningProcess:
    """A process as it was when found; a later process with the same id is a different one."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._process.pid)

    @property
    def started_at(self) -> float:
        """Seconds since the epoch; with the id it identifies one process for ever."""
        return float(self._process.create_time())

    def is_alive(self) -> bool:
        """Whether it still runs; one that only waits for its parent to read its exit code does not."""
        try:
            return bool(self._process.is_running()) and self._process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if it has ended."""
        try:
            self._process.send_signal(number)
        except psutil.NoSuchProcess:
            return

    def wait(self, patience: timedelta) -> bool:
        """Wait for its end, blocking. True if it came in time."""
        try:
            self._process.wait(patience.total_seconds())
        except psutil.TimeoutExpired:
            return False
        return True


def find_process(pid: int, *, mentions: str | None = None, started_at: float | None = None) -> RunningProcess | None:
    """The process with this id, if its command line has the argument ``mentions`` and it started at that time."""
    try:
        process = psutil.Process(pid)
        if mentions is not None and mentions not in process.cmdline():
            return None
        found = RunningProcess(process)
        if started_at is not None and abs(found.started_at - started_at) > 0.05:
            return None
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return found if found.is_alive() else None


def descendants_of(pid: int) -> list[RunningProcess]:
    """All living descendants of a process; none if it has ended."""
    try:
        return [RunningProcess(process) for process in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def listens(pid: int, port: int) -> bool:
    """Whether this process listens on a TCP port; false if it has ended."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)


def end_one(process: RunningProcess, politely: signal.Signals, patience: timedelta) -> None:
    """Ask a process to end, and end it when it has not after ``patience``. Blocks."""
    process.send(politely)
    if not process.wait(patience):
        process.send(signal.SIGKILL)
        process.wait(timedelta(seconds=5))


def end_all(processes: Iterable[RunningProcess]) -> None:
    """End processes at once."""
    for process in processes:
        process.send(signal.SIGKILL)
