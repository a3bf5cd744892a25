"""The rows of files that workflows write: linked, ready, ended. Each kind has its own table."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.errors import Gone, NotFound
from domain.platform.files import FileStatus


class FileStore(Store):
    """What the stores of all kinds of files share. ``table`` has ``id``, ``status``, ``size``, ``ready_at``,
    ``expires_at``, and ``linked_at`` where ``link`` is used. ``wanted``: a condition in SQL without which a file that
    was just written is not kept."""

    table: ClassVar[str]
    wanted: ClassVar[str] = "true"

    async def ready_until(self, file_id: UUID) -> datetime | None:
        """Until when the file is kept, if it is ready; None for one that is not."""
        statement = f"SELECT expires_at FROM {self.table} WHERE id = :id AND status = 'ready'"
        found: datetime | None = await self.session.scalar(text(statement), {"id": file_id})
        return found

    async def mark_ready(self, file_id: UUID, size: int, now: datetime, until: datetime) -> bool:
        """The file exists; ``size`` in bytes. False where it is not wanted any more, as after an erasure."""
        statement = f"""
            UPDATE {self.table} t SET status = 'ready', size = :size, ready_at = :now, expires_at = :until
             WHERE id = :id AND status IN ('queued', 'ready') AND {self.wanted} RETURNING id
        """
        values = {"id": file_id, "size": size, "now": now, "until": until}
        return (await self.session.execute(text(statement), values)).first() is not None

    async def mark_linked(self, file_id: UUID, now: datetime) -> None:
        """Somebody gets a link, which the audit trail records. Raises NotFound, and Gone for a file that is not there
        yet or any more."""
        statement = f"""
            UPDATE {self.table} SET linked_at = :now
             WHERE id = :id AND status = 'ready' AND expires_at > :now RETURNING id
        """
        if (await self.session.execute(text(statement), {"id": file_id, "now": now})).first() is not None:
            return
        if await self.session.scalar(text(f"SELECT 1 FROM {self.table} WHERE id = :id"), {"id": file_id}) is None:
            raise NotFound
        raise Gone({"reason": "no_file"})

    async def end(self, file_id: UUID, status: FileStatus) -> None:
        """The file was removed, or was never written."""
        statement = f"UPDATE {self.table} SET status = :status WHERE id = :id AND status IN ('queued', 'ready')"
        await self.session.execute(text(statement), {"id": file_id, "status": status.value})
