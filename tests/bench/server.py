"""The real application with two more routes beside it: the same statements without the engine, and the same writes
as one SQL function called by bare asyncpg. What is measured is stated as a share of these."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from sqlalchemy import text

from api.app import create_app
from api.http.protocol import GuardedProtocol
from db.engine.session import Scope
from db.scheduling.availability import _CLAIMS, _READ
from db.scheduling.free_time import MARGIN
from runtime.logging import configure
from runtime.settings import Settings


def app() -> FastAPI:
    """Everything comes from the environment."""
    settings = Settings()
    configure(settings, "bench")
    made = create_app(settings)
    inner = made.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = settings.database_url.get_secret_value().replace("+asyncpg", "")
        async with inner(app), asyncpg.create_pool(url, min_size=4, max_size=20) as pool:
            app.state.pool = pool
            yield

    made.router.lifespan_context = lifespan

    @made.get("/bench/rows")
    async def rows(request: Request, service_id: UUID, first: date, last: date) -> Response:
        """The statements of GET /availability, and their rows as they are."""
        parts = request.app.state.services
        async with parts.database.unit_of_work(Scope.of("service", service_id, None)) as work:
            found = (
                await work.session.execute(_READ, {"service_ids": [service_id], "first": first, "last": last})
            ).one()
            ids = [UUID(row["id"]) for row in orjson.loads(found.catalogue)["resources"]]
            since, until = (datetime.combine(day, datetime.min.time(), UTC) for day in (first, last))
            values = {
                "resource_ids": ids,
                "since": since - MARGIN,
                "until": until + MARGIN,
                "now": parts.now(),
                "except_booking": None,
            }
            claims = [[str(one) for one in row] for row in await work.session.execute(_CLAIMS, values)]
        return Response(orjson.dumps([orjson.loads(found.catalogue), claims]), media_type="application/json")

    @made.post("/bench/hold")
    async def hold(request: Request) -> Response:
        """The writes of POST /bookings as one SQL function over bare asyncpg."""
        body = orjson.loads(await request.body())
        async with request.app.state.pool.acquire() as connection, connection.transaction():
            booking = await connection.fetchval(
                "SELECT bench_hold($1, $2, $3, $4, $5)",
                UUID(body["business_id"]),
                UUID(body["service_id"]),
                UUID(body["resource_id"]),
                UUID(body["user_id"]),
                datetime.fromisoformat(body["start_at"]),
            )
        return Response(orjson.dumps({"id": str(booking)}), 201, media_type="application/json")

    return made


#: The control: what a hold writes, with tenancy, audit, history, outbox and stored answer, and no decision at all.
BENCH_HOLD = text("""
CREATE FUNCTION bench_hold(tenant uuid, service uuid, resource uuid, login uuid, starts timestamptz)
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE booking uuid := uuidv7(); customer uuid; print text := booking::text;
BEGIN
    PERFORM set_config('app.scope', 'tenant', true), set_config('app.business_id', tenant::text, true),
            set_config('app.actor_kind', 'customer', true), set_config('app.actor_id', login::text, true);
    INSERT INTO idempotency_keys (subject, key, fingerprint) VALUES (login::text, print, 'x'::bytea);
    SELECT id INTO customer FROM customers WHERE business_id = tenant AND user_id = login;
    INSERT INTO resource_claims (business_id, booking_id, resource_id, unit, starts_at, ends_at, holds_until)
    VALUES (tenant, booking, resource, 0, starts, starts + interval '1 hour', now() + interval '10 minutes')
    ON CONFLICT DO NOTHING;
    INSERT INTO bookings (id, business_id, customer_id, user_id, code, status, start_at, end_at, time_zone, price,
        amount_due, currency, payment_mode, needs_approval, policy, hold_expires_at)
    VALUES (booking, tenant, customer, login, substr(md5(print), 1, 8), 'pending', starts,
        starts + interval '1 hour', 'Asia/Tokyo', 6600, 6600, 'JPY', 'prepay', false, '{}',
        now() + interval '10 minutes');
    INSERT INTO booking_items (business_id, booking_id, service_id, position, name, start_at, end_at,
        buffer_before_minutes, buffer_after_minutes, price, tax_percent)
    VALUES (tenant, booking, service, 0, '{"ja": "x"}', starts, starts + interval '1 hour', 0, 0, 6600, 10);
    INSERT INTO booking_history (business_id, booking_id, event, to_status, actor_kind, actor_id)
    VALUES (tenant, booking, 'held', 'pending', 'customer', login);
    INSERT INTO outbox (business_id, event, aggregate, payload, command)
    VALUES (tenant, 'booking.held', 'booking/' || booking, '{}', 'booking.start');
    UPDATE idempotency_keys SET status_code = 201, body = 'x'::bytea WHERE subject = login::text AND key = print;
    RETURN booking;
END $$
""")


if __name__ == "__main__":
    uvicorn.run(
        "tests.bench.server:app",
        factory=True,
        port=int(sys.argv[1]),
        workers=int(sys.argv[2]),
        loop="uvloop",
        http=GuardedProtocol,
        ws="none",
        access_log=False,
        log_level="error",
    )
