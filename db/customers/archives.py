"""Archives of a business: asked for, read table by table, removed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.platform.files import FileStore
from db.platform.outbox import START_BUSINESS_ARCHIVE, OutboxStore
from domain.errors import NotFound
from domain.platform.files import FILE_LASTS, FileStatus

#: What belongs to a business, by the name of its file. A test names the tables that are left out, and why.
TABLES = (
    *("customers", "customer_notes", "customer_totals", "bookings", "booking_items", "booking_history"),
    *("booking_series", "waitlist", "booking_payments", "payment_transactions", "refunds", "payment_disputes"),
    *("payment_payouts", "payment_payout_entries"),
    *(
        "venue_payments",
        "tills",
        "message_texts",
        "receipts",
        "reviews",
        "services",
        "service_resources",
        "resources",
        "staff_assignments",
    ),
    *("staff_working_hours", "staff_exceptions", "business_settings", "business_hours", "business_holidays"),
    *("cancellation_policies", "blocks", "business_media", "analytics_daily"),
    *("campaigns", "automations"),
)
#: Columns that are no business's to have: secrets, logins of people, and what only the platform uses.
REMOVED = (
    *("business_id", "user_id", "ip", "email_key", "client_secret", "body_encrypted", "key_id", "digest"),
    *("dedupe_key", "upload_key", "command_id"),
)
#: Rows that are read at once.
_BATCH = 1000
_COLUMNS = "id, business_id, status, size, created_at, ready_at, expires_at"
_BEGIN = text(f"""
    INSERT INTO business_archives (business_id) VALUES (:business_id)
    ON CONFLICT (business_id) WHERE status = 'queued' DO NOTHING RETURNING {_COLUMNS}
""")
_NEWEST = text(f"SELECT {_COLUMNS} FROM business_archives WHERE business_id = :business_id ORDER BY id DESC LIMIT 1")
# Of every business that has a record or a booking of the person, or employs them.
_OF_PERSON = """business_id IN (
    SELECT c.business_id FROM app_records_of_person(:user_id) p JOIN customers c ON c.id = ANY(p.records)
     UNION SELECT b.business_id FROM app_records_of_person(:user_id) p JOIN bookings b ON b.id = ANY(p.visits)
     UNION SELECT a.business_id FROM staff_assignments a WHERE a.user_id = :user_id)"""
_END_WITH = text(f"""
    UPDATE business_archives SET status = 'expired', expires_at = least(expires_at, :now)
     WHERE status IN ('queued', 'ready') AND {_OF_PERSON}
""")
_ENDED_WITH = text(f"""
    SELECT id FROM business_archives WHERE status = 'expired' AND created_at > :since AND {_OF_PERSON}
""")


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One archive. ``size`` in bytes; the file exists from ``ready_at`` to ``expires_at``."""

    id: UUID
    business_id: UUID
    status: FileStatus
    size: int | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None


def archive_key(archive_id: UUID) -> str:
    """The key of an archive's file in the storage."""
    return f"archives/{archive_id}.zip"


class ArchiveStore(FileStore):
    """All in the scope of the business, so that nothing of another one can be in a file."""

    table = "business_archives"

    async def begin(self, business_id: UUID) -> ArchiveRow:
        """Ask for an archive; if one is being written, that one is returned."""
        row = (await self.session.execute(_BEGIN, {"business_id": business_id})).one_or_none()
        if row is None:
            return await self.get_newest(business_id)
        payload = {"archive_id": row.id, "business_id": business_id}
        await OutboxStore(self.session, self.context).add(
            "business_archive.requested", f"business_archive/{row.id}", business_id, payload, START_BUSINESS_ARCHIVE
        )
        return _row(row)

    async def get_newest(self, business_id: UUID) -> ArchiveRow:
        """The newest archive. Raises NotFound."""
        row = (await self.session.execute(_NEWEST, {"business_id": business_id})).one_or_none()
        if row is None:
            raise NotFound
        return _row(row)

    async def read_table(self, business_id: UUID, table: str) -> AsyncIterator[Sequence[dict[str, Any]]]:
        """The rows of one table of ``TABLES``, in parts."""
        removed = ", ".join(f"'{name}'" for name in REMOVED)
        statement = text(f"SELECT to_jsonb(t) - ARRAY[{removed}] AS entry FROM {table} t WHERE business_id = :id")
        rows = await self.session.stream(statement, {"id": business_id})
        try:
            async for part in rows.scalars().partitions(_BATCH):
                yield part
        finally:
            await rows.close()

    async def end_those_with(self, user_id: UUID, now: datetime) -> list[UUID]:
        """End the archives that may have something of a person whose data is erased, those that are being written
        included. Returns all that have ended and are so young that a file may be there: a repeat finds those of a try
        that did not delete the files. Platform scope."""
        await self.session.execute(_END_WITH, {"user_id": user_id, "now": now})
        values = {"user_id": user_id, "since": now - FILE_LASTS - timedelta(days=2)}
        return list((await self.session.execute(_ENDED_WITH, values)).scalars())


def _row(row: Any) -> ArchiveRow:
    return ArchiveRow(**{**row._mapping, "status": FileStatus(row.status)})
