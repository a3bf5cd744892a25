"""``omotenashi analytics``: has the figures of business days computed again."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from stack.cli_settings import DataDir, settings_of
from stack.folder import DEFAULT

analytics = typer.Typer(name="analytics", help="Figures of business days: compute them again.")

_DAY = ["%Y-%m-%d"]


@analytics.callback()
def _group() -> None:
    """So that `backfill` stays a word of the command line while it is the only one."""


@analytics.command("backfill")
def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=_DAY, help="The first business day.")],
    last: Annotated[datetime, typer.Option("--to", formats=_DAY, help="The last business day; at most yesterday.")],
    business: Annotated[UUID | None, typer.Option(help="The id of one business; else all of them.")] = None,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Have business days computed again by the worker. Repeating it changes nothing."""
    from domain.errors import Unavailable
    from stack.backfill import mark

    if last < first:
        typer.echo("--to is before --from", err=True)
        raise typer.Exit(2)
    settings = settings_of(data_dir, "analytics", "operator")
    try:
        marked = asyncio.run(mark(settings, first.date(), last.date(), business))
    except Unavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{marked} business days will be computed")
