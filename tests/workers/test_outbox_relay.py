"""The relay against a real Postgres: in order per aggregate, at least once, and a bad row stops nobody else."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from temporalio.service import RPCError, RPCStatusCode

from db.engine.session import Database, Scope
from db.platform import outbox
from db.platform.outbox import Command
from db.platform.outbox_poll import polling
from domain.errors import Unavailable
from tests.support import data, servers
from tests.workers.commands import Notebook, add
from workers import outbox_relay as relay
from workers.outbox_relay import OutboxRelay, is_away, pause_after


class _Slow:
    """Delivers rows of one aggregate only after ``answer``; others as ``notebook`` does."""

    def __init__(self, notebook: Notebook, aggregate: str, answer: asyncio.Event) -> None:
        self._notebook, self._aggregate, self._answer = notebook, aggregate, answer

    async def deliver(self, command: Command) -> None:
        """See `OutboxDispatcher.deliver`."""
        if command.aggregate == self._aggregate:
            await self._answer.wait()
        await self._notebook.deliver(command)


async def _fill(pool: Database, aggregates: int, rows: int) -> None:
    for number in range(rows):
        for aggregate in range(aggregates):
            await add(pool, f"a/{aggregate}", "anything", {"number": number})


async def _dispatch_all(outbox_relay: OutboxRelay) -> None:
    while await outbox_relay.dispatch_batch():
        pass


async def _open(pool: Database) -> list[dict[str, object]]:
    return await data.rows(pool, "SELECT * FROM outbox WHERE delivered_at IS NULL ORDER BY id")


async def test_relay_delivers_each_aggregate_in_its_order(pool: Database) -> None:
    await _fill(pool, aggregates=5, rows=4)
    notebook = Notebook()
    # Two relays at once: the leases keep them apart, the order holds across both.
    await asyncio.gather(_dispatch_all(OutboxRelay(pool, notebook)), _dispatch_all(OutboxRelay(pool, notebook)))
    await _dispatch_all(OutboxRelay(pool, notebook))
    for aggregate in range(5):
        assert [number for name, number in notebook.delivered if name == f"a/{aggregate}"] == [0, 1, 2, 3]
    assert await _open(pool) == []


async def test_relay_leaves_rows_whose_time_has_not_come(pool: Database) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        later = data.NOW + timedelta(days=3650)
        await work.platform.outbox.add("reminder", "a/1", None, {"number": 1}, "anything", not_before=later)
    assert await OutboxRelay(pool, Notebook()).dispatch_batch() == 0
    assert len(await _open(pool)) == 1


async def test_failed_row_stops_its_aggregate_and_no_other(pool: Database) -> None:
    await _fill(pool, aggregates=2, rows=2)
    notebook = Notebook(fails={"a/0": ValueError("bad payload")})
    await _dispatch_all(OutboxRelay(pool, notebook))
    assert notebook.delivered == [("a/1", 0), ("a/1", 1)]
    first, second = await _open(pool)
    assert (first["attempts"], first["last_error"]) == (1, "ValueError")
    assert first["leased_until"] is None
    assert (second["aggregate"], second["attempts"]) == ("a/0", 0)


async def _fail_until_parked(pool: Database, relay_: OutboxRelay) -> None:
    for _ in range(relay.PARK_AFTER):
        await data.rows(pool, "UPDATE outbox SET not_before = now() WHERE delivered_at IS NULL AND parked_at IS NULL")
        await relay_.dispatch_batch()


async def test_relay_parks_a_row_after_a_bounded_number_of_failures(pool: Database) -> None:
    await _fill(pool, aggregates=1, rows=1)
    outbox_relay = OutboxRelay(pool, Notebook(fails={"a/0": ValueError("bad payload")}))
    for attempt in range(1, relay.PARK_AFTER + 1):
        assert await data.rows(pool, "SELECT * FROM attention") == []
        await data.rows(pool, "UPDATE outbox SET not_before = now()")
        assert await outbox_relay.dispatch_batch() > 0
        (row,) = await _open(pool)
        assert (row["parked_at"] is not None) is (attempt == relay.PARK_AFTER)
    await data.rows(pool, "UPDATE outbox SET not_before = now()")
    assert await outbox_relay.dispatch_batch() == 0
    (matter,) = await data.rows(pool, "SELECT * FROM attention")
    assert (matter["kind"], matter["resolved_at"]) == ("outbox_stuck", None)
    assert matter["details"]["error"] == "ValueError"


async def test_relay_delivers_the_rows_behind_a_parked_one(pool: Database) -> None:
    await _fill(pool, aggregates=1, rows=2)
    notebook = Notebook(fails={"a/0": ValueError("bad payload")})
    await _fail_until_parked(pool, OutboxRelay(pool, notebook))
    notebook.fails.clear()
    await _dispatch_all(OutboxRelay(pool, notebook))
    assert notebook.delivered == [("a/0", 1)]


async def test_release_lets_the_relay_try_a_parked_row_again_and_closes_its_attention(pool: Database) -> None:
    await _fill(pool, aggregates=2, rows=1)
    errors = {"a/0": ValueError("bad payload"), "a/1": ValueError("bad payload")}
    notebook = Notebook(fails=errors)
    await _fail_until_parked(pool, OutboxRelay(pool, notebook))
    notebook.fails.clear()
    async with pool.unit_of_work(Scope.platform()) as work:
        first, second = await work.platform.outbox.parked(10)
        assert (first.last_error, first.attempts) == ("ValueError", relay.PARK_AFTER)
        assert await work.platform.outbox.parked(10, "something.else") == []
        assert await work.platform.outbox.release(10, row_id=first.id) == [first.id]
        assert [row.id for row in await work.platform.outbox.parked(10)] == [second.id]
    await _dispatch_all(OutboxRelay(pool, notebook))
    assert notebook.delivered == [("a/0", 0)]
    matters = await data.rows(pool, "SELECT details, resolution FROM attention ORDER BY id")
    assert {each["details"]["outbox_id"]: each["resolution"] for each in matters} == {
        str(first.id): "released",
        str(second.id): None,
    }


async def test_relay_delivers_a_fresh_row_in_the_next_batch_while_undeliverable_ones_wait(pool: Database) -> None:
    """What a fresh row waits for is one batch, however many rows wait before it: counted, because times drift."""
    # Thirty batches of rows whose payload is not what their command takes; a third of them failed before.
    await data.rows(
        pool,
        "INSERT INTO outbox (event, aggregate, payload, command, failures)"
        " SELECT 'bad', 'bad/' || n, '{}', 'booking.start', CASE WHEN n % 3 = 0 THEN 1 ELSE 0 END"
        " FROM generate_series(1, 1500) AS n",
    )
    notebook = Notebook()
    outbox_relay = OutboxRelay(pool, notebook)
    await outbox_relay.dispatch_batch()  # the relay is busy with them when the first fresh row comes
    for number in range(3):
        await add(pool, f"fresh/{number}", "anything", {"number": number})
        await outbox_relay.dispatch_batch()
        assert notebook.delivered == [(f"fresh/{each}", each) for each in range(number + 1)]
    never_tried = [row for row in await _open(pool) if row["attempts"] == 0]
    assert len(never_tried) >= 1500 - 4 * relay.BATCH, "the fresh rows were delivered before these"


async def test_lease_takes_rows_that_failed_before_beside_fresh_ones(pool: Database) -> None:
    await data.rows(
        pool,
        "INSERT INTO outbox (event, aggregate, payload, command, failures)"
        " SELECT 'any', 'any/' || n, '{}', 'anything', CASE WHEN n > 200 THEN 1 ELSE 0 END"
        " FROM generate_series(1, 400) AS n",
    )
    async with pool.unit_of_work(Scope.platform()) as work:
        leased = await work.platform.outbox.lease(40, timedelta(minutes=1))
    assert [sum(command.failures == number for command in leased) for number in (0, 1)] == [30, 10]


async def test_lease_reads_few_pages_of_a_table_that_was_never_analysed(
    migrated_postgres: servers.PostgresServer,
) -> None:
    """Postgres expects one open row then, and must not read all open rows once for each row that it leases. In a new
    database: one that was emptied has pages of deleted rows, and Postgres may have analysed it."""
    shares = {"oldest": 26, "newest": 12, "failed": 12, "lease": timedelta(minutes=1)}
    async with servers.copy_of_template(migrated_postgres) as database, data.opened(database) as pool:
        await data.rows(
            pool,
            "INSERT INTO outbox (event, aggregate, payload, command)"
            " SELECT 'any', 'any/' || n, '{}', 'anything' FROM generate_series(1, 3000) AS n",
        )
        async with pool.unit_of_work(Scope.platform()) as work:
            explained = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {outbox._LEASE.text}")
            (plan,) = await work.session.scalar(explained, shares)
    assert plan["Plan"]["Actual Rows"] == 38
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < 1000


async def test_relay_does_not_wait_for_a_slow_delivery(pool: Database) -> None:
    await _fill(pool, aggregates=1, rows=1)
    notebook, answer = Notebook(), asyncio.Event()
    slow = OutboxRelay(pool, _Slow(notebook, "a/0", answer), round_=timedelta(milliseconds=10))
    await slow.dispatch_batch()
    await add(pool, "a/1", "anything", {"number": 7})
    while ("a/1", 7) not in notebook.delivered:
        await slow.dispatch_batch()
    assert ("a/0", 0) not in notebook.delivered
    answer.set()
    await slow.finish()
    assert notebook.delivered == [("a/1", 7), ("a/0", 0)]
    assert await _open(pool) == []


async def test_relay_parks_nothing_while_temporal_is_away(pool: Database) -> None:
    await _fill(pool, aggregates=1, rows=1)
    away = RPCError("no", RPCStatusCode.UNAVAILABLE, b"")
    outbox_relay = OutboxRelay(pool, Notebook(fails={"a/0": away}))
    for _ in range(relay.PARK_AFTER + 2):
        await data.rows(pool, "UPDATE outbox SET not_before = now()")
        await outbox_relay.dispatch_batch()
    (row,) = await _open(pool)
    assert (row["parked_at"], row["failures"]) == (None, 0)
    assert await data.rows(pool, "SELECT * FROM attention") == []


async def test_relay_killed_before_it_could_mark_delivers_again(
    pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _fill(pool, aggregates=1, rows=1)
    notebook = Notebook()
    dying = OutboxRelay(pool, notebook, lease=timedelta(milliseconds=1))

    async def killed(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(dying, "_mark", killed)
    with pytest.raises(Unavailable):
        await dying.dispatch_batch()
    async with asyncio.timeout(30):
        while not await OutboxRelay(pool, notebook).dispatch_batch():  # noqa: ASYNC110 - the lease runs out
            await asyncio.sleep(0.01)
    assert notebook.delivered == [("a/0", 0)] * 2
    assert await _open(pool) == []


async def test_leased_rows_are_left_alone(pool: Database) -> None:
    await _fill(pool, aggregates=1, rows=2)
    async with pool.unit_of_work(Scope.platform()) as work:
        assert len(await work.platform.outbox.lease(10, timedelta(minutes=1))) == 1
    assert await OutboxRelay(pool, Notebook()).dispatch_batch() == 0


def test_pauses_grow_and_are_short_while_temporal_is_away() -> None:
    assert [pause_after(attempts, away=False).total_seconds() for attempts in (1, 2, 3, 50)] == [0.5, 1, 2, 300]
    assert pause_after(50, away=True) == relay.LONGEST_WHILE_AWAY


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (RPCError("", RPCStatusCode.UNAVAILABLE, b""), True),
        (RPCError("", RPCStatusCode.INVALID_ARGUMENT, b""), False),
        (TimeoutError(), True),
        (Unavailable(), True),
        (KeyError("no.such.command"), False),
    ],
)
def test_is_away_says_whether_the_row_or_the_server_failed(error: Exception, away: bool) -> None:
    assert is_away(error) is away


async def test_poll_sees_a_row_from_its_commit_until_it_is_leased(database: servers.Database, pool: Database) -> None:
    """Nothing has to wake it."""
    async with polling(database.settings()) as poll:
        assert not await poll.is_due()
        await add(pool, "a/0", "anything", {"number": 0})
        assert await poll.is_due()
        await OutboxRelay(pool, Notebook()).dispatch_batch()
        assert not await poll.is_due()


async def test_poll_does_not_see_rows_whose_time_begins_later(database: servers.Database, pool: Database) -> None:
    async with polling(database.settings()) as poll:
        await add(pool, "a/0", "anything", {"number": 0})
        await data.rows(pool, "UPDATE outbox SET not_before = now() + interval '1 hour'")
        assert not await poll.is_due()
        await data.rows(pool, "UPDATE outbox SET not_before = now()")
        assert await poll.is_due()


async def test_poll_says_that_its_connection_is_lost(database: servers.Database, pool: Database) -> None:
    async with polling(database.settings()) as poll:
        await data.rows(
            pool,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'omotenashi relay%'",
        )
        with pytest.raises(Unavailable):
            await poll.is_due()


async def test_polling_raises_unavailable_without_postgres(database: servers.Database) -> None:
    nowhere = SecretStr("postgresql+asyncpg://omotenashi_app@127.0.0.1:1/none")
    elsewhere = database.settings().model_copy(update={"database_url": nowhere})
    with pytest.raises(Unavailable):
        async with polling(elsewhere):
            pass


async def test_transactions_never_notify(pool: Database) -> None:
    """NOTIFY makes the commits of the whole database wait for each other."""
    found = await data.rows(
        pool,
        "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = 'public' AND prosrc ~* 'pg_notify|\\mNOTIFY\\M'",
    )
    assert found == []


async def test_relay_reconnects_after_its_connection_was_lost(database: servers.Database, pool: Database) -> None:
    notebook = Notebook()
    stop = asyncio.Event()
    carrying = asyncio.create_task(OutboxRelay(pool, notebook).dispatch_until(stop, database.settings()))
    async with asyncio.timeout(30):
        await _fill(pool, aggregates=1, rows=1)
        while not notebook.delivered:  # noqa: ASYNC110 (the relay sets no event)
            await asyncio.sleep(0.01)
        await data.rows(
            pool,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'omotenashi relay%'",
        )
        await add(pool, "b/0", "anything", {"number": 7})
        while len(notebook.delivered) < 2:  # noqa: ASYNC110 (the relay sets no event)
            await asyncio.sleep(0.01)
        stop.set()
        await carrying


async def test_dispatch_until_delivers_until_the_stop(database: servers.Database, pool: Database) -> None:
    notebook = Notebook()
    stop = asyncio.Event()
    carrying = asyncio.create_task(OutboxRelay(pool, notebook).dispatch_until(stop, database.settings()))
    await _fill(pool, aggregates=3, rows=2)
    async with asyncio.timeout(20):
        while len(notebook.delivered) < 6:  # noqa: ASYNC110 (the relay sets no event)
            await asyncio.sleep(0.01)
        stop.set()
        await carrying
    assert await _open(pool) == []
