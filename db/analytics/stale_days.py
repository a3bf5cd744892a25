"""Business days that must be computed: days that have ended, and earlier days that a late change made wrong."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, text

from db.engine.store import Store
from domain.ids import first_uuid_of

#: Changes are read again from this long before the last reading: a transaction that was open then may have committed
#: since, with older keys. No transaction of the application takes longer.
OVERLAP = timedelta(hours=1)

_LOCK = text("SELECT read_until FROM analytics_progress WHERE id = 1 FOR UPDATE")
_FINISH = text("""
    INSERT INTO analytics_progress (id, read_until) VALUES (1, :now)
    ON CONFLICT (id) DO UPDATE SET read_until = greatest(analytics_progress.read_until, excluded.read_until)
""")
_MARK = """
    INSERT INTO analytics_stale_days (business_id, day) {rows}
    ON CONFLICT (business_id, day) DO UPDATE SET marked = uuidv7()
"""
# If this booking changes, the customer's next completed booking may become or stop being the first one.
_MARK_CHANGED = text(
    _MARK.format(
        rows="""
    WITH touched AS (
        SELECT booking_id FROM booking_history WHERE id >= :since
    ), paid_or_reviewed AS (
        SELECT p.booking_id FROM payment_transactions t JOIN booking_payments p ON p.id = t.payment_id
               WHERE t.id >= :since
        UNION SELECT booking_id FROM venue_payments WHERE id >= :since
        UNION SELECT booking_id FROM reviews WHERE updated_at >= :since_at
    ), changed AS (
        SELECT b.business_id, b.start_at
          FROM (SELECT booking_id FROM touched UNION SELECT booking_id FROM paid_or_reviewed) t
          JOIN bookings b ON b.id = t.booking_id
        UNION SELECT b.business_id, CAST(h.details ->> 'old_start_at' AS timestamptz)
                FROM booking_history h JOIN bookings b ON b.id = h.booking_id
               WHERE h.id >= :since AND h.event = 'rescheduled'
        UNION SELECT b.business_id, following.start_at
                FROM touched JOIN bookings b ON b.id = touched.booking_id
                CROSS JOIN LATERAL (
                    SELECT o.start_at FROM bookings o
                     WHERE o.customer_id = b.customer_id AND o.status = 'completed' AND o.start_at > b.start_at
                     ORDER BY o.start_at LIMIT 1) AS following
        -- Who is new and who returns changes for both records of a merge.
        UNION SELECT b.business_id, b.start_at
                FROM customer_merges m JOIN bookings b ON b.customer_id IN (m.kept_id, m.merged_id)
               WHERE m.change_key >= :since AND b.status = 'completed'
    ), placed AS (
        SELECT c.business_id, z.time_zone, c.start_at AT TIME ZONE z.time_zone AS at, n.spill
          FROM changed c JOIN businesses z ON z.id = c.business_id
          LEFT JOIN (SELECT business_id, max(closes) - 1440 AS spill
                  FROM (SELECT business_id, closes FROM business_hours
                         UNION ALL SELECT d.business_id, o FROM business_holidays d, unnest(d.opens) AS o) AS h
                 GROUP BY business_id) AS n ON n.business_id = c.business_id
         WHERE c.start_at IS NOT NULL
    )
    SELECT DISTINCT p.business_id, d.day
      FROM placed p
      CROSS JOIN LATERAL (VALUES
          (p.at::date),
          -- By the present hours, or because it was counted there by those of its time.
          (CASE WHEN extract(hour FROM p.at) * 60 + extract(minute FROM p.at) < p.spill OR EXISTS (
                     SELECT FROM analytics_daily_hours n
                      WHERE n.business_id = p.business_id AND n.day = p.at::date - 1
                        AND n.hour = 24 + extract(hour FROM p.at))
                THEN p.at::date - 1 END)
      ) AS d (day)
     WHERE d.day < (CAST(:now AS timestamptz) AT TIME ZONE p.time_zone)::date
"""
    )
)
_MARK_ENDED = text(
    _MARK.format(
        rows="""
    SELECT b.id, d::date
      FROM businesses b
      CROSS JOIN LATERAL generate_series(
          (CAST(:since AS timestamptz) AT TIME ZONE b.time_zone)::date - 1,
          (CAST(:now AS timestamptz) AT TIME ZONE b.time_zone)::date - 1, interval '1 day') AS d
     WHERE b.status = 'approved' AND b.deleted_at IS NULL
"""
    )
)
_MARK_RANGE = text(
    _MARK.format(
        rows="""
    SELECT b.id, d::date
      FROM businesses b
      CROSS JOIN LATERAL generate_series(
          greatest(CAST(:first AS date), (b.created_at AT TIME ZONE b.time_zone)::date),
          least(CAST(:last AS date), (CAST(:now AS timestamptz) AT TIME ZONE b.time_zone)::date - 1),
          interval '1 day') AS d
     WHERE (CAST(:business_id AS uuid) IS NULL OR b.id = :business_id)
"""
    )
)
_TAKE = text("""
    SELECT business_id, day, marked FROM analytics_stale_days WHERE NOT business_id = ANY(:without)
     ORDER BY business_id, day LIMIT :limit
""")
_REMOVE = text("""
    DELETE FROM analytics_stale_days s
     USING unnest(CAST(:ids AS uuid[]), CAST(:days AS date[]), CAST(:marks AS uuid[])) AS d (business_id, day, marked)
     WHERE s.business_id = d.business_id AND s.day = d.day AND s.marked = d.marked
""")


class StaleDayStore(Store):
    """Platform scope."""

    async def collect(self, now: datetime) -> int:
        """Mark the days that ended since the last collection and earlier days whose bookings, payments or
        reviews changed; returns how many. The first collection marks every day that has a booking."""
        read_until = await self.session.scalar(_LOCK)
        since = read_until - OVERLAP if read_until else datetime.fromtimestamp(0, UTC)
        changed = await self.session.execute(
            _MARK_CHANGED, {"since": first_uuid_of(since), "since_at": since, "now": now}
        )
        ended = await self.session.execute(_MARK_ENDED, {"since": read_until or now, "now": now})
        await self.session.execute(_FINISH, {"now": now})
        return int(changed.rowcount + ended.rowcount)  # type: ignore[attr-defined]

    async def mark(self, first: date, last: date, now: datetime, business_id: UUID | None = None) -> int:
        """Mark all ended days ``first`` to ``last`` of one business or of all, none before it was created; gives how
        many."""
        values = {"first": first, "last": last, "now": now, "business_id": business_id}
        return int((await self.session.execute(_MARK_RANGE, values)).rowcount)  # type: ignore[attr-defined]

    async def take(self, limit: int, without: Collection[UUID] = ()) -> Sequence[Row[tuple[UUID, date, UUID]]]:
        """Up to ``limit`` marked days as (business, day, mark), those of a business together, and none of the
        businesses ``without``."""
        return (await self.session.execute(_TAKE, {"limit": limit, "without": list(without)})).all()

    async def remove(self, days: Sequence[tuple[UUID, date, UUID]]) -> None:
        """Remove the marks, except of days that were marked again in the meantime."""
        ids, dates, marks = zip(*days, strict=True) if days else ((), (), ())
        await self.session.execute(_REMOVE, {"ids": list(ids), "days": list(dates), "marks": list(marks)})
