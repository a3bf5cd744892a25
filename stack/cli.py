"""The ``omotenashi`` command. Imports happen inside the commands, so that ``--help`` is quick."""

import asyncio
import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stack.cli_analytics import analytics
from stack.cli_backup import backup
from stack.cli_keys import keys
from stack.cli_payments import payments
from stack.cli_runs import runs
from stack.cli_settings import DataDir
from stack.cli_settings import settings_of as _settings
from stack.cli_versions import versions
from stack.folder import DEFAULT, DataFolder

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="omotenashi",
    help="Bookings for service businesses: run the platform, or one part of it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(analytics)
app.add_typer(backup)
app.add_typer(keys)
app.add_typer(payments)
app.add_typer(runs)
app.add_typer(versions)


class Only(StrEnum):
    """The parts that `up` can be limited to."""

    SERVERS = "servers"


class Part(StrEnum):
    """The parts that `alive` can check."""

    BOOKINGS = "bookings"
    PAYMENTS = "payments"
    NOTICES = "notices"
    PLATFORM = "platform"
    MEDIA = "media"
    ANALYTICS = "analytics"
    RELAY = "relay"


class Role(StrEnum):
    """The role of a worker; each role has a task queue of its own."""

    BOOKINGS = "bookings"
    PAYMENTS = "payments"
    NOTICES = "notices"
    PLATFORM = "platform"
    MEDIA = "media"
    ANALYTICS = "analytics"
    ALL = "all"


def main() -> None:
    """Entry point of the installed command."""
    app()


def _console() -> "Console":
    from rich.console import Console

    # A log file or a pipe gets whole lines: they are not wrapped at 80 columns.
    return Console() if sys.stdout.isatty() else Console(width=200)


@app.command()
def up(
    data_dir: DataDir = DEFAULT,
    only: Annotated[Only | None, typer.Option(help="Start the servers without our own processes.")] = None,
    free_ports: Annotated[
        bool, typer.Option("--free-ports", help="Choose free ports instead of the default ones.")
    ] = False,
    seed: Annotated[bool, typer.Option(help="Write demo data at the first start.")] = True,
) -> None:
    """Start the whole platform on this machine and run it until Ctrl-C."""
    from runtime.confinement import hide_memory
    from stack.up import UpOptions, run

    hide_memory()
    options = UpOptions(DataFolder.at(data_dir), only_servers=only is Only.SERVERS, free_ports=free_ports, seed=seed)
    raise typer.Exit(run(options, _console()))


@app.command()
def demo(
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="An empty folder to keep; else a temporary one.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running at the end until Ctrl-C.")] = False,
) -> None:
    """Run bookings with and without trouble on a temporary stack, then audit it."""
    from stack.demo.main import run

    raise typer.Exit(run(_console(), data_dir, keep))


@app.command()
def doctor(data_dir: DataDir = DEFAULT) -> None:
    """Check this installation, or the stack that runs."""
    from runtime.settings import Settings
    from stack.doctor import run

    folder = DataFolder.at(data_dir)

    def settings() -> Settings:
        return Settings(_env_file=folder.environment_file if folder.holder() is not None else None)

    raise typer.Exit(run(folder, _console(), settings))


@app.command()
def api(data_dir: DataDir = DEFAULT) -> None:
    """Serve HTTP."""
    from runtime.starting import loading

    with loading():
        settings = _settings(data_dir, "api", "api")
        from api.main import serve

    serve(settings)


@app.command()
def worker(
    role: Annotated[Role, typer.Option(help="Which task queue to work on.")], data_dir: DataDir = DEFAULT
) -> None:
    """Run workflows and activities."""
    from runtime.starting import loading

    with loading():
        settings = _settings(data_dir, f"worker-{role.value}", role.value)
        from workers.main import run_worker

    roles = [each.value for each in Role if each is not Role.ALL] if role is Role.ALL else [role.value]
    asyncio.run(run_worker(settings, roles))


@app.command()
def relay(data_dir: DataDir = DEFAULT) -> None:
    """Deliver committed commands from the outbox to Temporal."""
    from runtime.starting import loading

    with loading():
        settings = _settings(data_dir, "relay", "relay")
        from workers.outbox_relay import run

    asyncio.run(run(settings))


@app.command()
def alive(
    part: Annotated[Part, typer.Argument(help="A worker's role, or the relay.")], data_dir: DataDir = DEFAULT
) -> None:
    """Exit with 0 if the worker or relay on this host does its work: a health check for containers."""
    from temporalio.service import RPCError

    from domain.errors import Unavailable
    from stack.alive import relay_delivers, worker_polls

    settings = _settings(data_dir, "alive", part.value)
    check = relay_delivers(settings) if part is Part.RELAY else worker_polls(settings, part.value)
    try:
        well = asyncio.run(check)
    except (RuntimeError, OSError, RPCError, Unavailable) as error:
        typer.echo(f"{part.value}: {error}", err=True)
        well = False
    raise typer.Exit(0 if well else 1)


