"""Reads the audit trail. The trigger `audit_change` writes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.engine.store import Store
from domain.errors import NotFound
from domain.platform.audit_readers import OPERATORS_TABLES

_COLUMNS = """id, at, business_id, entity, entity_id, action, before, after, actor_kind, actor_id, request_id,
       host(ip) AS ip, user_agent"""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: ``before`` and ``after`` hold the changed columns, secrets masked. ``request_id`` is the
    request's, or the id of the workflow whose activity it was."""

    id: int
    at: datetime
    business_id: UUID | None
    entity: str
    entity_id: str
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    actor_kind: str | None
    actor_id: UUID | None
    request_id: str | None
    ip: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A field that is None does not filter. ``since`` is included, ``until`` is not (aware UTC)."""

    business_id: UUID | None = None
    entity: str | None = None
    entity_id: str | None = None
    actor_id: UUID | None = None
    action: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


# Only the filters in use are in the statement, so that Postgres uses their index and the partitions of the time range.
_CONDITIONS = {
    "business_id": "business_id = :business_id",
    "entity": "entity = :entity",
    "entity_id": "entity_id = :entity_id",
    "actor_id": "actor_id = :actor_id",
    "action": "action = :action",
    "request_id": "request_id = :request_id",
    "since": "at >= :since",
    "until": "at < :until",
}

#: Time and number of the last row of the page before.
Place = tuple[datetime, int]


class AuditTrailStore(Store):
    """The audit trail of one business (its scope), of one's own businesses (self), or of all (platform)."""

    async def list_(
        self, asked: AuditFilter, after: Place | None, limit: int, to_operator: bool = False
    ) -> list[AuditEntry]:
        """Newest first, up to ``limit`` entries after ``after``; entries of operators' tables for operators only."""
        values: dict[str, Any] = {
            name: getattr(asked, name) for name in _CONDITIONS if getattr(asked, name) is not None
        }
        conditions = [_CONDITIONS[name] for name in values]
        if after is not None:
            # The first condition is for the index and the partitions, the second for entries of one transaction.
            conditions.append("at <= :after_at AND (at, id) < (:after_at, :after_id)")
            values |= {"after_at": after[0], "after_id": after[1]}
        if not to_operator:
            conditions.append("entity <> ALL(:operators_tables)")
            values["operators_tables"] = list(OPERATORS_TABLES)
        where = " AND ".join(conditions) or "true"
        statement = f"SELECT {_COLUMNS} FROM audit_logs WHERE {where} ORDER BY at DESC, id DESC LIMIT :limit"
        rows = await self.session.execute(text(statement), {**values, "limit": limit})
        return [AuditEntry(**row) for row in rows.mappings()]

    async def get(self, entry_id: int, to_operator: bool = False) -> AuditEntry:
        """One entry. Raises NotFound, also for an entry of an operators' table unless an operator asks."""
        statement = text(f"SELECT {_COLUMNS} FROM audit_logs WHERE id = :id")
        row = (await self.session.execute(statement, {"id": entry_id})).mappings().one_or_none()
        if row is None or (row["entity"] in OPERATORS_TABLES and not to_operator):
            raise NotFound({"audit_id": str(entry_id)})
        return AuditEntry(**row)
