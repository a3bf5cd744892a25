"""Data exports: requested, written, downloaded, removed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.platform.files import FileStore
from db.platform.outbox import START_EXPORT, OutboxStore
from db.privacy.forgetting import PEOPLE
from db.privacy.sections import SECTIONS
from domain.errors import NotFound
from domain.platform.files import FileStatus

_COLUMNS = "id, user_id, status, size, created_at, ready_at, expires_at"
_BEGIN = text(f"""
    INSERT INTO data_exports (user_id) VALUES (:user_id)
    ON CONFLICT (user_id) WHERE status = 'queued' DO NOTHING RETURNING {_COLUMNS}
""")
_NEWEST = text(f"SELECT {_COLUMNS} FROM data_exports WHERE user_id = :user_id ORDER BY id DESC LIMIT 1")
_GET = text(f"SELECT {_COLUMNS} FROM data_exports WHERE id = :id")
_OF_USER = text("SELECT id FROM data_exports WHERE user_id = :user_id ORDER BY id")


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One export. ``size`` in bytes, times aware UTC; the file exists from ``ready_at`` to ``expires_at``."""

    id: UUID
    user_id: UUID
    status: FileStatus
    size: int | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None

    @property
    def key(self) -> str:
        """The object's key in the storage."""
        return object_key(self.id)


def object_key(export_id: UUID) -> str:
    """The key of an export's file in the storage."""
    return f"exports/{export_id}.json"


class ExportStore(FileStore):
    """A person requests and reads exports in their own scope (self); writing and ending needs the platform's. The file
    of a person who has asked for erasure in the meantime is not kept."""

    table = "data_exports"
    wanted = "EXISTS (SELECT FROM users u WHERE u.id = t.user_id AND u.deleted_at IS NULL)"

    async def begin(self, user_id: UUID) -> ExportRow:
        """Request an export; if one is being written, that one is returned."""
        row = (await self.session.execute(_BEGIN, {"user_id": user_id})).mappings().one_or_none()
        if row is None:
            return await self.get_newest(user_id)
        export = _row(row)
        payload = {"export_id": export.id, "user_id": user_id}
        await OutboxStore(self.session, self.context).add_platform_command(
            "data_export.requested", f"export/{export.id}", payload, START_EXPORT
        )
        return export

    async def get_newest(self, user_id: UUID) -> ExportRow:
        """The newest export. Raises NotFound."""
        row = (await self.session.execute(_NEWEST, {"user_id": user_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"user_id": str(user_id)})
        return _row(row)

    async def get(self, export_id: UUID) -> ExportRow:
        """One export. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": export_id})).mappings().one_or_none()
        if row is None:
            raise NotFound({"export_id": str(export_id)})
        return _row(row)

    async def collect(self, user_id: UUID) -> dict[str, list[dict[str, Any]]]:
        """All stored data of a person, by section. Needs the platform's scope."""
        people = (await self.session.execute(PEOPLE, {"user_id": user_id})).one()
        values = {"user_id": user_id, "customers": people.customers, "bookings": people.bookings}
        found = {}
        for name, section in SECTIONS.items():
            statement = text(section)
            asked = {key: values[key] for key in statement.compile().params}
            rows = await self.session.execute(statement, asked)
            found[name] = [row.entry for row in rows]
        return found

    async def list_ids_of(self, user_id: UUID) -> list[UUID]:
        """All exports of a person."""
        return list(await self.session.scalars(_OF_USER, {"user_id": user_id}))


def _row(row: Any) -> ExportRow:
    return ExportRow(**{**row, "status": FileStatus(row["status"])})
