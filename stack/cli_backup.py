"""``omotenashi backup``: base backups of Postgres, its continuous WAL, and their restore."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stack.cli_settings import DataDir, settings_of
from stack.folder import DEFAULT

backup = typer.Typer(name="backup", help="Backups of Postgres: base backups, continuous WAL, restore.")

Folder = Annotated[Path, typer.Argument(help="The folder of the backups.")]


def _without_password(context: typer.Context, url: str | None) -> str | None:
    """Every user of the machine sees the command line."""
    given = context.get_parameter_source("url")
    if url is None or given is None or given.name != "COMMANDLINE":
        return url
    from stack.backup import BackupFailed, Source

    try:
        has_password = Source.has_password(url)
    except BackupFailed as error:
        raise typer.BadParameter(str(error)) from None
    if has_password:
        raise typer.BadParameter(
            "a password on the command line is seen by every user of this machine: put the whole URL into"
            " OMOTENASHI_BACKUP_URL, or the password into PGPASSWORD or the file that PGPASSFILE names"
        )
    return url


Url = Annotated[
    str | None,
    typer.Option(
        envvar="OMOTENASHI_BACKUP_URL",
        callback=_without_password,
        show_default=False,
        help="libpq URL of a role with REPLICATION, without its password; else the stack's own.",
    ),
]


@contextmanager
def _failing() -> Iterator[None]:
    from stack.backup import BackupFailed
    from stack.binaries import BinaryMissing

    try:
        yield
    except (BackupFailed, BinaryMissing) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _url(url: str | None, data_dir: Path) -> str:
    """The given one, or that of the superuser of the stack that runs in the data folder."""
    if url is not None:
        return url
    from sqlalchemy import make_url

    from stack.servers.postgres import SUPERUSER

    own = make_url(settings_of(data_dir, "backup", "operator").database_url.get_secret_value())
    return own.set(drivername="postgresql", username=SUPERUSER, password=None, database="postgres").render_as_string()


@backup.command("base")
def take_base(folder: Folder, url: Url = None, data_dir: DataDir = DEFAULT) -> None:
    """Copy the running cluster, and check the copy. Nobody waits for it."""
    from stack import backup as backups

    with _failing():
        typer.echo(backups.take_base(backups.BackupFolder(folder), _url(url, data_dir)))


@backup.command("wal")
def receive_wal(
    folder: Folder,
    synchronous: Annotated[
        bool, typer.Option("--synchronous", help="Commits wait until they are in the folder: none can be lost.")
    ] = False,
    url: Url = None,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Receive the write-ahead log as it is written, until Ctrl-C."""
    from stack import backup as backups

    with _failing():
        code = backups.receive_wal(backups.BackupFolder(folder), _url(url, data_dir), synchronous=synchronous)
    raise typer.Exit(code)


@backup.command("verify")
def verify(folder: Folder) -> None:
    """Compare every base backup with its manifest."""
    from stack import backup as backups

    with _failing():
        bases = backups.BackupFolder(folder).bases()
        for base in bases:
            backups.verify(base)
            typer.echo(f"{base} is whole")
    raise typer.Exit(0 if bases else 1)


@backup.command("restore")
def restore(
    folder: Folder,
    target: Annotated[Path, typer.Argument(help="A new folder for the cluster, as new-data/postgres.")],
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S"], help="Only what was committed before then, UTC; else everything."),
    ] = None,
) -> None:
    """Make a cluster from the newest base backup and the WAL after it. It recovers when it is started."""
    from stack import backup as backups

    with _failing():
        end = until.replace(tzinfo=UTC) if until else None
        base = backups.restore(backups.BackupFolder(folder), target, end)
    typer.echo(f"{target} is made from {base}; start it, then `omotenashi runs restore` and `omotenashi audit`")


@backup.command("prune")
def prune(
    folder: Folder,
    keep: Annotated[int, typer.Option(min=1, help="So many base backups stay, the newest.")] = 7,
) -> None:
    """Remove old base backups, and the WAL that only they need."""
    from stack import backup as backups

    with _failing():
        for base in backups.prune(backups.BackupFolder(folder), keep):
            typer.echo(f"{base} is removed")
