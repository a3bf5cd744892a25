"""The supervisor with children that do nothing but misbehave."""

import asyncio
import contextlib
import itertools
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from stack import supervisor as supervising
from stack.processes import Child, Program, StartFailed
from stack.supervisor import Supervisor


@dataclass
class Recorder:
    """Records what the supervisor reports."""

    lines: list[str] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def _add(self, line: str) -> None:
        self.lines.append(line)
        self.heard.set()

    def ready(self, name: str, seconds: float) -> None:
        self._add(f"ready {name}")

    def crashed(self, name: str, how: str, log: Path, pause: float) -> None:
        self._add(f"crashed {name} {how} {pause:g} {log.name}")

    def restarted(self, name: str) -> None:
        self._add(f"restarted {name}")

    def stuck(self, name: str, reason: str, pause: float) -> None:
        self._add(f"stuck {name} {pause:g}")

    def stopping(self, forced: bool) -> None:
        self._add(f"stopping {forced}")

    def killed(self, name: str) -> None:
        self._add(f"killed {name}")

    async def until(self, wanted: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(30):
            while not wanted(self.lines):
                self.heard.clear()
                await self.heard.wait()


def python(name: str, code: str, folder: Path, **more: object) -> Program:
    """A child that runs this code."""
    return Program(
        name=name, command=(sys.executable, "-I", "-S", "-c", code), environment=dict(os.environ), folder=folder, **more
    )


def announces(folder: Path, name: str) -> Callable[[], object]:
    """Ready when the child has made a file of this name."""

    async def is_ready() -> bool:
        return await asyncio.to_thread((folder / name).exists)

    return is_ready


SLEEP = "import time; time.sleep(600)"


def alive(pid: int | None) -> bool:
    return pid is not None and psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_children_stop_in_reverse_order(tmp_path: Path) -> None:
    record = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(record)!r}, 'a').write(sys.argv[1]), sys.exit(0)))\n"
        f"open({str(tmp_path)!r} + '/' + sys.argv[1], 'w').close()\n"
        "time.sleep(600)"
    )
    async with Supervisor(tmp_path / "logs", Recorder()) as supervisor:
        for name in ("1", "2", "3"):
            program = python(name, code, tmp_path, is_ready=announces(tmp_path, name))
            await supervisor.start(Program(**{**_fields(program), "command": (*program.command, name)}))
    assert record.read_text() == "321"


def _fields(program: Program) -> dict[str, object]:
    return {name: getattr(program, name) for name in program.__dataclass_fields__}


async def test_crash_is_reported_and_the_pause_before_each_restart_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervising, "LONGEST_PAUSE", 0.04)
    recorder = Recorder()
    async with Supervisor(tmp_path / "logs", recorder) as supervisor:
        await supervisor.start(python("weak", "raise SystemExit(3)", tmp_path, is_ready=_yes))
        await recorder.until(lambda lines: sum(line.startswith("crashed") for line in lines) >= 4)
    crashes = [line for line in recorder.lines if line.startswith("crashed")]
    assert [f"crashed weak ended with exit code 3 {pause} weak.log" for pause in (0.01, 0.02, 0.04, 0.04)] == crashes[
        :4
    ]


async def _yes() -> bool:
    return True


async def test_restarted_child_has_a_new_process(tmp_path: Path) -> None:
    recorder = Recorder()
    changes: list[str] = []
    async with Supervisor(tmp_path / "logs", recorder, lambda: changes.append("changed")) as supervisor:
        await supervisor.start(python("child", SLEEP, tmp_path))
        first = supervisor.child("child").pid
        assert first is not None
        seen = len(changes)
        os.kill(first, 9)
        await recorder.until(lambda lines: "restarted child" in lines)
        second = supervisor.child("child").pid
        assert second != first
        assert alive(second)
        assert len(changes) > seen
    assert not alive(second)


async def test_failed_start_is_one_sentence_with_the_end_of_the_log(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "logs", Recorder())
    code = "import sys; print('the port is taken'); sys.exit(7)"
    with pytest.raises(StartFailed, match=r"(?s)bad ended with exit code 7 before.*bad\.log.*the port is taken"):
        async with supervisor:
            await supervisor.start(
                python("good", SLEEP, tmp_path), python("bad", code, tmp_path, is_ready=announces(tmp_path, "never"))
            )
    assert supervisor.children == []


