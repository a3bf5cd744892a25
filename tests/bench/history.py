"""A year of many businesses, straight into the tables: seasons, busy weekends, a gap at lunch, cancellations, no-shows,
payments and refunds. Made by statements that generate the rows, so that a million bookings take a minute."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support import servers

STAFF, SERVICES, CUSTOMERS, DAYS = 5, 2, 150, 365
FIRST = date(2025, 11, 1)

_OWNER = "INSERT INTO users (id, email, password_hash, family_name) VALUES (uuidv7(), 'bench@example.com', '!', '山田')"
_BUSINESSES = """
    INSERT INTO businesses (owner_id, slug, status, vertical, name, created_at)
    SELECT (SELECT id FROM users LIMIT 1), 'bench-' || n, 'approved', 'salon', '{"ja": "計測"}', '2025-01-01'
      FROM generate_series(1, :businesses) n
"""
_REST = (
    "INSERT INTO business_settings (business_id) SELECT id FROM businesses",
    """INSERT INTO business_hours (business_id, weekday, opens, closes)
       SELECT id, d, 600, CASE WHEN d IN (4, 5) THEN 1560 ELSE 1260 END FROM businesses, generate_series(0, 6) d""",
    f"""INSERT INTO resources (business_id, kind, name)
        SELECT id, 'staff', '{{"ja": "花子"}}' FROM businesses, generate_series(1, {STAFF})""",
    f"""INSERT INTO services (business_id, name, price, currency, duration_minutes, payment_mode, approval_mode)
        SELECT id, '{{"ja": "カット"}}', 5000 * n, 'JPY', 60, 'prepay', 'instant'
          FROM businesses, generate_series(1, {SERVICES}) n""",
    f"""INSERT INTO customers (business_id, family_name)
        SELECT id, 'x' FROM businesses, generate_series(1, {CUSTOMERS})""",
)
# The wave has its top in December and at the weekend; nobody begins between 13:00 and 14:00.
_BOOKINGS = f"""
    CREATE UNLOGGED TABLE bench_spread AS
    WITH places AS (
        SELECT row_number() OVER (ORDER BY b.id) - 1 AS number, b.id,
               ARRAY(SELECT id FROM resources r WHERE r.business_id = b.id ORDER BY id) AS staff,
               ARRAY(SELECT id FROM services s WHERE s.business_id = b.id ORDER BY id) AS services,
               ARRAY(SELECT id FROM customers c WHERE c.business_id = b.id ORDER BY id) AS customers
          FROM businesses b
    ), drawn AS (
        SELECT g, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e
          FROM generate_series(0, :bookings - 1) g
    )
    SELECT uuidv7() AS id, p.id AS business_id, g / :businesses AS unit, a, b,
           p.staff[1 + floor(c * {STAFF})::int] AS resource_id,
           p.services[1 + floor(d * {SERVICES})::int] AS service_id,
           p.customers[1 + floor(e * e * {CUSTOMERS})::int] AS customer_id,
           (DATE '{FIRST}' + (floor({DAYS} * (a + 0.06 * sin(6.283 * a)))::int % {DAYS})
              + time '10:00' + make_interval(mins => 30 * (floor(22 * b)::int + CASE WHEN b > 0.27 THEN 2 ELSE 0 END)))
             AT TIME ZONE 'Asia/Tokyo' AS start_at,
           CASE WHEN c < 0.82 THEN 'completed' WHEN c < 0.93 THEN 'cancelled' WHEN c < 0.97 THEN 'no_show'
                ELSE 'expired' END AS status,
           5000 * (1 + floor(d * {SERVICES})::int) AS price
      FROM drawn JOIN places p ON p.number = g % :businesses
"""
_ROWS = (
    """INSERT INTO bookings (id, business_id, customer_id, code, status, start_at, end_at, time_zone, price, amount_due,
           currency, payment_mode, needs_approval, policy)
       SELECT id, business_id, customer_id, upper(substr(md5(id::text), 1, 8)), status, start_at,
              start_at + interval '1 hour', 'Asia/Tokyo', price, 0, 'JPY', 'prepay', false, '{}' FROM bench_spread
       ON CONFLICT DO NOTHING""",
    """INSERT INTO booking_items (business_id, booking_id, service_id, position, name, start_at, end_at,
           buffer_before_minutes, buffer_after_minutes, price, tax_percent)
       SELECT business_id, id, service_id, 0, '{"ja": "カット"}', start_at, start_at + interval '1 hour', 0, 0, price,
              10
         FROM bench_spread s WHERE EXISTS (SELECT FROM bookings b WHERE b.id = s.id)""",
    """INSERT INTO resource_claims (business_id, booking_id, resource_id, unit, starts_at, ends_at, released_at)
       SELECT business_id, id, resource_id, unit, start_at, start_at + interval '1 hour',
              CASE WHEN status IN ('cancelled', 'expired') THEN start_at END
         FROM bench_spread s WHERE EXISTS (SELECT FROM bookings b WHERE b.id = s.id)""",
    """INSERT INTO booking_payments (business_id, booking_id, provider, provider_intent_id, status, capture_method,
           amount, captured, refunded, currency)
       SELECT business_id, id, 'stripe', 'pi_' || id, 
              CASE WHEN status = 'cancelled' THEN 'refunded' ELSE 'captured' END,
              'automatic', price, price, CASE WHEN status = 'cancelled' THEN price ELSE 0 END, 'JPY'
         FROM bench_spread s WHERE status <> 'expired' AND EXISTS (SELECT FROM bookings b WHERE b.id = s.id)""",
    "DROP TABLE bench_spread",
)


async def make_history(database: servers.Database, businesses: int, bookings: int) -> int:
    """Write it all; gives how many bookings there are (a few codes collide and are left out)."""
    engine = create_async_engine(database.superuser_url.replace("postgresql://", "postgresql+asyncpg://"))
    numbers = {"businesses": businesses, "bookings": bookings}
    async with engine.begin() as connection:
        # No triggers and no foreign keys: the rows are right by construction.
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in (_OWNER, _BUSINESSES, *_REST, _BOOKINGS, *_ROWS):
            used = {name: value for name, value in numbers.items() if f":{name}" in statement}
            await connection.execute(text(statement.replace(": ", "\\: ")), used)
        found = await connection.scalar(text("SELECT count(*) FROM bookings"))
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))
    await engine.dispose()
    return int(found or 0)
