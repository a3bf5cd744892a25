"""Backups of a real cluster: what a check finds, what a restore brings back, what is removed and what never is."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from stack.backup import BackupFailed, BackupFolder, Source, prune, restore, take_base, verify
from stack.cli import app
from stack.environment import process_environment
from stack.ports import choose_ports
from stack.servers.postgres import SUPERUSER, Postgres
from tests.support.servers import running, scratch_folder

#: Nothing is on the disk for sure, but the log has all that a backup needs.
_SETTINGS = {"fsync": "off", "full_page_writes": "on", "autovacuum": "off"}


@contextlib.asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Postgres]:
    """A cluster in ``folder``, new or restored."""
    server = Postgres(folder, choose_ports(["postgres"], {})["postgres"], _SETTINGS, durable=False, set_up=False)
    async with running(server.program(), folder.parent / f"{folder.name}-logs"):
        yield server


@contextlib.asynccontextmanager
async def received(backups: BackupFolder, url: str) -> AsyncIterator[None]:
    """The log is received."""
    command = (sys.executable, "-P", "-m", "stack", "backup", "wal", str(backups.root), "--url", url)
    receiver = await asyncio.create_subprocess_exec(*command, env=process_environment({}))
    try:
        await until(lambda: any(backups.wal.glob("*")))
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            receiver.send_signal(signal.SIGTERM)
        await receiver.wait()


async def until(reached: Callable[[], bool]) -> None:
    """Wait for what comes in seconds."""
    for _ in range(300):
        if reached():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError


async def run(server: Postgres, sql: str) -> list[object]:
    connection = await asyncpg.connect(server.url(SUPERUSER, "postgres"), ssl=False)
    try:
        return [row[0] for row in await connection.fetch(sql)]
    finally:
        await connection.close()


def fake_base(folder: BackupFolder, name: str) -> Path:
    made = folder.root / "base" / name
    made.mkdir(parents=True)
    (made / "backup_manifest").touch()
    return made


@pytest.mark.timeout(180)
async def test_backup_is_checked_restored_to_a_time_and_pruned() -> None:
    async with scratch_folder() as place:
        backups = BackupFolder(place / "backups of 100% of it")
        async with cluster(place / "live") as server:
            url = server.url(SUPERUSER, "postgres")
            await run(server, "CREATE TABLE seen (n int)")
            await run(server, "INSERT INTO seen VALUES (1)")
            async with received(backups, url):
                base = await asyncio.to_thread(take_base, backups, url)
                await run(server, "INSERT INTO seen VALUES (2)")
                await asyncio.sleep(1.1)
                [moment] = await run(server, "SELECT clock_timestamp()")
                assert isinstance(moment, datetime)
                await run(server, "INSERT INTO seen VALUES (3)")
                [segment] = await run(server, "SELECT pg_walfile_name(pg_switch_wal())")
                await until(lambda: (backups.wal / str(segment)).exists())
                newer = await asyncio.to_thread(take_base, backups, url)
                with pytest.raises(BackupFailed, match="is not empty"):
                    restore(backups, place / "live")
        assert (place / "live" / "PG_VERSION").exists()
        assert backups.bases() == [base, newer]
        with pytest.raises(BackupFailed, match="before then"):
            restore(backups, place / "too-early", moment - timedelta(days=1))
        assert not (place / "too-early").exists()
        assert await asyncio.to_thread(restore, backups, place / "then", moment) == base
        async with cluster(place / "then") as server:
            assert await run(server, "SELECT n FROM seen ORDER BY n") == [1, 2]
        before = {file.name for file in backups.wal.iterdir()}
        assert await asyncio.to_thread(prune, backups, 1) == [base]
        assert not base.exists()
        after = {file.name for file in backups.wal.iterdir()}
        assert str(segment) in before - after
        assert await asyncio.to_thread(restore, backups, place / "all") == newer
        async with cluster(place / "all") as server:
            assert await run(server, "SELECT n FROM seen ORDER BY n") == [1, 2, 3]
        asked = ["backup", "verify", str(backups.root)]
        assert CliRunner().invoke(app, asked).exit_code == 0
        (newer / "PG_VERSION").write_text("17\n")
        assert CliRunner().invoke(app, asked).exit_code == 1
        with pytest.raises(BackupFailed):
            verify(newer)
        with pytest.raises(BackupFailed):
            restore(backups, place / "damaged")
        assert not (place / "damaged").exists()


def test_base_that_is_being_made_is_no_backup(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path)
    older, newer = (fake_base(folder, name) for name in ("20261101T000000Z", "20261102T000000Z"))
    making = fake_base(folder, ".4711")
    assert folder.bases() == [older, newer]
    assert folder.base_before(datetime(2026, 11, 1, 12, tzinfo=UTC)) == older
    assert prune(folder, 2) == []
    assert prune(folder, 1) == [older]
    assert making.exists()


def test_restore_refuses_a_file_and_a_folder_that_is_in_use(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path / "backups")
    fake_base(folder, "20261101T000000Z")
    target = tmp_path / "data"
    target.write_text("mine")
    with pytest.raises(BackupFailed):
        restore(folder, target)
    assert target.read_text() == "mine"


def test_verify_of_a_folder_without_a_backup_fails(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["backup", "verify", str(tmp_path)]).exit_code == 1


def programs_that_say_how_they_are_called(folder: Path) -> Path:
    """Stand-ins of Postgres's programs: each writes its arguments and its password into a file, and fails."""
    (folder / "bin").mkdir(parents=True)
    for name in ("pg_basebackup", "pg_receivewal", "psql"):
        program = folder / "bin" / name
        program.write_text(
            f'#!/bin/sh\nprintf "%s " "$0" "$@" > {folder}/{name}.asked\n'
            f'printf "%s|%s" "$PGPASSWORD" "$PGPASSFILE" > {folder}/{name}.password\nexit 1\n'
        )
        program.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://backup:s%40cret@db:5432/postgres?sslmode=require",
        "postgresql://backup@db:5432/postgres?password=s%40cret&sslmode=require",
    ],
)
def test_backup_keeps_the_password_off_every_command_line(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = programs_that_say_how_they_are_called(tmp_path / "programs")
    monkeypatch.setattr("stack.backup.postgres_folder", lambda: programs)
    monkeypatch.setenv("OMOTENASHI_BACKUP_URL", url)
    for asked, name in ((["base"], "pg_basebackup"), (["wal", "--synchronous"], "pg_receivewal")):
        result = CliRunner().invoke(app, ["backup", *asked, str(tmp_path / "backups")])
        assert result.exit_code == 1, result.output
        called = (programs / f"{name}.asked").read_text()
        assert "postgresql://backup@db:5432/postgres?sslmode=require" in called
        assert "cret" not in called + result.output
        assert (programs / f"{name}.password").read_text() == "s@cret|"


@pytest.mark.parametrize(
    "url",
    [
        "host=db user=backup password=hushed",
        "postgresql://backup@db/postgres?sslmode=require&sslpassword=hushed",
        "postgresql://backup@db/postgres?pass%77ord=hushed",
        "postgresql://backup:to/hushed@db/postgres",
        "postgresql://backup:to@hushed@db/postgres",
        "postgresql://backup:to?hushed@db/postgres",
        "postgresql://backup:1/2?dbname=hushed@db/postgres",
        "postgresql://backup:to:hushed@db/postgres",
    ],
)
def test_backup_refuses_what_is_no_plain_url_without_quoting_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = programs_that_say_how_they_are_called(tmp_path / "programs")
    monkeypatch.setattr("stack.backup.postgres_folder", lambda: programs)
    given = CliRunner().invoke(app, ["backup", "base", str(tmp_path / "backups"), "--url", url])
    assert given.exit_code == 2
    assert "hushed" not in given.output
    monkeypatch.setenv("OMOTENASHI_BACKUP_URL", url)
    for asked in (["base"], ["wal", "--synchronous"]):
        result = CliRunner().invoke(app, ["backup", *asked, str(tmp_path / "backups")])
        assert result.exit_code == 1
        assert "URL" in result.output
        assert "hushed" not in result.output
    assert not list(programs.glob("*.asked"))


def test_backup_takes_the_password_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = programs_that_say_how_they_are_called(tmp_path / "programs")
    monkeypatch.setattr("stack.backup.postgres_folder", lambda: programs)
    monkeypatch.setenv("PGPASSFILE", "/run/secrets/pgpass")
    asked = ["backup", "base", str(tmp_path / "backups"), "--url", "postgresql://backup@db/postgres"]
    assert CliRunner().invoke(app, asked).exit_code == 1
    assert (programs / "pg_basebackup.password").read_text() == "|/run/secrets/pgpass"


def test_backup_refuses_a_password_on_its_own_command_line(tmp_path: Path) -> None:
    asked = ["backup", "base", str(tmp_path), "--url", "postgresql://backup:hushed@db/postgres"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 2
    assert "OMOTENASHI_BACKUP_URL" in result.output
    assert "hushed" not in result.output


@pytest.mark.parametrize(
    ("url", "without", "password"),
    [
        ("postgresql:///postgres?host=/run/pg", "postgresql:///postgres?host=/run/pg", None),
        ("postgresql://a@h1:1,h2:2/x?options=-c%20y", "postgresql://a@h1:1,h2:2/x?options=-c%20y", None),
        ("postgresql://:only@h/x", "postgresql://@h/x", "only"),
        ("postgres://a:one@h/x?password=two", "postgres://a@h/x", "two"),
        ("postgresql://a:@h/x", "postgresql://a@h/x", None),
        ("postgresql://a:b@[::1]:5432/x", "postgresql://a@[::1]:5432/x", "b"),
        ("postgresql://a@%2Frun%2Fpg/x", "postgresql://a@%2Frun%2Fpg/x", None),
    ],
)
def test_source_has_the_url_without_its_password(url: str, without: str, password: str | None) -> None:
    source = Source.of(url)
    assert source.url == without
    assert source.variables.get("PGPASSWORD") == password
    assert "two" not in repr(source)
