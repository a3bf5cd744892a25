"""``omotenashi versions``: which version of the workers gets the runs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stack.cli_settings import DataDir, settings_of
from stack.folder import DEFAULT

if TYPE_CHECKING:
    from temporalio.client import Client

versions = typer.Typer(
    name="versions", help="Versions of the workers: which one gets the runs, and which may be stopped."
)

BuildId = Annotated[str, typer.Argument(help="The build id of the workers, as their image has it.")]


def _do(data_dir: Path, act: "Callable[[Client, str], Awaitable[None]]") -> None:
    """Do it, then say how it is."""
    from temporalio.service import RPCError

    from runtime.temporal import connect
    from workers.versions import find

    settings = settings_of(data_dir, "versions", "operator")
    name = settings.temporal_deployment

    async def do() -> list[str]:
        client = await connect(settings, process="versions")
        await act(client, name)
        found = await find(client, name)
        if found is None:
            return [f"{name} has no version: no worker with OMOTENASHI_TEMPORAL_VERSIONING=true has started yet"]
        share = {found.ramping: f" ({found.percent:g} %)"} if found.ramping else {}
        return [f"{each.build_id}  {each.status}{share.get(each.build_id, '')}" for each in found.known]

    try:
        lines = asyncio.run(do())
    except (RPCError, RuntimeError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo("\n".join(lines))


@versions.command("list")
def list_versions(data_dir: DataDir = DEFAULT) -> None:
    """List the versions, the newest first. One that is `drained` has no open runs: its workers may be stopped."""

    async def nothing(client: "Client", name: str) -> None:
        return None

    _do(data_dir, nothing)


@versions.command("current")
def make_current(
    build_id: BuildId,
    force: Annotated[
        bool, typer.Option("--force", help="Although not every task queue has workers of this version.")
    ] = False,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Give all runs to a version, except those that are bound to the one that they began with."""
    from workers.versions import set_current

    _do(data_dir, lambda client, name: set_current(client, name, build_id, force=force))


@versions.command("off")
def switch_off(data_dir: DataDir = DEFAULT) -> None:
    """Give all runs to workers without versions, before OMOTENASHI_TEMPORAL_VERSIONING is switched off."""
    from workers.versions import set_current

    _do(data_dir, lambda client, name: set_current(client, name, "", force=True))


@versions.command("ramp")
def ramp(
    build_id: BuildId,
    percent: Annotated[float, typer.Argument(min=0, max=100, help="Of the runs; 0 ends it.")],
    data_dir: DataDir = DEFAULT,
) -> None:
    """Give a share of the runs to a version."""
    from workers.versions import set_ramping

    _do(data_dir, lambda client, name: set_ramping(client, name, build_id, percent))
