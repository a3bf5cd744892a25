"""What became of the messages of campaigns and automations."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store

# Bookings count where they were made after the message and not given up before they were confirmed.
_RESULTS = """
    SELECT count(*) AS recipients,
           count(*) FILTER (WHERE n.status = 'queued') AS waiting,
           count(*) FILTER (WHERE n.sent_at IS NOT NULL) AS sent,
           count(*) FILTER (WHERE n.status = 'delivered') AS delivered,
           count(*) FILTER (WHERE n.status = 'bounced') AS bounced,
           count(*) FILTER (WHERE n.status IN ('failed', 'dropped')) AS not_sent,
           count(n.read_at) AS opened,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM consents o WHERE o.notice_id = n.id AND NOT o.granted)) AS unsubscribed,
           coalesce(sum((SELECT count(*) FROM bookings b
                          WHERE b.customer_id = x.customer_id AND b.created_at >= n.sent_at
                            AND b.created_at < n.sent_at + make_interval(days => :days)
                            AND b.status NOT IN ('pending', 'expired', 'declined'))), 0)::int AS bookings
      FROM marketing_sends x JOIN notification_outbox n ON n.id = x.notice_id
"""
_OF_CAMPAIGN = text(f"{_RESULTS} WHERE x.campaign_id = :id")
_OF_AUTOMATION = text(f"{_RESULTS} WHERE x.automation_id = :id")


@dataclass(frozen=True, slots=True)
class ResultRow:
    """Counts of messages, and of the bookings that their recipients made within some days."""

    recipients: int
    waiting: int
    sent: int
    delivered: int
    bounced: int
    not_sent: int
    opened: int
    unsubscribed: int
    bookings: int


class ResultStore(Store):
    """Counted when they are asked for."""

    async def of_campaign(self, campaign_id: UUID, days: int) -> ResultRow:
        """Of one campaign; bookings within ``days``."""
        return await self._read(_OF_CAMPAIGN, campaign_id, days)

    async def of_automation(self, automation_id: UUID, days: int) -> ResultRow:
        """Of one automation; bookings within ``days``."""
        return await self._read(_OF_AUTOMATION, automation_id, days)

    async def _read(self, statement: object, sender_id: UUID, days: int) -> ResultRow:
        row = (await self.session.execute(statement, {"id": sender_id, "days": days})).one()  # type: ignore[call-overload]
        return ResultRow(**row._mapping)
