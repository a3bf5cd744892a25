"""No hot statement reads a whole table: by Postgres' own counters, as the application's role, at 30 000 bookings.

A whole run has 100 000.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db.bookings.commands.hold_request import HoldRequest
from db.bookings.queries import BookingFilter
from db.engine.session import Database, Scope, UnitOfWork
from db.scheduling.free_time import Asked
from domain.bookings.commands import BookingCommand
from domain.bookings.contact import Contact
from domain.platform.actor import ActorKind
from tests.bench import bench_data
from tests.support import data, sampling, servers
from tests.support.data import HOUR, single

BOOKINGS = sampling.examples(15_000, whole=100_000)
LARGE = (
    "bookings",
    "booking_items",
    "booking_history",
    "resource_claims",
    "customers",
    "booking_payments",
    "outbox",
    "notification_outbox",
)
#: What so many bookings leave behind, apart from themselves and their claims.
REST = (
    """INSERT INTO customers (business_id, user_id, family_name, email)
       SELECT :b, NULL, 'x', g || '@example.com' FROM generate_series(1, :n) g""",
    """INSERT INTO booking_items (business_id, booking_id, service_id, position, name, start_at, end_at,
           buffer_before_minutes, buffer_after_minutes, price, tax_percent)
       SELECT business_id, id, :s, 0, '{"ja": "x"}', start_at, end_at, 0, 0, 6600, 10 FROM bookings""",
    """INSERT INTO booking_history (business_id, booking_id, event, to_status, actor_kind)
       SELECT business_id, id, 'held', 'pending', 'system' FROM bookings""",
    """INSERT INTO booking_payments (business_id, booking_id, provider, provider_intent_id, status, capture_method,
           amount, captured, authorized, currency)
       SELECT business_id, id, 'stripe', 'pi_' || id, 'captured', 'automatic', 6600, 6600, 6600, 'JPY' FROM bookings""",
    """INSERT INTO outbox (business_id, event, aggregate, command, delivered_at)
       SELECT business_id, 'booking.held', 'booking/' || id, 'booking.start', now() FROM bookings""",
    """INSERT INTO notification_outbox (business_id, booking_id, customer_id, user_id, kind, status, dedupe_key)
       SELECT business_id, id, customer_id, uuidv7(), 'booking_confirmed', 'sent', id::text FROM bookings""",
    "UPDATE bookings SET user_id = uuidv7(), customer_id = uuidv7()",
)


@pytest_asyncio.fixture(scope="module")
async def crowded(
    migrated_postgres: servers.PostgresServer,
) -> AsyncIterator[tuple[servers.Database, bench_data.BenchSalon]]:
    async with servers.copy_of_template(migrated_postgres) as database:
        async with data.opened(database) as pool:
            salon = await bench_data.make_salon(pool, 20, 50)
        await bench_data.fill(database, salon, BOOKINGS, bench_data.days_ahead(-400), 430)
        engine = create_async_engine(database.superuser_url.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in REST:
                values = {"b": salon.business_id, "s": salon.service_id, "n": BOOKINGS}
                used = {key: value for key, value in values.items() if f":{key}" in statement}
                await connection.execute(text(statement), used)
        async with engine.connect() as connection:
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))
        await engine.dispose()
        yield database, salon


async def scans(pool: Database) -> dict[str, int]:
    async with pool.unit_of_work(Scope.platform()) as work:
        await work.session.execute(text("SELECT pg_stat_force_next_flush()"))
    found = await data.rows(
        pool, "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY(:names)", names=list(LARGE)
    )
    return {row["relname"]: row["seq_scan"] for row in found}


async def whole_reads(pool: Database, hot: Callable[[], Awaitable[object]]) -> set[str]:
    """The large tables that ``hot`` reads from end to end, with fresh plans and with those that are kept.

    ``pool`` has one connection: counters reach the view when their own session says so.
    """
    before = await scans(pool)
    for _ in range(7):  # Postgres settles on a plan at the sixth time
        await hot()
    after = await scans(pool)
    return {name for name in LARGE if after[name] > before[name]}


async def test_counters_see_a_whole_read(crowded: tuple[servers.Database, bench_data.BenchSalon]) -> None:
    """The control."""
    async with data.opened(crowded[0], database_pool_size=1, database_pool_overflow=0) as pool:

        async def all_of_it() -> None:
            await data.rows(pool, "SELECT count(*) FROM bookings WHERE special_requests = 'x'")

        assert await whole_reads(pool, all_of_it) == {"bookings"}


async def test_hot_statements_read_no_whole_table(crowded: tuple[servers.Database, bench_data.BenchSalon]) -> None:
    database, salon = crowded
    async with data.opened(database, database_pool_size=1, database_pool_overflow=0) as pool:
        [known] = await data.rows(
            pool, "SELECT id, user_id, customer_id, start_at FROM bookings WHERE status = 'confirmed' LIMIT 1"
        )
        [payment] = await data.rows(pool, "SELECT id FROM booking_payments LIMIT 1")
        now = bench_data.days_ahead(0)
        tenant = Scope.tenant(salon.business_id)
        calls = iter(range(10_000))

        def within(scope: Scope, step: Callable[[UnitOfWork], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
            async def run() -> object:
                async with pool.unit_of_work(scope) as work:
                    return await step(work)

            return run

        async def hold(work: UnitOfWork) -> object:
            number = next(calls)
            start_at = bench_data.days_ahead(40) + number * HOUR
            user_id: UUID = salon.users[number % len(salon.users)]
            return await work.bookings.holds.hold(HoldRequest(single(salon.service_id), start_at, user_id=user_id), now)

        async def guest_hold(work: UnitOfWork) -> object:
            start_at = bench_data.days_ahead(42) + next(calls) * HOUR
            guest = Contact("x", email=f"{next(calls)}@example.com")
            return await work.bookings.holds.hold(HoldRequest(single(salon.service_id), start_at, person=guest), now)

        async def month(work: UnitOfWork) -> object:
            return await work.scheduling.availability.starts(
                Asked([salon.service_id], now.date(), (now + timedelta(days=30)).date()), now, 1
            )

        async def cancel(work: UnitOfWork) -> object:
            number = next(calls)
            booking = (
                await work.session.execute(
                    text("SELECT id FROM bookings WHERE business_id = :b AND status = 'pending' AND start_at > :s"),
                    {"b": salon.business_id, "s": bench_data.days_ahead(39)},
                )
            ).first()
            assert booking is not None
            command = BookingCommand(booking.id, salon.business_id, f"c{number}", ActorKind.SYSTEM)
            return await work.bookings.changes.cancel(command, now)

        mine = BookingFilter(user_id=known["user_id"])
        theirs = BookingFilter(business_id=salon.business_id, since=now)
        hot = {
            "hold": within(Scope.of("service", salon.service_id, salon.users[0]), hold),
            "month": within(Scope.of("service", salon.service_id, None), month),
            "cancel": within(tenant, cancel),
            "one booking": within(Scope.of("booking", known["id"], None), lambda work: work.bookings.get(known["id"])),
            "history": within(tenant, lambda work: work.bookings.history(known["id"])),
            "my bookings": within(Scope.self_(known["user_id"]), lambda work: work.bookings.list_(mine, 20)),
            "the salon's bookings": within(tenant, lambda work: work.bookings.list_(theirs, 20)),
            "payment": within(Scope.of("payment", payment["id"], None), lambda work: work.payments.get(payment["id"])),
            "payments of a booking": within(
                tenant, lambda work: work.payments.lists.list_(booking_id=known["id"], limit=20)
            ),
            "my payments": within(
                Scope.self_(known["user_id"]), lambda work: work.payments.lists.of_user(known["user_id"], None, 20)
            ),
            "the salon's payments": within(
                tenant, lambda work: work.payments.lists.list_(business_id=salon.business_id, limit=20)
            ),
            "guest's hold": within(Scope.of("service", salon.service_id, None), guest_hold),
            "notices": within(
                Scope.self_(known["user_id"]),
                lambda work: work.messages.notices.list_for_user(known["user_id"], None, 20),
            ),
            "relay": within(Scope.platform(), lambda work: work.platform.outbox.lease(50, timedelta(seconds=30))),
        }
        found = {name: await whole_reads(pool, step) for name, step in hot.items()}
    assert {name: tables for name, tables in found.items() if tables} == {}