@app.command()
def migrate(data_dir: DataDir = DEFAULT) -> None:
    """Bring the database schema and Temporal's namespace up to date."""
    settings = _settings(data_dir, "migrate", "migrate")
    from db.migrate import upgrade
    from stack.namespace import prepare

    async def both() -> None:
        await asyncio.gather(upgrade(settings), prepare(settings))

    asyncio.run(both())


@app.command()
def seed(data_dir: DataDir = DEFAULT) -> None:
    """Write the demo data; rows that exist already stay unchanged."""
    from runtime.settings import UnsafeSettings

    settings = _settings(data_dir, "seed")
    from stack.seed import seed as write

    try:
        asyncio.run(write(settings))
    except UnsafeSettings as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def operator(
    email: Annotated[str, typer.Argument(help="The e-mail of an existing login.")],
    revoke: Annotated[bool, typer.Option("--revoke", help="Make it an ordinary login again.")] = False,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Let a login operate the platform (role admin). It takes effect at the next login or refresh."""
    from domain.errors import NotFound
    from stack.operators import set_operator

    try:
        asyncio.run(set_operator(_settings(data_dir, "operator", "operator"), email, operator=not revoke))
    except NotFound:
        typer.echo(f"There is no login {email}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{email} is {'an ordinary login' if revoke else 'an operator'} from the next login on")


outbox = typer.Typer(name="outbox", help="Rows of the outbox that could not be delivered: list them, try them again.")
app.add_typer(outbox)

OutboxCommand = Annotated[str | None, typer.Option("--command", help="Only rows of this command, as booking.start.")]
OutboxLimit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many rows, the oldest first.")]


@outbox.command("list")
def list_outbox(command: OutboxCommand = None, limit: OutboxLimit = 100, data_dir: DataDir = DEFAULT) -> None:
    """List the parked rows with the error of their last try."""
    from domain.errors import Unavailable
    from stack.outbox import describe, parked

    try:
        typer.echo(describe(asyncio.run(parked(_settings(data_dir, "outbox", "operator"), limit, command))))
    except Unavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@outbox.command("release")
def release_outbox(
    row: Annotated[str | None, typer.Argument(help="The id of one row, of `outbox list`.")] = None,
    command: OutboxCommand = None,
    all_: Annotated[bool, typer.Option("--all", help="Every parked row.")] = False,
    limit: OutboxLimit = 1000,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Try parked rows again, after the fix is deployed. Name one row, one command, or --all."""
    from uuid import UUID

    from domain.errors import Unavailable
    from stack.outbox import release

    if [row is not None, command is not None, all_].count(True) != 1:
        typer.echo("Name one row, or --command, or --all", err=True)
        raise typer.Exit(2)
    try:
        row_id = UUID(row) if row is not None else None
    except ValueError:
        typer.echo(f"{row} is not the id of a row", err=True)
        raise typer.Exit(2) from None
    try:
        released = asyncio.run(
            release(_settings(data_dir, "outbox", "operator"), limit, row_id=row_id, command=command)
        )
    except Unavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{len(released)} released")
    if row_id is not None and not released:
        raise typer.Exit(1)


@app.command()
def top(
    every: Annotated[float, typer.Option(min=0.5, max=60, help="Seconds between two readings.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Print one reading and end.")] = False,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Show what waits, runs and failed: task queues, bookings by stage, outbox, attention; until Ctrl-C."""
    from datetime import timedelta

    from temporalio.service import RPCError

    from domain.errors import Unavailable
    from stack.top import watch

    settings = _settings(data_dir, "top", "operator")
    try:
        asyncio.run(watch(settings, _console(), timedelta(seconds=every), once=once))
    except KeyboardInterrupt:
        return
    except (RuntimeError, RPCError, Unavailable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    from api.app import openapi_document

    typer.echo(json.dumps(openapi_document(), ensure_ascii=False, indent=2))


@app.command()
def audit(
    data_dir: DataDir = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="For a program instead of a person.")] = False,
) -> None:
    """Check that no booking, yen or notice was lost; exit code 1 if one was."""
    from stack.audit.report import main as report

    raise typer.Exit(report(_settings(data_dir, "audit", "operator"), as_json))


@app.command()
def messages(
    folder: Annotated[Path, typer.Option("--folder", help="Where the pages are written.")] = Path("message-previews"),
) -> None:
    """Write every message with example data as pages, in both languages."""
    from stack.previews.gallery import write

    typer.echo(write(folder).resolve().as_uri())


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    build = os.environ.get("OMOTENASHI_BUILD_ID")
    typer.echo(installed("omotenashi") + (f" ({build})" if build else ""))
