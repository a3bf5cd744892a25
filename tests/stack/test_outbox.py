"""Parked rows of the outbox, as the command line lists and releases them."""

from stack.alive import relay_delivers
from stack.outbox import describe, parked, release
from tests.support import data
from tests.support.servers import Database

_PARK = (
    "INSERT INTO outbox (event, aggregate, payload, command, failures, attempts, last_error, created_at, not_before,"
    " parked_at) SELECT 'bad', 'bad/' || n, '{}', CASE WHEN n = 1 THEN 'refund.start' ELSE 'booking.start' END,"
    " 8, 8, 'ValidationError', now() - interval '1 hour', now() - interval '1 hour', now()"
    " FROM generate_series(1, 3) AS n"
)


async def test_outbox_lists_and_releases_parked_rows_by_id_command_and_all(database: Database) -> None:
    settings = database.settings()
    async with data.opened(database) as pool:
        await data.rows(pool, _PARK)
    rows = await parked(settings, 10)
    assert [row.aggregate for row in rows] == ["bad/1", "bad/2", "bad/3"]
    assert all(word in describe(rows[:1]) for word in (str(rows[0].id), "refund.start", "8 tries", "ValidationError"))
    assert await release(settings, 10, command="refund.start") == [rows[0].id]
    assert await release(settings, 10, row_id=rows[2].id) == [rows[2].id]
    assert await release(settings, 10, row_id=rows[2].id) == []
    assert await release(settings, 10) == [rows[1].id]
    assert describe(await parked(settings, 10)) == "No row of the outbox is parked"


async def test_relay_delivers_does_not_count_parked_rows(database: Database) -> None:
    async with data.opened(database) as pool:
        await data.rows(pool, _PARK)
        assert await relay_delivers(database.settings())
        await data.rows(pool, "UPDATE outbox SET parked_at = NULL")
        assert not await relay_delivers(database.settings())