@pytest.mark.parametrize(("load", "starts"), [(0, False), (10_000, True)])
async def test_child_has_longer_to_get_ready_on_a_loaded_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: float, starts: bool
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, load, load))
    asked = itertools.count()

    async def is_ready() -> bool:
        await asyncio.sleep(0.06)
        return next(asked) == 3

    child = Child(python("late", SLEEP, tmp_path, is_ready=is_ready, ready_within=timedelta(seconds=0.1)), tmp_path)
    try:
        with contextlib.nullcontext() if starts else pytest.raises(StartFailed, match="late was not ready after 0 s"):
            await child.start()
    finally:
        await child.stop(asyncio.Event())


async def test_child_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    program = python(
        "slow", SLEEP, tmp_path, is_ready=announces(tmp_path, "never"), ready_within=timedelta(seconds=0.2)
    )
    supervisor = Supervisor(tmp_path / "logs", Recorder())
    with pytest.raises(StartFailed, match="slow was not ready after"):
        async with supervisor:
            await supervisor.start(program)
    assert supervisor.children == []


async def test_child_that_ignores_the_request_is_killed_with_all_it_started(tmp_path: Path) -> None:
    recorder = Recorder()
    stubborn = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "grandchild = os.fork()\n"
        "if grandchild == 0:\n"
        "    os.setsid()\n"
        "else:\n"
        f"    open({str(tmp_path / 'grandchild.part')!r}, 'w').write(str(grandchild))\n"
        f"    os.rename({str(tmp_path / 'grandchild.part')!r}, {str(tmp_path / 'grandchild')!r})\n"
        "time.sleep(600)"
    )
    program = python(
        "stubborn",
        stubborn,
        tmp_path,
        is_ready=announces(tmp_path, "grandchild"),
        stop_within=timedelta(seconds=0.3),
    )
    async with Supervisor(tmp_path / "logs", recorder) as supervisor:
        await supervisor.start(program)
        pid = supervisor.child("stubborn").pid
        grandchild = int((tmp_path / "grandchild").read_text())
        assert alive(grandchild)
    assert not alive(pid)
    assert not await _still_alive(grandchild)
    assert "killed stubborn" in recorder.lines


async def _still_alive(pid: int) -> bool:
    for _ in range(200):
        if not alive(pid):
            return False
        await asyncio.sleep(0.01)
    return True


async def test_force_does_not_wait_for_the_grace_period(tmp_path: Path) -> None:
    code = (
        "import signal, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: open({str(tmp_path / 'asked')!r}, 'w').close())\n"
        f"open({str(tmp_path / 'deaf')!r}, 'w').close()\n"
        "while True: time.sleep(600)"
    )
    program = python("deaf", code, tmp_path, is_ready=announces(tmp_path, "deaf"), stop_within=timedelta(minutes=5))
    async with asyncio.timeout(60):
        async with Supervisor(tmp_path / "logs", Recorder()) as supervisor:
            await supervisor.start(program)
            stopping = asyncio.create_task(supervisor.stop())
            while not (tmp_path / "asked").exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.01)
            assert not stopping.done()
            supervisor.force()
            await stopping


async def test_step_that_fails_says_so(tmp_path: Path) -> None:
    async with Supervisor(tmp_path / "logs", Recorder()) as supervisor:
        await supervisor.run(python("step", "print('done')", tmp_path))
        with pytest.raises(StartFailed, match=r"(?s)step ended with exit code 2.*no schema"):
            await supervisor.run(python("step", "import sys; print('no schema'); sys.exit(2)", tmp_path))
        assert supervisor.children == []


async def test_log_of_the_last_start_is_kept_and_a_restart_appends(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    for word in ("first", "second"):
        async with Supervisor(logs, Recorder()) as supervisor:
            await supervisor.run(python("step", f"print('{word}')", tmp_path))
    assert (logs / "step.log").read_text() == "second\n"
    assert (logs / "step.log.1").read_text() == "first\n"


async def test_child_is_not_ready_while_another_process_has_its_port(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "logs", Recorder())
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        program = python("late", SLEEP, tmp_path, port=port, ready_within=timedelta(seconds=1))
        async with supervisor:
            with pytest.raises(StartFailed, match="was not ready"):
                await supervisor.start(program)


async def test_child_that_listens_itself_is_ready(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = f"import socket, time; s = socket.socket(); s.bind(('127.0.0.1', {port})); s.listen(); time.sleep(600)"
    async with Supervisor(tmp_path / "logs", Recorder()) as supervisor:
        await supervisor.start(python("listener", code, tmp_path, port=port))
