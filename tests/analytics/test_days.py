"""Aggregates equal a recount in plain SQL, to the yen, and computing twice changes nothing."""

from datetime import date, timedelta
from math import inf
from typing import Any

import asyncpg
import pytest

from analytics import extract, load
from analytics.days import recompute
from analytics.page import BusinessDay
from db.engine.session import Database, Scope
from tests.analytics.generated import Generated, add_history
from tests.support import servers
from tests.support.data import rows
from tests.support.refunds import refund_all

#: The hours of every date: the one-off day, else the weekday.
_PLACED = """
    WITH spill AS (
        SELECT d::date AS day, coalesce(
            (SELECT coalesce((SELECT max(o) FROM unnest(h.opens) o), 0) FROM business_holidays h
              WHERE h.business_id = :id AND h.day = d::date),
            (SELECT max(closes) FROM business_hours w
              WHERE w.business_id = :id AND w.weekday = extract(isodow FROM d)::int - 1), 0) - 1440 AS minutes
          FROM generate_series(CAST(:first AS date) - 1, CAST(:last AS date) + 1, interval '1 day') d
    ), placed AS (
        SELECT b.*, l.at, CASE WHEN extract(epoch FROM l.at::time) / 60 < s.minutes THEN l.at::date - 1
                               ELSE l.at::date END AS day,
               coalesce((SELECT sum(captured) FROM booking_payments p WHERE p.booking_id = b.id), 0) AS gross,
               coalesce((SELECT sum(refunded) FROM booking_payments p WHERE p.booking_id = b.id), 0) AS refunds,
               coalesce((SELECT sum(amount) FROM venue_payments v WHERE v.booking_id = b.id), 0) AS venue,
               (SELECT rating FROM reviews r WHERE r.booking_id = b.id AND r.status = 'published'
                   AND r.deleted_at IS NULL) AS rating,
               b.status IN ('confirmed', 'checked_in', 'completed') AS kept
          FROM bookings b JOIN businesses z ON z.id = b.business_id
          CROSS JOIN LATERAL (SELECT b.start_at AT TIME ZONE z.time_zone AS at) l
          JOIN spill s ON s.day = l.at::date - 1
         WHERE b.business_id = :id
    )
"""
_DAILY = f"""{_PLACED}
    SELECT day, count(*) AS bookings, count(*) FILTER (WHERE status = 'completed') AS completed,
           count(*) FILTER (WHERE status = 'no_show') AS no_show,
           count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
           count(*) FILTER (WHERE status = 'pending') AS pending,
           coalesce(sum(party_size) FILTER (WHERE kept), 0) AS people,
           coalesce(sum(price) FILTER (WHERE kept), 0) AS value,
           sum(gross) AS gross, sum(refunds) AS refunds, sum(gross - refunds) AS net,
           sum(venue) AS venue, count(rating) AS reviews, coalesce(sum(rating), 0) AS rating_sum,
           count(DISTINCT customer_id) FILTER (WHERE status = 'completed' AND NOT seen) AS new_customers,
           count(DISTINCT customer_id) FILTER (WHERE status = 'completed')
             - count(DISTINCT customer_id) FILTER (WHERE status = 'completed' AND NOT seen) AS returning_customers
      FROM (SELECT p.*, EXISTS (SELECT 1 FROM bookings o WHERE o.customer_id = p.customer_id
                AND o.status = 'completed' AND (o.start_at, o.id) < (p.start_at, p.id)) AS seen FROM placed p) p
     WHERE day BETWEEN :first AND :last GROUP BY day ORDER BY day
"""
_SERVICES = f"""{_PLACED}
    SELECT day, service_id, count(DISTINCT booking_id) AS bookings,
           count(DISTINCT booking_id) FILTER (WHERE status = 'completed') AS completed,
           sum(CASE WHEN kept THEN price ELSE 0 END) AS value, sum(share) AS net
      FROM (SELECT p.day, p.status, p.kept, i.booking_id, i.service_id, i.price,
                   CASE WHEN p.price > 0 THEN floor((p.gross - p.refunds) * i.price / p.price) ELSE 0 END
                   + CASE WHEN i.position = 0 THEN p.gross - p.refunds - CASE WHEN p.price > 0 THEN (
                       SELECT sum(floor((p.gross - p.refunds) * o.price / p.price)) FROM booking_items o
                        WHERE o.booking_id = p.id) ELSE 0 END ELSE 0 END AS share
              FROM placed p JOIN booking_items i ON i.booking_id = p.id) x
     WHERE day BETWEEN :first AND :last GROUP BY day, service_id ORDER BY day, service_id
"""
_RESOURCES = f"""{_PLACED}
    SELECT p.day, c.resource_id, count(DISTINCT c.booking_id) AS bookings,
           sum(extract(epoch FROM c.ends_at - c.starts_at) / 60) AS booked_minutes
      FROM placed p JOIN resource_claims c ON c.booking_id = p.id AND c.released_at IS NULL
     WHERE p.status IN ('confirmed', 'checked_in', 'completed', 'no_show') AND p.day BETWEEN :first AND :last
     GROUP BY p.day, c.resource_id ORDER BY p.day, c.resource_id
"""
_HOURS = f"""{_PLACED}
    SELECT day, extract(hour FROM at)::int + CASE WHEN at::date > day THEN 24 ELSE 0 END AS hour,
           count(*) AS bookings, sum(party_size) AS people
      FROM placed WHERE kept AND day BETWEEN :first AND :last GROUP BY 1, 2 ORDER BY 1, 2
"""
_PLACES = (
    ("Asia/Tokyo", date(2027, 3, 1)),
    ("Europe/Berlin", date(2027, 3, 24)),
    ("America/New_York", date(2027, 3, 10)),
    ("Europe/Berlin", date(2026, 10, 22)),
)


