"""``omotenashi payments``: stored events of payment providers."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from stack.cli_settings import DataDir, settings_of
from stack.folder import DEFAULT

payments = typer.Typer(name="payments", help="Payments: deliver stored events of providers again.")


@payments.callback()
def _group() -> None:
    """Keeps the name of the command: an app with one command would be that command."""


@payments.command("replay")
def replay_events(
    since: Annotated[datetime, typer.Option(help="Events received from then on, UTC.")],
    until: Annotated[datetime | None, typer.Option(help="And before then, UTC; by default all since.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only of this provider, as stripe.")] = None,
    event: Annotated[str | None, typer.Option(help="One event by the provider's id, also if it was applied.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the oldest first.")] = 1000,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Deliver events once more that were never applied or that matched no payment. Each is applied once."""
    from db.payments.commands.replay import ReplayAsked
    from domain.errors import Unavailable
    from stack.payment_events import describe, replay

    end = until.replace(tzinfo=UTC) if until else datetime.now(UTC)
    asked = ReplayAsked(since.replace(tzinfo=UTC), end, provider, event, limit)
    try:
        typer.echo(describe(asyncio.run(replay(settings_of(data_dir, "payments", "operator"), asked))))
    except Unavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
