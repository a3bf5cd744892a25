"""Reads aggregates: days, sums over periods, and their breakdowns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from db.analytics.tables import AnalyticsDaily
from db.engine.store import Store
from domain.analytics.no_shows import Visit
from domain.analytics.periods import Period
from domain.booking_status import BookingStatus
from domain.errors import NotFound

#: The columns of ``analytics_daily``, for a statement that calls the table ``d``.
DAY_COLUMNS = ", ".join(f"d.{column.name}" for column in AnalyticsDaily.__table__.columns)
#: Columns that can be summed over days.
_SUMS = tuple(
    column.name
    for column in AnalyticsDaily.__table__.columns
    if column.name not in {"id", "business_id", "day", "currency", "created_at", "updated_at"}
)
_WITHIN = "(CAST(:business_id AS uuid) IS NULL OR d.business_id = :business_id) AND d.day BETWEEN :first AND :last"
_GET = text(f"SELECT {DAY_COLUMNS} FROM analytics_daily d WHERE d.id = :id")
_LIST = text(f"""
    SELECT {DAY_COLUMNS} FROM analytics_daily d
     WHERE {_WITHIN}
       AND (CAST(:after_day AS date) IS NULL OR (d.day, d.business_id) < (:after_day, CAST(:after_business AS uuid)))
     ORDER BY d.day DESC, d.business_id DESC LIMIT :limit
""")
# Amounts of different currencies are not added: one row per currency.
_TOTALS = text(f"""
    SELECT d.currency, {", ".join(f"sum(d.{name})::bigint AS {name}" for name in _SUMS)},
           count(DISTINCT d.business_id) AS businesses, max(d.updated_at) AS computed_at
      FROM analytics_daily d WHERE {_WITHIN} GROUP BY d.currency ORDER BY sum(d.bookings) DESC, d.currency
""")
_SERIES = text("""
    SELECT d.day, d.bookings, d.completed, d.cancelled, d.no_show, d.value, d.net, d.venue,
           d.reviews, d.booked_minutes, d.open_minutes, d.blocked_minutes
      FROM analytics_daily d WHERE d.business_id = :business_id AND d.day BETWEEN :first AND :last ORDER BY d.day
""")
_SERVICES = text("""
    SELECT d.service_id, s.name, sum(d.bookings)::bigint AS bookings, sum(d.completed)::bigint AS completed,
           sum(d.no_show)::bigint AS no_show, sum(d.value)::bigint AS value, sum(d.net)::bigint AS net
      FROM analytics_daily_services d JOIN services s ON s.id = d.service_id
     WHERE d.business_id = :business_id AND d.day BETWEEN :first AND :last
     GROUP BY d.service_id, s.name ORDER BY value DESC, d.service_id
""")
_RESOURCES = text("""
    SELECT d.resource_id, r.name, r.kind, sum(d.bookings)::bigint AS bookings, sum(d.value)::bigint AS value,
           sum(d.booked_minutes)::bigint AS booked_minutes, sum(d.open_minutes)::bigint AS open_minutes,
           sum(d.blocked_minutes)::bigint AS blocked_minutes
      FROM analytics_daily_resources d JOIN resources r ON r.id = d.resource_id
     WHERE d.business_id = :business_id AND d.day BETWEEN :first AND :last
     GROUP BY d.resource_id, r.name, r.kind ORDER BY value DESC, d.resource_id
""")
_HOURS = text("""
    SELECT extract(isodow FROM d.day)::int - 1 AS weekday, d.hour, sum(d.bookings)::bigint AS bookings,
           sum(d.people)::bigint AS people
      FROM analytics_daily_hours d
     WHERE d.business_id = :business_id AND d.day BETWEEN :first AND :last
     GROUP BY 1, 2 ORDER BY 1, 2
""")
_KEPT = text("""
    SELECT d.day, d.confirmed + d.checked_in + d.completed + d.no_show AS kept
      FROM analytics_daily d WHERE d.business_id = :business_id AND d.day BETWEEN :first AND :last
""")
# By calendar date: the business day does not matter here.
_BOOKED = text("""
    SELECT (b.start_at AT TIME ZONE z.time_zone)::date AS day, count(*) AS booked
      FROM bookings b JOIN businesses z ON z.id = b.business_id
     WHERE b.business_id = :business_id AND b.status IN ('confirmed', 'checked_in', 'completed')
       AND b.start_at >= CAST(:first AS date)::timestamp AT TIME ZONE z.time_zone
       AND b.start_at < (CAST(:last AS date) + 1)::timestamp AT TIME ZONE z.time_zone
     GROUP BY 1
""")
_COHORTS = text("""
    WITH visits AS (
        SELECT DISTINCT b.customer_id, date_trunc('month', b.start_at AT TIME ZONE z.time_zone)::date AS month
          FROM bookings b JOIN businesses z ON z.id = b.business_id
         WHERE b.business_id = :business_id AND b.status = 'completed'
    ), first_visits AS (SELECT customer_id, min(month) AS month FROM visits GROUP BY customer_id)
    SELECT f.month, (extract(year FROM v.month) - extract(year FROM f.month))::int * 12
           + (extract(month FROM v.month) - extract(month FROM f.month))::int AS later, count(*) AS customers
      FROM first_visits f JOIN visits v ON v.customer_id = f.customer_id
     WHERE f.month >= CAST(:since AS date) GROUP BY 1, 2 ORDER BY 1, 2
