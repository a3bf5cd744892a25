"""Stored events of payment providers, delivered again by an operator."""

from db.engine.session import Scope, connect
from db.payments.commands.replay import ReplayAsked, Replayed
from runtime.settings import Settings


async def replay(settings: Settings, asked: ReplayAsked) -> Replayed:
    """Deliver the chosen events once more.

    Raises:
        Unavailable: Postgres does not answer.
    """
    database = connect(settings)
    try:
        async with database.unit_of_work(Scope.platform()) as work:
            return await work.payments.webhooks.replay(asked)
    finally:
        await database.close()


def describe(replayed: Replayed) -> str:
    """One line."""
    return f"{replayed.delivered} delivered, {replayed.unmatched} unmatched, {replayed.unchanged} unchanged"