@pytest.mark.parametrize(("seed", "share"), [(0, 0), (1, inf), (2, 0)])
async def test_recompute_equals_a_recount_in_sql(
    pool: Database, monkeypatch: pytest.MonkeyPatch, seed: int, share: float
) -> None:
    """Every family of figures, for businesses in three zones of which two change their clocks in these days, forward
    and back; items, claims and payments read by scans, and booking by booking."""
    monkeypatch.setattr(extract, "SCANNED_SHARE", share)
    made = [await add_history(pool, seed * 10 + n, zone, first) for n, (zone, first) in enumerate(_PLACES)]
    await _recompute(pool, *made)
    for one in made:
        for table, recount in (
            ("analytics_daily", _DAILY),
            ("analytics_daily_services", _SERVICES),
            ("analytics_daily_resources", _RESOURCES),
            ("analytics_daily_hours", _HOURS),
        ):
            expected = await _recount(pool, one, recount)
            assert expected
            assert await _stored(pool, one, table, list(expected[0])) == expected, (table, one)


async def test_recompute_twice_changes_no_byte(pool: Database) -> None:
    """The rows, their keys and their stamps stay."""
    made = await add_history(pool, 77, "Asia/Tokyo", date(2027, 3, 1))
    await _recompute(pool, made)
    before = await _everything(pool, made)
    await _recompute(pool, made)
    assert await _everything(pool, made) == before


async def _forget_payments(database: servers.Database, made: Generated) -> None:
    """As superuser and without triggers: the application cannot delete what was paid."""
    connection = await asyncpg.connect(database.superuser_url, ssl=False)
    try:
        await connection.execute("SET session_replication_role = replica")
        for table in ("reviews", "venue_payments", "payment_transactions", "refunds", "booking_payments"):
            await connection.execute(f"DELETE FROM {table} WHERE business_id = $1", made.salon.business_id)
    finally:
        await connection.close()


async def test_recompute_replaces_what_changed_and_nothing_else(pool: Database, analysed: servers.Database) -> None:
    """A refund of one booking changes its day; a service that is no longer booked on a day loses its row."""
    made = await add_history(pool, 78, "Asia/Tokyo", date(2027, 3, 1))
    await _recompute(pool, made)
    before = await _everything(pool, made)
    [booking] = await rows(
        pool,
        "SELECT b.id, b.start_at, p.id AS payment_id FROM bookings b JOIN booking_payments p ON p.booking_id = b.id"
        " WHERE b.business_id = :id AND p.refunded = 0 ORDER BY b.start_at LIMIT 1",
        id=made.salon.business_id,
    )
    await refund_all(pool, booking["payment_id"])
    await _recompute(pool, made)
    after = await _everything(pool, made)
    changed = {(table, row["day"]) for table, found in after.items() for row in found if row not in before[table]}
    assert {table for table, _ in changed} == {"analytics_daily", "analytics_daily_services"}
    assert len({day for _, day in changed}) == 1
    await _forget_payments(analysed, made)
    for table in ("resource_claims", "booking_items"):
        await rows(pool, f"DELETE FROM {table} WHERE business_id = :id", id=made.salon.business_id)
    await rows(pool, "DELETE FROM bookings WHERE business_id = :id", id=made.salon.business_id)
    await _recompute(pool, made)
    emptied = await _everything(pool, made)
    assert not emptied["analytics_daily_services"]
    assert not emptied["analytics_daily_hours"]
    assert {row["bookings"] for row in emptied["analytics_daily"]} == {0}
    assert sum(row["open_minutes"] for row in emptied["analytics_daily"]) > 0


