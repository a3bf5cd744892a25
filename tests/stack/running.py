"""`omotenashi up` as a person runs it: a process of its own, its output in a file."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from stack.environment import process_environment
from stack.folder import DataFolder
from tests.support.leaks import check_files, leaks_in

#: Long, because the machine may be busy; a healthy start takes two seconds.
PATIENCE = 120.0


class RunningUp:
    """One run of `omotenashi up --only servers`."""

    def __init__(self, data_dir: Path, *options: str, environment: dict[str, str] | None = None) -> None:
        self.folder = DataFolder.at(data_dir)
        self._output = data_dir.with_name(data_dir.name + ".out")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stack", "up", "--only", "servers", "--data-dir", str(data_dir), *options],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=process_environment(environment or {}),
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, text: str, times: int = 1) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.output.count(text) < times:
            if self.process.poll() is not None and self.output.count(text) < times:
                raise AssertionError(f"up ended with {self.process.returncode} before {text!r}:\n{self.output}")
            if time.monotonic() > deadline:
                raise AssertionError(f"no {text!r} in:\n{self.output}")
            time.sleep(0.05)

    def pid_of(self, name: str) -> int:
        return self.folder.remembered().processes[name].pid

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)


def processes_of(folder: Path) -> list[str]:
    """Command lines of all living processes that name the folder, or work in it."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        words = " ".join(process.info["cmdline"] or ())
        place = process.info["cwd"] or ""
        if process.info["status"] != psutil.STATUS_ZOMBIE and (str(folder) in words or place.startswith(str(folder))):
            found.append(words)
    return found


def wait_until_none(folder: Path) -> list[str]:
    """What still runs on the folder once a dying stack had its time."""
    deadline = time.monotonic() + PATIENCE
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@contextmanager
def up(data_dir: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[RunningUp]:
    """A stack that is ready; ended with the context if the test has not stopped it."""
    running = RunningUp(data_dir, *(options or ("--free-ports",)), environment=environment)
    try:
        running.wait_for("Stop with Ctrl-C")
        yield running
    finally:
        running.end()
        wait_until_none(data_dir)
    check_files(running.folder.logs)
    assert not leaks_in(running.output), f"up printed a secret: {leaks_in(running.output)}"
