"""``omotenashi payments``: stored events of payment providers, and the comparison with what they say."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from domain.payments.providers import ProviderName
from stack.cli_settings import DataDir, settings_of
from stack.folder import DEFAULT

payments = typer.Typer(name="payments", help="Payments: deliver stored events again, compare with the providers.")

#: How a day is given.
DAYS = ["%Y-%m-%d"]


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


@payments.command("reconcile")
def reconcile_payments(
    since: Annotated[datetime, typer.Option(formats=DAYS, help="The first day, in Japan.")],
    until: Annotated[datetime, typer.Option(formats=DAYS, help="The day after the last one, in Japan.")],
    provider: Annotated[list[ProviderName] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Compare the payments that were opened in a range of days with what the providers say; exit code 1 for
    differences, which are on the attention list then."""
    from temporalio.service import RPCError

    from stack.reconcile import describe, is_equal, reconcile

    if since >= until:
        typer.echo("--until is the day after the last one", err=True)
        raise typer.Exit(2)
    names = tuple(one.value for one in provider or ProviderName)
    try:
        done = asyncio.run(reconcile(settings_of(data_dir, "reconcile", "operator"), since, until, names))
    except (RPCError, RuntimeError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(describe(done))
    raise typer.Exit(0 if is_equal(done) else 1)
