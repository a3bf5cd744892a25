"""What became of a booking's messages, and how many messages of a business arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.booking_status import BookingStatus
from domain.errors import NotFound
from domain.ids import first_uuid_of
from domain.messages.kinds import NoticeKind, NoticeStatus
from domain.messages.ledger import PLATFORM_ZONE, Attempt, BookingNow, Entry, Promise, ledger

_BOOKING = text("""
    SELECT b.status, b.start_at, coalesce(t.reminder_offsets, '{}') AS offsets,
           ARRAY(SELECT make_interval(secs => r.offset_seconds) FROM booking_reminders r
                  WHERE r.booking_id = b.id AND r.start_at = b.start_at) AS reminded
      FROM bookings b LEFT JOIN business_settings t ON t.business_id = b.business_id WHERE b.id = :booking_id
""")
_PROMISES = text("""
    SELECT n.id, n.kind, n.audience, n.channel, n.status, n.failure_reason, n.created_at, n.due_at, n.sent_at,
           n.delivered_at, n.read_at, CAST(n.facts->>'start_at' AS timestamptz) AS start_at
      FROM notification_outbox n WHERE n.booking_id = :booking_id
""")
_ATTEMPTS = text("""
    SELECT a.notice_id, a.started_at, a.finished_at, a.outcome, a.reason, a.channel, a.cost_micros
      FROM notification_attempts a JOIN notification_outbox n ON n.id = a.notice_id
     WHERE n.booking_id = :booking_id ORDER BY a.id
""")
_COUNTS = """n.kind, n.channel, count(*) AS promised,
           count(*) FILTER (WHERE n.status = 'queued') AS queued, count(*) FILTER (WHERE n.status = 'sent') AS sent,
           count(*) FILTER (WHERE n.status = 'delivered') AS delivered,
           count(*) FILTER (WHERE n.status = 'bounced') AS bounced,
           count(*) FILTER (WHERE n.status = 'failed') AS failed,
           count(*) FILTER (WHERE n.status = 'dropped') AS dropped, count(n.read_at) AS read"""
# Ids are made from the time at which the rows are (RFC 9562), so the index by business and id finds the days.
_STATISTICS = text(f"""
    SELECT CAST(n.due_at AT TIME ZONE s.time_zone AS date) AS day, {_COUNTS}
      FROM notification_outbox n JOIN businesses s ON s.id = n.business_id
     WHERE n.business_id = :business_id AND n.id >= :first_id
           AND n.due_at >= CAST(CAST(:first_day AS date) AS timestamp) AT TIME ZONE s.time_zone
           AND n.due_at < CAST(CAST(:last_day AS date) + 1 AS timestamp) AT TIME ZONE s.time_zone
     GROUP BY day, n.kind, n.channel ORDER BY day, n.kind, n.channel
""")
# Days are those of Japan, where the platform is. Ids bound the rows on both sides.
_OF_ALL = text(f"""
    SELECT CAST(n.due_at AT TIME ZONE :zone AS date) AS day, {_COUNTS}
      FROM notification_outbox n
     WHERE n.id >= :first_id AND n.id < :last_id
           AND n.due_at >= CAST(CAST(:first_day AS date) AS timestamp) AT TIME ZONE :zone
           AND n.due_at < CAST(CAST(:last_day AS date) + 1 AS timestamp) AT TIME ZONE :zone
     GROUP BY day, n.kind, n.channel ORDER BY day, n.kind, n.channel
""")


@dataclass(frozen=True, slots=True)
class DayCount:
    """Messages of one kind and channel that were due on one day (of the business), by status."""

    day: date
    kind: str
    channel: str
    promised: int
    queued: int
    sent: int
    delivered: int
    bounced: int
    failed: int
    dropped: int
    read: int


class LedgerStore(Store):
    """The ledger and the statistics."""

    async def ledger(self, booking_id: UUID, now: datetime) -> list[Entry]:
        """Every message of a booking as of ``now``, with its attempts; three statements. Raises NotFound."""
        values = {"booking_id": booking_id}
        booking = (await self.session.execute(_BOOKING, values)).one_or_none()
        if booking is None:
            raise NotFound({"booking_id": str(booking_id)})
        attempts: dict[UUID, list[Attempt]] = {}
        for row in await self.session.execute(_ATTEMPTS, values):
            attempt = Attempt(row.started_at, row.finished_at, row.outcome, row.reason, row.channel, row.cost_micros)
            attempts.setdefault(row.notice_id, []).append(attempt)
        promises = [
            Promise(
                row.id,
                NoticeKind(row.kind),
                row.audience,
                row.channel,
                NoticeStatus(row.status),
                row.failure_reason,
                row.created_at,
                row.due_at,
                row.sent_at,
                row.delivered_at,
                row.read_at,
                row.start_at,
                tuple(attempts.get(row.id, ())),
            )
            for row in await self.session.execute(_PROMISES, values)
        ]
        status = BookingStatus(booking.status)
        known = BookingNow(status, booking.start_at, tuple(booking.offsets), frozenset(booking.reminded))
        return ledger(promises, known, now)

    async def statistics(
        self, business_id: UUID, first_day: date, last_day: date, earliest: datetime
    ) -> Sequence[DayCount]:
        """By day, kind and channel, of the messages that were due from ``first_day`` to ``last_day``. ``earliest``
        (aware): no message that was due on these days was queued before."""
        values = {
            "business_id": business_id,
            "first_day": first_day,
            "last_day": last_day,
            "first_id": first_uuid_of(earliest),
        }
        return [DayCount(**row) for row in (await self.session.execute(_STATISTICS, values)).mappings()]

    async def statistics_of_all(
        self, first_day: date, last_day: date, within: tuple[datetime, datetime]
    ) -> list[DayCount]:
        """The same of the whole platform, by days in :data:`PLATFORM_ZONE`. ``within`` (aware): every message that was
        due on these days was queued after the first time and before the second. Needs the platform's scope."""
        values = {
            "zone": PLATFORM_ZONE,
            "first_day": first_day,
            "last_day": last_day,
            "first_id": first_uuid_of(within[0]),
            "last_id": first_uuid_of(within[1]),
        }
        return [DayCount(**row) for row in (await self.session.execute(_OF_ALL, values)).mappings()]
