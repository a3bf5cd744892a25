"""Archives of a business: asked for, read table by table, removed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from db.platform.outbox import START_BUSINESS_ARCHIVE, OutboxStore
from domain.customers.archives import ArchiveStatus
from domain.errors import Gone, NotFound

#: What belongs to a business, by the name of its file. A test names the tables that are left out, and why.
TABLES = (
    *("customers", "customer_notes", "customer_totals", "bookings", "booking_items", "booking_history"),
    *("booking_series", "waitlist", "booking_payments", "payment_transactions", "refunds", "payment_disputes"),
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
_LINKED = text(f"""
    UPDATE business_archives SET linked_at = :now
     WHERE id = :id AND status = 'ready' AND expires_at > :now RETURNING {_COLUMNS}
""")
_EXISTS = text("SELECT 1 FROM business_archives WHERE id = :id")
_READY = text("""
    UPDATE business_archives SET status = 'ready', size = :size, ready_at = :now, expires_at = :until
     WHERE id = :id AND status IN ('queued', 'ready')
""")
_END = text("UPDATE business_archives SET status = :status WHERE id = :id AND status IN ('queued', 'ready')")


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One archive. ``size`` in bytes; the file exists from ``ready_at`` to ``expires_at``."""

    id: UUID
    business_id: UUID
    status: ArchiveStatus
    size: int | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None


def archive_key(archive_id: UUID) -> str:
    """The key of an archive's file in the storage."""
    return f"archives/{archive_id}.zip"


class ArchiveStore(Store):
    """All in the scope of the business, so that nothing of another one can be in a file."""

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

    async def link(self, archive_id: UUID, now: datetime) -> ArchiveRow:
        """Somebody gets a link, which the audit trail records. Raises NotFound, and Gone for a file that is not there
        yet or any more."""
        row = (await self.session.execute(_LINKED, {"id": archive_id, "now": now})).one_or_none()
        if row is not None:
            return _row(row)
        if await self.session.scalar(_EXISTS, {"id": archive_id}) is None:
            raise NotFound
        raise Gone({"reason": "no_file"})

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

    async def mark_ready(self, archive_id: UUID, size: int, now: datetime, until: datetime) -> None:
        """The file exists."""
        await self.session.execute(_READY, {"id": archive_id, "size": size, "now": now, "until": until})

    async def end(self, archive_id: UUID, status: ArchiveStatus) -> None:
        """The file was removed, or was never written."""
        await self.session.execute(_END, {"id": archive_id, "status": status.value})


def _row(row: Any) -> ArchiveRow:
    return ArchiveRow(**{**row._mapping, "status": ArchiveStatus(row.status)})
