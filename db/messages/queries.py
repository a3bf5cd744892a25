"""Reads messages: one, a person's, a business's; marks one as read; retries a failed one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.errors import NotFound, WrongState
from domain.messages.kinds import NoticeStatus


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A message as lists show it. ``facts`` are ids, amounts in minor units and times."""

    id: UUID
    business_id: UUID | None
    booking_id: UUID | None
    user_id: UUID | None
    audience: str
    kind: str
    channel: str
    language: str
    status: str
    facts: dict[str, Any]
    failure_reason: str | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None


_COLUMNS = """id, business_id, booking_id, user_id, audience, kind, channel, language, status, facts, failure_reason,
       created_at, sent_at, delivered_at, read_at"""
_AFTER = "(CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit"

_GET = text(f"SELECT {_COLUMNS} FROM notification_outbox WHERE id = :id")
_OF_USER = text(
    f"SELECT {_COLUMNS} FROM notification_outbox"
    f" WHERE user_id = :user_id AND (NOT :unread OR read_at IS NULL) AND {_AFTER}"
)
_UNREAD = text("""
    SELECT count(*) FROM (SELECT FROM notification_outbox WHERE user_id = :user_id AND read_at IS NULL LIMIT 100) x
""")
_OF_BUSINESS = text(
    f"SELECT {_COLUMNS} FROM notification_outbox"
    f" WHERE business_id = :business_id AND (CAST(:status AS text) IS NULL OR status = :status) AND {_AFTER}"
)
# The list of states is that of the index.
_UNDELIVERED = text(
    f"SELECT {_COLUMNS} FROM notification_outbox"
    f" WHERE status IN ('failed', 'bounced', 'dropped') AND status = :status AND {_AFTER}"
)
_ACCOUNT_EMAIL = text(
    f"SELECT {_COLUMNS} FROM notification_outbox WHERE id = :id AND user_id = :user_id AND business_id IS NULL"
)
_READ = text(f"""
    UPDATE notification_outbox SET read_at = coalesce(read_at, :now) WHERE id = :id AND user_id = :user_id
    RETURNING {_COLUMNS}
""")
_RETRY = text("""
    WITH again AS (
        UPDATE notification_outbox SET status = 'queued', failure_reason = NULL, route = NULL
         WHERE id = :id AND status IN ('failed', 'dropped') AND channel <> 'in_app'
        RETURNING id, business_id, kind)
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id)
    SELECT business_id, 'notice.retried', 'notice/' || id,
           jsonb_build_object('notice_id', id, 'business_id', business_id, 'kind', kind,
                              'give_up_at', CAST(:now AS timestamptz) + interval '24 hours'),
           'notice.start', :request_id
      FROM again
    RETURNING id
""")


class NoticeReadStore(Store):
    """Messages for display."""

    async def get(self, notice_id: UUID) -> NoticeRow:
        """One message. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": notice_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"notice_id": str(notice_id)})
        return NoticeRow(**row)

    async def find_for_user(self, notice_id: UUID, user_id: UUID) -> NoticeRow | None:
        """One message of the platform itself to this login."""
        values = {"id": notice_id, "user_id": user_id}
        row = (await self.session.execute(_ACCOUNT_EMAIL, values)).mappings().one_or_none()
        return NoticeRow(**row) if row else None

    async def list_for_user(
        self, user_id: UUID, after: UUID | None, limit: int, *, unread: bool = False
    ) -> list[NoticeRow]:
        """The messages of one login, newest first, older than ``after``; ``unread`` leaves out what was read."""
        rows = await self.session.execute(
            _OF_USER, {"user_id": user_id, "after": after, "limit": limit, "unread": unread}
        )
        return [NoticeRow(**row) for row in rows.mappings()]

    async def count_unread(self, user_id: UUID) -> int:
        """How many messages of one login are not read: at most 100."""
        found: int = (await self.session.execute(_UNREAD, {"user_id": user_id})).scalar_one()
        return found

    async def list_for_business(
        self, business_id: UUID, after: UUID | None, limit: int, *, status: NoticeStatus | None = None
    ) -> list[NoticeRow]:
        """Every message of a business, to all recipients, newest first, older than ``after``."""
        rows = await self.session.execute(
            _OF_BUSINESS,
            {"business_id": business_id, "after": after, "limit": limit, "status": status and status.value},
        )
        return [NoticeRow(**row) for row in rows.mappings()]

    async def list_undelivered(self, status: NoticeStatus, after: UUID | None, limit: int) -> list[NoticeRow]:
        """The messages of every business and of the platform that failed, came back or were kept back (``status``),
        newest first, older than ``after``. Needs the platform's scope."""
        rows = await self.session.execute(_UNDELIVERED, {"status": status.value, "after": after, "limit": limit})
        return [NoticeRow(**row) for row in rows.mappings()]

    async def mark_read(self, notice_id: UUID, user_id: UUID, now: datetime) -> NoticeRow:
        """The recipient has seen it; the first time is stored. Raises NotFound for another recipient's."""
        values = {"id": notice_id, "user_id": user_id, "now": now}
        row = (await self.session.execute(_READ, values)).mappings().one_or_none()
        if row is None:
            raise NotFound({"notice_id": str(notice_id)})
        return NoticeRow(**row)

    async def retry(self, notice_id: UUID, now: datetime) -> NoticeRow:
        """A message that failed or was dropped is queued again, for another 24 hours, by a new run of its workflow. The
        rules are asked again.

        Raises NotFound, and WrongState for one that is neither.
        """
        values = {"id": notice_id, "now": now, "request_id": self.context.request_id}
        started = (await self.session.execute(_RETRY, values)).one_or_none()
        notice = await self.get(notice_id)
        if started is None:
            raise WrongState({"status": notice.status, "wanted": NoticeStatus.QUEUED.value})
        return notice
