"""The unit of work: whose transaction it is, who acts, which key it takes, and what happens when Postgres is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import text

from db.engine.context import Context, IdempotencyKey
from db.engine.session import Database, Scope, connect
from domain.errors import IdempotencyKeyReused, RequestInProgress, Unavailable
from domain.platform.actor import Actor, ActorKind
from tests.support import data, servers


@pytest_asyncio.fixture
async def pool(database: servers.Database) -> AsyncIterator[Database]:
    async with data.opened(database) as opened:
        yield opened


async def test_scope_of_an_object_says_what_the_caller_is(pool: Database) -> None:
    salon = await data.add_salon(pool)
    manager = await data.add_staff(pool, salon.business_id, role="manager")
    booking_id = await data.add_booking(pool, salon)
    cases = [
        ("booking", booking_id, salon.owner_id, "owner", False),
        ("booking", booking_id, manager, "manager", False),
        ("booking", booking_id, salon.user_id, None, True),
        ("booking", booking_id, uuid4(), None, False),
        ("service", salon.service_id, None, None, False),
        ("resource", salon.resources[0], manager, "manager", False),
        ("policy", salon.policy_id, manager, "manager", False),
        ("business", salon.business_id, salon.owner_id, "owner", False),
    ]
    for kind, object_id, caller, role, own in cases:
        async with pool.unit_of_work(Scope.of(kind, object_id, caller)) as work:
            assert (work.entered.business_id, work.entered.role, work.entered.own) == (salon.business_id, role, own)
            assert await work.session.scalar(text("SELECT count(*) FROM bookings")) == 1


async def test_entering_what_does_not_exist_shows_nothing(pool: Database) -> None:
    await data.add_booking(pool, await data.add_salon(pool))
    for kind in ("business", "service", "resource", "policy", "booking", "payment", "notice"):
        async with pool.unit_of_work(Scope.of(kind, uuid4(), uuid4())) as work:
            assert work.entered.business_id is None
            assert await work.session.scalar(text("SELECT count(*) FROM bookings")) == 0


async def test_staff_who_left_are_nobody(pool: Database) -> None:
    salon = await data.add_salon(pool)
    gone = await data.add_staff(pool, salon.business_id, ended_at=data.NOW)
    async with pool.unit_of_work(Scope.of("business", salon.business_id, gone)) as work:
        assert work.entered.role is None


async def test_raise_leaves_nothing_behind(pool: Database) -> None:
    salon = await data.add_salon(pool)

    async def fail() -> None:
        async with pool.unit_of_work(salon.scope, key=IdempotencyKey("u", "k", b"1")) as work:
            await work.platform.outbox.add("test.happened", "test/1", salon.business_id, {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await data.rows(pool, "SELECT 1 FROM outbox") == []
    assert await data.rows(pool, "SELECT 1 FROM idempotency_keys") == []


async def test_audit_trail_says_who_and_in_which_request(pool: Database) -> None:
    salon = await data.add_salon(pool)
    context = Context(Actor(ActorKind.STAFF, salon.owner_id), "req_1", "203.0.113.9", "curl/8")
    async with pool.unit_of_work(salon.scope, context) as work:
        await work.session.execute(text("UPDATE services SET price = 7000"))
        await work.session.execute(text("UPDATE services SET price = 7000"))
    trail = await data.rows(
        pool,
        """SELECT before, after, actor_kind, actor_id, request_id, host(ip) AS ip, user_agent, business_id
             FROM audit_logs WHERE entity = 'services' AND action = 'update'""",
    )
    # The second update changed nothing and left no line.
    assert trail == [
        {
            "before": {"price": 6600},
            "after": {"price": 7000},
            "actor_kind": "staff",
            "actor_id": salon.owner_id,
            "request_id": "req_1",
            "ip": "203.0.113.9",
            "user_agent": "curl/8",
            "business_id": salon.business_id,
        }
    ]


async def test_audit_trail_keeps_no_secret(pool: Database) -> None:
    await data.add_user(pool, password_hash="$2b$12$very-secret")
    [line] = await data.rows(pool, "SELECT after FROM audit_logs WHERE entity = 'users'")
    assert line["after"]["password_hash"] == "***"
    assert await data.rows(pool, "SELECT 1 FROM audit_logs a WHERE a::text LIKE '%very-secret%'") == []


async def test_stored_answer_comes_back_byte_for_byte(pool: Database) -> None:
    key = IdempotencyKey("user", "key", b"print")
    async with pool.unit_of_work(Scope.public(), key=key) as work:
        assert work.stored_response is None
        await work.store_response(201, b'{"a": 1}')
    async with pool.unit_of_work(Scope.public(), key=key) as work:
        assert work.stored_response is not None
        assert (work.stored_response.status_code, work.stored_response.body) == (201, b'{"a": 1}')
    with pytest.raises(IdempotencyKeyReused):
        async with pool.unit_of_work(Scope.public(), key=IdempotencyKey("user", "key", b"other")):
            pass
    async with pool.unit_of_work(Scope.public(), key=IdempotencyKey("another", "key", b"print")) as work:
        assert work.stored_response is None


async def test_twin_waits_for_the_first_and_gets_its_answer(pool: Database) -> None:
    key = IdempotencyKey("user", "key", b"print")

    async def twin() -> object:
        async with pool.unit_of_work(Scope.public(), key=key) as work:
            return work.stored_response

    async with pool.unit_of_work(Scope.public(), key=key) as work:
        second = asyncio.create_task(twin())
        await asyncio.wait([second], timeout=0.3)
        assert not second.done()
        await work.store_response(200, b"first")
    answer = await second
    assert getattr(answer, "body", None) == b"first"


async def test_key_without_an_answer_is_in_progress_until_its_lock_is_over(pool: Database) -> None:
    key = IdempotencyKey("user", "key", b"print")
    async with pool.unit_of_work(Scope.public(), key=key):
        pass  # taken, and no answer yet: the work goes on elsewhere
    with pytest.raises(RequestInProgress):
        async with pool.unit_of_work(Scope.public(), key=key):
            pass
    await data.rows(pool, "UPDATE idempotency_keys SET locked_until = now() - interval '1 second'")
    async with pool.unit_of_work(Scope.public(), key=key) as work:
        assert work.stored_response is None


async def test_key_older_than_a_day_is_new(pool: Database) -> None:
    async with pool.unit_of_work(Scope.public(), key=IdempotencyKey("user", "key", b"print")) as work:
        await work.store_response(200, b"old")
    await data.rows(pool, "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    async with pool.unit_of_work(Scope.public(), key=IdempotencyKey("user", "key", b"other")) as work:
        assert work.stored_response is None


async def test_connections_that_died_in_the_pool_are_replaced_without_a_word(database: servers.Database) -> None:
    async with data.opened(database, database_pool_size=1, database_pool_overflow=0) as pool:
        await _loses_its_connection(pool, database)


async def _loses_its_connection(pool: Database, database: servers.Database) -> None:
    async with pool.unit_of_work(Scope.public()) as work:
        mine = await work.session.scalar(text("SELECT pg_backend_pid()"))
    async with pool.unit_of_work(Scope.public()) as work:
        assert await work.session.scalar(text("SELECT pg_backend_pid()")) == mine
    async with data.opened(database) as other, other.unit_of_work(Scope.public()) as work:
        await work.session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
    async with pool.unit_of_work(Scope.public()) as work:
        assert await work.session.scalar(text("SELECT pg_backend_pid()")) != mine


async def test_server_that_is_not_there_is_unavailable(database: servers.Database) -> None:
    [port] = servers.choose_ports(["postgres"], {}).values()
    url = SecretStr(f"postgresql+asyncpg://omotenashi_app@127.0.0.1:{port}/nowhere")
    away = connect(database.settings().model_copy(update={"database_url": url}))
    with pytest.raises(Unavailable) as refused:
        async with away.unit_of_work(Scope.public()):
            pass
    assert refused.value.details["dependency"] == "postgres"
    await away.close()


async def test_lock_that_is_held_too_long_asks_to_try_again(database: servers.Database) -> None:
    async with data.opened(database, database_lock_timeout="PT0.2S") as impatient:
        salon = await data.add_salon(impatient)
        async with impatient.unit_of_work(salon.scope) as holder:
            await holder.session.execute(text("SELECT 1 FROM services FOR UPDATE"))
            with pytest.raises(Unavailable):
                async with impatient.unit_of_work(salon.scope) as waiting:
                    await waiting.session.execute(text("UPDATE services SET price = 1"))


async def test_statements_are_planned_once_only_where_a_service_is_entered(pool: Database) -> None:
    salon = await data.add_salon(pool)
    for scope, mode in (
        (Scope.of("service", salon.service_id, None), "force_generic_plan"),
        (Scope.of("business", salon.business_id, None), "auto"),
        (Scope.public(), "auto"),
    ):
        async with pool.unit_of_work(scope) as work:
            assert await work.session.scalar(text("SHOW plan_cache_mode")) == mode, scope


async def test_name_that_is_gone_is_a_server_that_is_away(database: servers.Database) -> None:
    url = SecretStr("postgresql+asyncpg://omotenashi_app@no-such-host.invalid:5432/nowhere")
    away = connect(database.settings().model_copy(update={"database_url": url}))
    with pytest.raises(Unavailable):
        async with away.unit_of_work(Scope.public()):
            pass
    await away.close()


async def test_open_pool_opens_what_the_pool_keeps(database: servers.Database) -> None:
    async with data.opened(database, database_pool_size=3, database_pool_overflow=2) as pool:
        assert pool.connections() == (0, 0), "nothing before it is asked for"
        for _ in range(2):
            assert await pool.open_pool(timedelta(seconds=5)) == 3
            assert pool.connections() == (0, 3)
        await data.rows(pool, "SELECT 1")
        assert pool.connections() == (0, 3)


async def test_open_pool_waits_neither_for_a_postgres_that_is_away_nor_for_a_slow_one(
    database: servers.Database,
) -> None:
    [port] = servers.choose_ports(["nobody"], {}).values()
    away = SecretStr(f"postgresql+asyncpg://nobody@127.0.0.1:{port}/nothing")
    pool = connect(database.settings(database_url=away))
    assert await pool.open_pool(timedelta(seconds=5)) == 0
    await pool.close()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", port):
        pool = connect(database.settings(database_url=away))
        began = asyncio.get_running_loop().time()
        assert await pool.open_pool(timedelta(seconds=0.1)) == 0
        assert asyncio.get_running_loop().time() - began < 1
        await pool.close()
