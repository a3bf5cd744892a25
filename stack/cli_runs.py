"""``omotenashi runs``: the runs of Temporal, compared with the rows of Postgres."""

import asyncio
from typing import Annotated

import typer

from stack.cli_settings import DataDir, settings_of
from stack.folder import DEFAULT

runs = typer.Typer(name="runs", help="Runs of Temporal: start those that were lost.")


@runs.callback()
def _group() -> None:
    """Keeps the name of the only command."""


@runs.command("restore")
def restore_runs(
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what is missing.")] = False,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Start the run of every row that must have one and has none; list open runs about nothing in Postgres."""
    from temporalio.service import RPCError

    from domain.errors import Unavailable
    from stack.runs import describe, restore

    try:
        done = asyncio.run(restore(settings_of(data_dir, "runs", "operator"), dry=dry))
    except (RPCError, RuntimeError, Unavailable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(describe(done, dry=dry))
