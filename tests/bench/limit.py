"""The limit of holds: what Postgres can write at the most, by its own client with eight sessions, ten seconds each.

Once the least that a hold must write (claim under exclusion, booking, history, outbox, audit) on tables of its own,
once what a hold writes on the product's tables, with tenancy, triggers, foreign keys and all indexes.
"""

import asyncio
import re
import tempfile
from pathlib import Path

import asyncpg

from stack.binaries import postgres_folder
from tests.bench import bench_data
from tests.support import servers

SECONDS = 10
SESSIONS = 8

_LIMIT = """
CREATE TABLE limit_bookings (
    id uuid PRIMARY KEY, business_id uuid NOT NULL, customer_id uuid, status text NOT NULL,
    start_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL, price bigint, policy jsonb, hold_expires_at timestamptz, created_at timestamptz);
CREATE INDEX ON limit_bookings (business_id, start_at);
CREATE TABLE limit_claims (
    id uuid PRIMARY KEY DEFAULT uuidv7(), booking_id uuid NOT NULL, resource_id int NOT NULL, unit int NOT NULL,
    during tstzrange NOT NULL, holds_until timestamptz, released_at timestamptz,
    EXCLUDE USING gist (resource_id WITH =, unit WITH =, during WITH &&) WHERE (released_at IS NULL));
CREATE TABLE limit_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, booking_id uuid, event text, to_status text, actor uuid,
    created_at timestamptz DEFAULT now());
CREATE TABLE limit_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, aggregate text, event text, payload jsonb,
    created_at timestamptz DEFAULT now());
CREATE TABLE limit_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, entity text, entity_id uuid, after jsonb, actor uuid,
    created_at timestamptz DEFAULT now());
CREATE FUNCTION limit_hold(resource int, starts timestamptz) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    booking uuid := uuidv7();
    business constant uuid := '00000000-0000-0000-0000-000000000001';
    login constant uuid := '00000000-0000-0000-0000-000000000002';
BEGIN
    INSERT INTO limit_claims (booking_id, resource_id, unit, during, holds_until)
    VALUES (booking, resource, 0, tstzrange(starts, starts + interval '1 hour'), now() + interval '10 minutes')
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN RETURN NULL; END IF;
    INSERT INTO limit_bookings
    VALUES (booking, business, login, 'pending', starts, starts + interval '1 hour', 6600, '{}',
            now() + interval '10 minutes', now());
    INSERT INTO limit_history (booking_id, event, to_status, actor) VALUES (booking, 'held', 'pending', login);
    INSERT INTO limit_outbox (aggregate, event, payload)
    VALUES ('booking/' || booking, 'booking.held', jsonb_build_object('booking', booking, 'start', starts));
    INSERT INTO limit_audit (entity, entity_id, after, actor)
    VALUES ('booking', booking, jsonb_build_object('status', 'pending', 'start', starts), login);
    RETURN booking;
END $$;
"""
_LIMIT_SCRIPT = """\\set resource random(1, 100000)
\\set hour random(1, 4000)
SELECT limit_hold(:resource, '2027-01-01'::timestamptz + :hour * interval '1 hour');
"""
_PRODUCT = """
CREATE TABLE bench_people (number int PRIMARY KEY, staff uuid, login uuid);
GRANT SELECT ON bench_people TO omotenashi_app;
GRANT EXECUTE ON FUNCTION bench_hold TO omotenashi_app;
"""
_PRODUCT_SCRIPT = """\\set resource random(1, {staff})
\\set login random(1, {logins})
\\set hour random(1, 20000)
SELECT bench_hold('{business}', '{service}', (SELECT staff FROM bench_people WHERE number = :resource),
                  (SELECT login FROM bench_people WHERE number = :login),
                  '2027-01-01'::timestamptz + :hour * interval '1 hour');
"""


async def limit_of_holds(database: servers.Database) -> float:
    """Transactions a second."""
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    await connection.execute(_LIMIT)
    await connection.close()
    return await _pgbench(database.superuser_url, _LIMIT_SCRIPT)


async def rate_of_writes(database: servers.Database, salon: bench_data.BenchSalon) -> float:
    """Transactions a second, as the application's role; ``bench_hold`` must be there."""
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    await connection.execute(_PRODUCT)
    people = [
        (number, salon.staff[(number - 1) % len(salon.staff)], login) for number, login in enumerate(salon.users, 1)
    ]
    await connection.copy_records_to_table("bench_people", records=people)
    await connection.execute("ANALYZE")
    await connection.close()
    script = _PRODUCT_SCRIPT.format(
        staff=len(salon.staff), logins=len(people), business=salon.business_id, service=salon.service_id
    )
    return await _pgbench(database.settings().database_url.get_secret_value().replace("+asyncpg", ""), script)


async def _pgbench(url: str, script: str) -> float:
    """Transactions a second. Raises RuntimeError with what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *(str(postgres_folder() / "bin" / "pgbench"), "-n", "-M", "prepared", "-c", str(SESSIONS), "-j", "1"),
            *("-T", str(SECONDS), "-f", str(file), url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed = (await process.communicate())[0].decode()
    found = re.search(r"tps = ([0-9.]+)", printed)
    if process.returncode or found is None:
        raise RuntimeError(printed)
    return round(float(found[1]), 1)
