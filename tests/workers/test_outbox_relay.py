"""The relay against a real Postgres: in order per aggregate, at least once, and a bad row stops nobody else."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr
from temporalio.service import RPCError, RPCStatusCode

from db.engine.session import Database, Scope
from db.platform.outbox_listener import listening
from domain.errors import Unavailable
from tests.support import data, servers
from tests.workers.commands import Notebook, add
from workers import outbox_relay as relay
from workers.outbox_relay import OutboxRelay, is_away, pause_after


async def _fill(pool: Database, aggregates: int, rows: int) -> None:
    for number in range(rows):
        for aggregate in range(aggregates):
            await add(pool, f"a/{aggregate}", "anything", {"number": number})


async def _carry_all(courier: OutboxRelay) -> None:
    while await courier.dispatch_batch():
        pass


async def _open(pool: Database) -> list[dict[str, object]]:
    return await data.rows(pool, "SELECT * FROM outbox WHERE delivered_at IS NULL ORDER BY id")


async def test_each_aggregate_in_its_order(pool: Database) -> None:
    await _fill(pool, aggregates=5, rows=4)
    notebook = Notebook()
    # Two relays at once: the leases keep them apart, the order holds across both.
    await asyncio.gather(_carry_all(OutboxRelay(pool, notebook)), _carry_all(OutboxRelay(pool, notebook)))
    await _carry_all(OutboxRelay(pool, notebook))
    for aggregate in range(5):
        assert [number for name, number in notebook.delivered if name == f"a/{aggregate}"] == [0, 1, 2, 3]
    assert await _open(pool) == []


async def test_what_waits_for_its_time_stays(pool: Database) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        later = data.NOW + timedelta(days=3650)
        await work.platform.outbox.add("reminder", "a/1", None, {"number": 1}, "anything", not_before=later)
    assert await OutboxRelay(pool, Notebook()).dispatch_batch() == 0
    assert len(await _open(pool)) == 1


async def test_one_that_fails_stops_its_aggregate_and_no_other(pool: Database) -> None:
    await _fill(pool, aggregates=2, rows=2)
    notebook = Notebook(fails={"a/0": ValueError("bad payload")})
    await _carry_all(OutboxRelay(pool, notebook))
    assert notebook.delivered == [("a/1", 0), ("a/1", 1)]
    first, second = await _open(pool)
    assert (first["attempts"], first["last_error"]) == (1, "ValueError")
    assert first["leased_until"] is None
    assert (second["aggregate"], second["attempts"]) == ("a/0", 0)


async def test_poison_is_told_to_a_person_once_and_tried_on(pool: Database) -> None:
    await _fill(pool, aggregates=1, rows=1)
    courier = OutboxRelay(pool, Notebook(fails={"a/0": ValueError("bad payload")}))
    for attempt in range(1, relay.HELP_AFTER + 3):
        await data.rows(pool, "UPDATE outbox SET not_before = now()")
        assert await courier.dispatch_batch() == 1
        matters = await data.rows(pool, "SELECT * FROM attention")
        assert len(matters) == (1 if attempt >= relay.HELP_AFTER else 0)
    assert matters[0]["kind"] == "outbox_stuck"
    assert matters[0]["details"]["error"] == "ValueError"


async def test_temporal_away_is_nobodys_fault(pool: Database) -> None:
    await _fill(pool, aggregates=1, rows=1)
    away = RPCError("no", RPCStatusCode.UNAVAILABLE, b"")
    courier = OutboxRelay(pool, Notebook(fails={"a/0": away}))
    for _ in range(relay.HELP_AFTER + 2):
        await data.rows(pool, "UPDATE outbox SET not_before = now()")
        await courier.dispatch_batch()
    assert await data.rows(pool, "SELECT * FROM attention") == []


async def test_killed_before_it_could_mark_delivers_again(pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await _fill(pool, aggregates=1, rows=1)
    notebook = Notebook()
    dying = OutboxRelay(pool, notebook, lease=timedelta(milliseconds=1))

    async def killed(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(dying, "_mark", killed)
    with pytest.raises(Unavailable):
        await dying.dispatch_batch()
    await asyncio.sleep(0.05)  # the lease runs out
    await OutboxRelay(pool, notebook).dispatch_batch()
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
def test_who_is_to_blame(error: Exception, away: bool) -> None:
    assert is_away(error) is away


async def test_a_write_wakes_the_listener(database: servers.Database, pool: Database) -> None:
    heard = asyncio.Event()
    async with listening(database.settings(), heard):
        await add(pool, "a/0", "anything", {"number": 0})
        async with asyncio.timeout(10):
            await heard.wait()


async def test_a_lost_connection_is_noticed(database: servers.Database, pool: Database) -> None:
    async with listening(database.settings(), asyncio.Event()) as lost:
        await data.rows(
            pool,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'omotenashi relay%'",
        )
        async with asyncio.timeout(10):
            await lost.wait()


async def test_postgres_away_is_unavailable(database: servers.Database) -> None:
    nowhere = SecretStr("postgresql+asyncpg://omotenashi_app@127.0.0.1:1/none")
    elsewhere = database.settings().model_copy(update={"database_url": nowhere})
    with pytest.raises(Unavailable):
        async with listening(elsewhere, asyncio.Event()):
            pass


async def test_it_carries_until_it_is_told_to_stop(database: servers.Database, pool: Database) -> None:
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
