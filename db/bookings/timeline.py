"""Everything that was recorded about one booking, in one statement."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.bookings.timeline import Source, TimelineEntry

# A message about several bookings of a series belongs to each of them.
_READ = text("""
    SELECT h.created_at AS at, 'booking' AS source, h.event, h.actor_kind,
           nullif(concat_ws(' ', u.family_name, u.given_name), '') AS actor_name, h.reason,
           CAST(NULL AS bigint) AS amount, NULL AS currency, NULL AS reference, false AS to_business, h.details
      FROM booking_history h LEFT JOIN users u ON u.id = h.actor_id WHERE h.booking_id = :booking_id
    UNION ALL
    SELECT t.created_at, 'money', t.movement || '.' || t.phase, NULL, NULL, t.reason, t.amount, t.currency,
           coalesce(t.provider_ref, p.provider_intent_id), false, jsonb_build_object('provider', p.provider)
      FROM booking_payments p JOIN payment_transactions t ON t.payment_id = p.id WHERE p.booking_id = :booking_id
    UNION ALL
    SELECT e.received_at, 'provider', e.event_type, NULL, NULL, e.outcome, NULL, NULL, e.event_id, false,
           jsonb_build_object('provider', e.provider)
      FROM app_provider_events(:booking_id) e
    UNION ALL
    SELECT coalesce(n.sent_at, n.created_at), 'message', n.kind || '.' || n.status, NULL, NULL, n.failure_reason, NULL,
           NULL, n.provider_message_id, n.audience <> 'customer',
           jsonb_build_object('channel', n.channel, 'delivered_at', n.delivered_at)
      FROM notification_outbox n
     WHERE n.booking_id IN (SELECT CAST(:booking_id AS uuid) UNION
                            SELECT o.booking_id FROM series_occurrences mine
                              JOIN series_occurrences o ON o.series_id = mine.series_id
                             WHERE mine.booking_id = :booking_id)
       AND (n.booking_id = :booking_id OR EXISTS (
               SELECT FROM jsonb_array_elements(n.facts->'series') one
                WHERE one->>0 = CAST(CAST(:booking_id AS uuid) AS text)))
""")
_EVIDENCE = text("""
    SELECT CAST(b.email AS text) AS email, b.phone, b.ip, b.contact_proven_at, b.created_at
      FROM bookings b WHERE b.id = :booking_id
""")


class TimelineStore(Store):
    """Reads; `domain.bookings.timeline.visible_entries` decides who sees which entries."""

    async def entries(self, booking_id: UUID) -> list[TimelineEntry]:
        """All entries, in no order; none for a booking that the transaction does not see."""
        rows = await self.session.execute(_READ, {"booking_id": booking_id})
        return [TimelineEntry(**{**row._mapping, "source": Source(row.source)}) for row in rows]

    async def contact(self, booking_id: UUID) -> dict[str, str | datetime | None]:
        """How the booking was made: ``email``, ``phone``, ``ip`` (the network), ``contact_proven_at``,
        ``created_at``."""
        row = (await self.session.execute(_EVIDENCE, {"booking_id": booking_id})).one()
        return dict(row._mapping)
