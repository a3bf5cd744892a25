"""Business days that are computed again by a command."""

from datetime import UTC, datetime, timedelta

from typer.testing import CliRunner

from stack.backfill import mark
from stack.cli import app
from tests.support import data
from tests.support.servers import Database


async def test_mark_marks_the_days_of_one_business_and_asks_for_their_computation(database: Database) -> None:
    """Ended days of the named business alone, and one command for the worker."""
    today = datetime.now(UTC).date()
    async with data.opened(database) as pool:
        salon, _ = await data.add_salon(pool), await data.add_salon(pool)
        await data.rows(pool, "UPDATE businesses SET created_at = now() - interval '30 days'")
        first = today - timedelta(days=10)
        assert await mark(database.settings(), first, first + timedelta(days=2), salon.business_id) == 3
        marked = await data.rows(pool, "SELECT business_id, day FROM analytics_stale_days ORDER BY day")
        assert {row["business_id"] for row in marked} == {salon.business_id}
        assert [row["day"] for row in marked] == [first + timedelta(days=n) for n in range(3)]
        [row] = await data.rows(pool, "SELECT command FROM outbox WHERE aggregate = 'analytics/backfill'")
        assert row["command"] == "analytics.compute"
        assert await mark(database.settings(), first, today + timedelta(days=9)) >= 2 * 9


def test_backfill_refuses_a_range_that_ends_before_it_begins() -> None:
    result = CliRunner().invoke(app, ["analytics", "backfill", "--from", "2026-11-02", "--to", "2026-11-01"])
    assert result.exit_code == 2
