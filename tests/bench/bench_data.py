"""What is measured against: a salon with many staff and bookings, customers with tokens, and servers of the API."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from api.access.tokens import Login, Tokens
from db.engine.session import Database, Scope, connect
from runtime.keyring import KeyRing
from runtime.settings import Settings
from stack.processes import Child
from stack.servers.postgres import Postgres
from tests.support import data, servers

CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class BenchSalon:
    """A salon whose service any of ``staff`` can do, with ``users`` who are its customers."""

    business_id: UUID
    service_id: UUID
    staff: list[UUID]
    users: list[UUID]


async def make_salon(pool: Database, staff: int, users: int, duration: int = 60) -> BenchSalon:
    """Open 0:00 to 24:00 every day, paid in advance."""
    business_id = await data.add_business(pool)
    resources = [await data.add_resource(pool, business_id) for _ in range(staff)]
    service_id = await data.add_service(pool, business_id, *resources, duration_minutes=duration, payment_mode="prepay")
    await data.rows(
        pool, "UPDATE business_settings SET slot_interval_minutes = 15 WHERE business_id = :b", b=business_id
    )
    async with pool.unit_of_work(Scope.platform()) as work:
        made = await work.session.scalars(
            text("""INSERT INTO users (email, password_hash, family_name, email_verified_at)
                    SELECT gen_random_uuid() || '@example.com', '!', '山田', now() FROM generate_series(1, :n)
                    RETURNING id"""),
            {"n": users},
        )
        ids = list(made)
        await work.session.execute(
            text(
                "INSERT INTO customers (business_id, user_id, family_name) SELECT :b, unnest(CAST(:u AS uuid[])), 'x'"
            ),
            {"b": business_id, "u": ids},
        )
    return BenchSalon(business_id, service_id, resources, ids)


async def analyze(database: servers.Database) -> None:
    """Count all tables for the planner, as autovacuum does within a minute of such a change."""
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    await connection.execute("ANALYZE")
    await connection.close()


async def fill(database: servers.Database, salon: BenchSalon, bookings: int, first: datetime, days: int) -> None:
    """Confirmed bookings of an hour with their claims, spread over staff and days; straight in, as superuser."""
    engine = create_async_engine(database.superuser_url.replace("postgresql://", "postgresql+asyncpg://"))
    values = {
        "b": salon.business_id,
        "s": salon.service_id,
        "c": salon.users[0],
        "r": salon.staff,
        "n": bookings,
        "first": first,
        "k": len(salon.staff),
        "slots": days * 12,
    }
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(
            text("""
            WITH spread AS (
                SELECT uuidv7() AS id, g % CAST(:k AS int) AS staff,
                       CAST(:first AS timestamptz)
                         + make_interval(hours => 2 * (((g / CAST(:k AS int)) * 7) % CAST(:slots AS int))) AS starts
                  FROM generate_series(0, CAST(:n AS int) - 1) g),
            booked AS (
                INSERT INTO bookings (id, business_id, customer_id, code, status, start_at, end_at, time_zone, price,
                    amount_due, currency, payment_mode, needs_approval, policy)
                SELECT id, :b, (SELECT id FROM customers WHERE user_id = :c), substr(md5(id::text), 1, 8), 'confirmed',
                       starts, starts + interval '1 hour', 'Asia/Tokyo', 6600, 0, 'JPY', 'at_venue', false, '{}'
                  FROM spread ON CONFLICT DO NOTHING)
            INSERT INTO resource_claims (business_id, booking_id, resource_id, unit, starts_at, ends_at)
            SELECT :b, id, (CAST(:r AS uuid[]))[staff + 1], 0, starts, starts + interval '1 hour' FROM spread
            ON CONFLICT DO NOTHING"""),
            values,
        )
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    await engine.dispose()


def token(settings: Settings, user_id: UUID) -> str:
    """An access token of a user."""
    return Tokens(KeyRing.of(settings), settings.access_token_lifetime).issue(
        Login(user_id, is_admin=False), datetime.now(UTC)
    )


def days_ahead(days: int) -> datetime:
    """Midnight UTC, ``days`` from now."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


@asynccontextmanager
async def api(settings: Settings, workers: int) -> AsyncIterator[int]:
    """The API with ``workers`` processes on a free port, which it gives."""
    [port] = servers.choose_ports(["api"], {}).values()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.server", str(port), str(workers)),
        env={**os.environ, **environment(settings)},
    )
    try:
        await answers(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """What a server of the API needs to know."""
    return {
        "OMOTENASHI_ENVIRONMENT": settings.environment.value,
        "OMOTENASHI_DATABASE_URL": settings.database_url.get_secret_value(),
        "OMOTENASHI_DATABASE_OWNER_URL": settings.database_owner_url.get_secret_value(),
        "OMOTENASHI_REDIS_URL": settings.redis_url.get_secret_value(),
        "OMOTENASHI_CACHE_RESPONSES": str(settings.cache_responses),
        "OMOTENASHI_LOG_LEVEL": "WARNING",
        # One address asks for everybody here.
        **{f"OMOTENASHI_RATE_LIMIT_{name}": "1000000/1h" for name in ("STANDARD", "USER", "AUTH", "PAYMENT")},
    }


async def answers(port: int) -> None:
    """Wait until something listens. Raises RuntimeError after 90 seconds."""
    for _ in range(900):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise RuntimeError("the API did not start")


@dataclass(frozen=True, slots=True)
class _WithRedis(servers.Database):
    """Its processes use Redis, as those of users do."""

    redis_url: str = ""

    def settings(self, **more: object) -> Settings:
        """See `servers.Database.settings`."""
        return self.postgres.settings(self.name, **({"redis_url": SecretStr(self.redis_url)} | more))


@asynccontextmanager
async def fresh() -> AsyncIterator[tuple[servers.Database, Database]]:
    """A migrated database on a cluster of its own that waits for the disk like a real one, a pool on it, and Redis."""
    async with servers.scratch_folder() as folder, servers.run_redis() as redis_url:
        [port] = servers.choose_ports(["postgres"], {}).values()
        server = Postgres(folder / "postgres", port)
        child = Child(server.program(), folder / "logs")
        try:
            await child.start()
            postgres = servers.PostgresServer(server)
            await servers.make_template(postgres)
            async with servers.copy_of_template(postgres) as copy:
                database = _WithRedis(copy.name, postgres, redis_url=redis_url)
                pool = connect(database.settings())
                try:
                    yield database, pool
                finally:
                    await pool.close()
        finally:
            await child.stop(asyncio.Event())
