"""Stored events of providers, as the command line delivers them again."""

from datetime import UTC, datetime, timedelta

from typer.testing import CliRunner

from db.payments.commands.replay import ReplayAsked
from stack.cli import app
from stack.payment_events import describe, replay
from tests.support import data
from tests.support.servers import Database

_STORED = (
    "INSERT INTO payment_webhooks (provider, event_id, event_type, intent_id, event, event_created_at, applied_at,"
    " outcome) VALUES ('stripe', 'evt_1', 'payment_intent.succeeded', 'pi_nobody', '{}', now(), now(), 'unmatched')"
)


async def test_replay_counts_what_it_finds(database: Database) -> None:
    settings = database.settings()
    async with data.opened(database) as pool:
        await data.rows(pool, _STORED)
    now = datetime.now(UTC)
    asked = ReplayAsked(now - timedelta(hours=1), now + timedelta(hours=1))
    assert describe(await replay(settings, asked)) == "0 delivered, 1 unmatched, 0 unchanged"
    before = ReplayAsked(now - timedelta(hours=2), now - timedelta(hours=1))
    assert describe(await replay(settings, before)) == "0 delivered, 0 unmatched, 0 unchanged"


def test_replay_is_a_command() -> None:
    said = CliRunner().invoke(app, ["payments", "replay", "--help"])
    assert said.exit_code == 0, said.output
    assert "--since" in said.output
