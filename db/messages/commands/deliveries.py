"""What the providers report about messages that they have accepted."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, text

from db.engine.store import Store
from domain.messages.delivery import Delivery, DeliveryReport, after_report, deliveries
from domain.messages.kinds import NoticeStatus

_LOCK_ALL = text(
    "SELECT id, status, channel FROM notification_outbox WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"
)
_REPORTS = """
    SELECT * FROM jsonb_to_recordset(CAST(:reports AS jsonb))
           AS x(id uuid, status text, first_at timestamptz, delivered_at timestamptz, reason text)
"""
_APPLY = text(f"""
    WITH reports AS ({_REPORTS})
    UPDATE notification_outbox n
       SET sent_at = coalesce(n.sent_at, r.first_at),
           delivered_at = coalesce(n.delivered_at, r.delivered_at),
           failure_reason = CASE WHEN n.status = r.status THEN n.failure_reason ELSE r.reason END,
           status = r.status
      FROM reports r
     WHERE n.id = r.id AND (n.status <> r.status OR (n.delivered_at IS NULL AND r.delivered_at IS NOT NULL))
""")
_CLOSE_KNOWN = text(f"""
    WITH reports AS ({_REPORTS})
    UPDATE notification_attempts a SET finished_at = coalesce(a.finished_at, reports.first_at), outcome = 'accepted',
           reason = 'reported_by_webhook'
      FROM reports
     WHERE a.id = (SELECT o.id FROM notification_attempts o
                    WHERE o.notice_id = reports.id AND (o.outcome IS NULL OR o.outcome = 'unknown')
                    ORDER BY o.id DESC LIMIT 1)
       AND NOT EXISTS (SELECT 1 FROM notification_attempts d WHERE d.notice_id = reports.id AND d.outcome = 'accepted')
""")
# What did not arrive goes on to the next channel, unless it is a day old. Its attempt is no success any more.
_FALL_BACK = text(f"""
    WITH reports AS ({_REPORTS}), moved AS (
        UPDATE notification_outbox n SET status = 'queued', channel = n.route[1], route = n.route[2:]
          FROM reports r
         WHERE n.id = r.id AND r.status = 'bounced' AND n.status = 'bounced' AND cardinality(n.route) > 0
               AND n.due_at > now() - interval '24 hours'
        RETURNING n.id, n.business_id, n.kind
    ), closed AS (
        UPDATE notification_attempts a SET outcome = 'refused', reason = reports.reason
          FROM moved JOIN reports ON reports.id = moved.id
         WHERE a.notice_id = moved.id AND a.outcome = 'accepted'
    )
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id, not_before)
    SELECT business_id, 'notice.fell_back', 'notice/' || id,
           jsonb_build_object('notice_id', id, 'business_id', business_id, 'kind', kind,
                              'give_up_at', now() + interval '24 hours'),
           -- The first run has ended by then: a start is lost while it lasts.
           'notice.start', :request_id, now() + interval '5 seconds'
      FROM moved
""")


class DeliveryStore(Store):
    """Reports of webhooks."""

    async def apply_delivery(self, reports: Iterable[DeliveryReport]) -> int:
        """Apply verified reports of the provider, in any order and any number of times; never moves a message back.

        Needs the platform's scope: one webhook has reports of many businesses. Reports of messages that are
        not ours are ignored. Gives the number of messages that the reports are about.
        """
        reported = deliveries(reports)
        if not reported:
            return 0
        locked = (await self.session.execute(_LOCK_ALL, {"ids": sorted(reported)})).all()
        # A report about a channel that the message has left changes nothing.
        rows = [_delivery(row, reported[row.id]) for row in locked if row.channel == reported[row.id].channel]
        values = {"reports": json.dumps(rows, default=str)}
        await self.session.execute(_APPLY, values)
        await self.session.execute(_CLOSE_KNOWN, values)
        await self.session.execute(_FALL_BACK, {**values, "request_id": self.context.request_id})
        return len(locked)


def _delivery(notice: Row[Any], reported: Delivery) -> dict[str, Any]:
    """What is written of the reports about one message, as a row of ``_REPORTS``."""
    status = after_report(NoticeStatus(notice.status), reported.status)
    reason = reported.reason if status is NoticeStatus.BOUNCED else None
    return {
        "id": notice.id,
        "status": status.value,
        "first_at": reported.first_at,
        "delivered_at": reported.delivered_at,
        "reason": reason,
    }