async def test_open_minutes_follow_hours_exceptions_and_one_off_days(pool: Database) -> None:
    """Counted by hand: the first resource works Monday to Friday 11:00 to 18:00, the second as the business."""
    made = await add_history(pool, 79, "Asia/Tokyo", date(2027, 3, 1), bookings=1)
    await rows(pool, "DELETE FROM business_holidays WHERE business_id = :id", id=made.salon.business_id)
    await _recompute(pool, made)
    stored = await _stored(pool, made, "analytics_daily_resources", ["day", "resource_id", "open_minutes"])
    found = {(row["day"], row["resource_id"]): row["open_minutes"] for row in stored}
    own, other = made.salon.resources
    monday = date(2027, 3, 1)
    assert found[monday, own] == 420
    assert found[monday, other] == 600
    assert found.get((monday + timedelta(days=2), other), 0) == 0  # off
    assert found[monday + timedelta(days=4), other] == 960  # Friday to 26:00
    assert found.get((monday + timedelta(days=5), own), 0) == 0  # does not work on Saturdays


async def test_recompute_leaves_other_businesses_alone(pool: Database) -> None:
    """In the scope of one business the rows of another are neither read nor written."""
    made, other = [await add_history(pool, seed, "Asia/Tokyo", date(2027, 3, 1)) for seed in (80, 81)]
    async with pool.unit_of_work(made.salon.scope) as work:
        assert await recompute(work.session, [*_days(made), *_days(other)]) > 0
    assert not (await _everything(pool, other))["analytics_daily"]
    assert (await _everything(pool, made))["analytics_daily"]


async def _recompute(pool: Database, *made: Generated) -> None:
    async with pool.unit_of_work(Scope.platform()) as work:
        await recompute(work.session, [day for one in made for day in _days(one)])


def _days(made: Generated) -> list[BusinessDay]:
    count = (made.last - made.first).days + 1
    return [BusinessDay(made.salon.business_id, made.first + timedelta(days=n)) for n in range(count)]


async def _recount(pool: Database, made: Generated, sql: str) -> list[dict[str, Any]]:
    return await rows(pool, sql, id=made.salon.business_id, first=made.first, last=made.last)


async def _stored(pool: Database, made: Generated, table: str, columns: list[str]) -> list[dict[str, Any]]:
    """Days on which something happened, as the recount has them."""
    key = [column for column in columns if column in {"day", "service_id", "resource_id", "hour"}]
    busy = "bookings > 0" if "bookings" in columns else "true"
    sql = f"SELECT {', '.join(columns)} FROM {table} WHERE business_id = :id AND {busy} ORDER BY {', '.join(key)}"
    return await rows(pool, sql, id=made.salon.business_id)


async def _everything(pool: Database, made: Generated) -> dict[str, list[dict[str, Any]]]:
    tables = ("analytics_daily", "analytics_daily_services", "analytics_daily_resources", "analytics_daily_hours")
    return {
        table: await rows(pool, f"SELECT * FROM {table} WHERE business_id = :id ORDER BY id", id=made.salon.business_id)
        for table in tables
    }


async def test_recompute_reads_the_same_by_spans_and_by_windows(
    pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days of many different ranges are read another way than one range for all, and written in several parts."""
    made = [await add_history(pool, 82 + n, zone, first) for n, (zone, first) in enumerate(_PLACES)]
    await _recompute(pool, *made)
    stored = [await _everything(pool, one) for one in made]
    monkeypatch.setattr(load, "PART", 3)
    for spans, share in ((0, 0), (0, inf), (8, inf)):
        monkeypatch.setattr(extract, "MOST_SPANS", spans)
        monkeypatch.setattr(extract, "SCANNED_SHARE", share)
        await _recompute(pool, *made)
        assert [await _everything(pool, one) for one in made] == stored