""")
# What is counted of a customer is what was there before the visit. The way of payment is that of the booking: a fee for
# not coming is captured later, and its money would give the outcome away.
_VISITS = text("""
    SELECT * FROM (
        SELECT b.id, b.start_at, b.created_at AS booked_at, b.status, b.payment_mode <> 'at_venue' AS paid_online,
               count(*) FILTER (WHERE b.status IN ('completed', 'checked_in')) OVER earlier AS visits,
               count(*) FILTER (WHERE b.status = 'no_show') OVER earlier AS missed
          FROM bookings b
         WHERE b.business_id = :business_id AND b.start_at < :until
           AND b.status IN ('confirmed', 'checked_in', 'completed', 'no_show')
        WINDOW earlier AS (PARTITION BY b.customer_id ORDER BY b.start_at, b.id
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) v
     WHERE v.start_at >= :since ORDER BY v.start_at DESC, v.id LIMIT :limit
""")
_TODAY = text("SELECT CAST(CAST(:now AS timestamptz) AT TIME ZONE time_zone AS date) FROM businesses WHERE id = :id")
#: More teach the model of no-shows nothing.
MOST_VISITS = 20_000
_MISSED = {
    BookingStatus.CONFIRMED: None,
    BookingStatus.CHECKED_IN: False,
    BookingStatus.COMPLETED: False,
    BookingStatus.NO_SHOW: True,
}


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The figures of a period by day, service, resource, and weekday × hour."""

    days: Sequence[Row[Any]]
    services: Sequence[Row[Any]]
    resources: Sequence[Row[Any]]
    hours: Sequence[Row[Any]]


class AnalyticsStore(Store):
    """Aggregates of the businesses that the transaction sees."""

    async def get(self, row_id: UUID) -> Row[Any]:
        """One business day. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": row_id})).one_or_none()
        if row is None:
            raise NotFound
        return row

    async def list_(
        self, business_id: UUID | None, period: Period, after: tuple[date, UUID] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """Business days of one business or of all, the newest first; ``after``: day and business of the last row."""
        after_day, after_business = after or (None, None)
        values = _values(business_id, period) | {
            "after_day": after_day,
            "after_business": after_business,
            "limit": limit,
        }
        return (await self.session.execute(_LIST, values)).all()

    async def totals(self, business_id: UUID | None, period: Period) -> Sequence[Row[Any]]:
        """Sums over the period, a row for each currency; none where nothing was computed."""
        return (await self.session.execute(_TOTALS, _values(business_id, period))).all()

    async def breakdown(self, business_id: UUID, period: Period) -> Breakdown:
        """By day, service, resource and hour."""
        values = _values(business_id, period)
        found = [
            (await self.session.execute(statement, values)).all()
            for statement in (_SERIES, _SERVICES, _RESOURCES, _HOURS)
        ]
        return Breakdown(*found)

    async def attended_bookings(self, business_id: UUID, period: Period) -> dict[date, int]:
        """Bookings of each computed day that were neither cancelled nor refused."""
        rows = await self.session.execute(_KEPT, _values(business_id, period))
        return {row.day: row.kept for row in rows}

    async def booked(self, business_id: UUID, period: Period) -> dict[date, int]:
        """Existing bookings, by date."""
        rows = await self.session.execute(_BOOKED, _values(business_id, period))
        return {row.day: row.booked for row in rows}

    async def cohorts(self, business_id: UUID, since: date) -> Sequence[Row[Any]]:
        """How many customers, by the month of their first completed booking (from ``since`` on) and by how many months
        later they came: ``month``, ``later``, ``customers``."""
        return (await self.session.execute(_COHORTS, {"business_id": business_id, "since": since})).all()

    async def visits(self, business_id: UUID, since: datetime, until: datetime) -> Sequence[tuple[UUID, Visit]]:
        """Bookings that start in ``[since, until)`` and were neither cancelled nor refused, with their ids, as the
        model of no-shows sees them; the latest 20,000."""
        values = {"business_id": business_id, "since": since, "until": until, "limit": MOST_VISITS}
        found = (await self.session.execute(_VISITS, values)).all()
        return [
            (
                row.id,
                Visit(
                    row.start_at,
                    row.booked_at,
                    row.visits,
                    row.missed,
                    row.paid_online,
                    _MISSED[BookingStatus(row.status)],
                ),
            )
            for row in found
        ]

    async def today(self, business_id: UUID, now: datetime) -> date:
        """The present date at the business. Raises NotFound."""
        found: date | None = await self.session.scalar(_TODAY, {"id": business_id, "now": now})
        if found is None:
            raise NotFound
        return found


def _values(business_id: UUID | None, period: Period) -> dict[str, Any]:
    return {"business_id": business_id, "first": period.first, "last": period.last}
