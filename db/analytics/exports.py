"""Exports of figures: asked for, listed, read page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from db.analytics.queries import DAY_COLUMNS
from db.platform.files import FileStore
from db.platform.outbox import START_ANALYTICS_EXPORT, OutboxStore
from domain.analytics.exports import FRESH, ExportFormat, check_queued
from domain.analytics.periods import Period
from domain.errors import NotFound
from domain.platform.files import FileStatus

_COLUMNS = "id, business_id, first_day, last_day, format, requested_by, status, size, created_at, ready_at, expires_at"
_SAME = """requested_by = :requested_by AND business_id IS NOT DISTINCT FROM :business_id
    AND first_day = :first AND last_day = :last AND format = :format"""
_FRESH = text(f"""
    SELECT {_COLUMNS} FROM analytics_exports
     WHERE {_SAME} AND (status = 'queued' OR status = 'ready' AND ready_at > :since) ORDER BY id DESC LIMIT 1
""")
_BEGIN = text(f"""
    INSERT INTO analytics_exports (business_id, requested_by, first_day, last_day, format)
    VALUES (:business_id, :requested_by, :first, :last, :format)
    ON CONFLICT (requested_by, business_id, first_day, last_day, format) WHERE status = 'queued' DO NOTHING
    RETURNING {_COLUMNS}
""")
_ONE_AT_A_TIME = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('figures' || CAST(CAST(:requested_by AS uuid) AS text), 0))"
)
_QUEUED = text("SELECT count(*) FROM analytics_exports WHERE requested_by = :requested_by AND status = 'queued'")
_NEWEST = text(f"SELECT {_COLUMNS} FROM analytics_exports WHERE {_SAME} ORDER BY id DESC LIMIT 1")
_GET = text(f"SELECT {_COLUMNS} FROM analytics_exports WHERE id = :id")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM analytics_exports
     WHERE business_id IS NOT DISTINCT FROM CAST(:business_id AS uuid)
       AND (CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class ExportAsked:
    """What is asked for, and by whom. ``business_id`` is None for all businesses."""

    business_id: UUID | None
    requested_by: UUID
    period: Period
    format: ExportFormat


@dataclass(frozen=True, slots=True)
class AnalyticsExportRow:
    """One export. ``size`` in bytes; the file exists from ``ready_at`` to ``expires_at``."""

    id: UUID
    business_id: UUID | None
    first_day: date
    last_day: date
    format: ExportFormat
    requested_by: UUID
    status: FileStatus
    size: int | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None


def page_query(
    export: AnalyticsExportRow, after: tuple[date, UUID] | None, limit: int
) -> tuple[TextClause, Mapping[str, Any]]:
    """The statement of one page and its parameters. It has no condition that is not needed: an index of the business,
    or of the day and the business, gives the rows in their order from ``after`` on, and nothing is sorted."""
    conditions = ["d.day BETWEEN :first AND :last"]
    values: dict[str, Any] = {"first": export.first_day, "last": export.last_day, "limit": limit}
    if export.business_id is not None:
        conditions.append("d.business_id = :business_id")
        values["business_id"] = export.business_id
    if after is not None:
        conditions.append("(d.day, d.business_id) > (CAST(:after_day AS date), CAST(:after_business AS uuid))")
        values |= {"after_day": after[0], "after_business": after[1]}
    query = f"SELECT {DAY_COLUMNS} FROM analytics_daily d WHERE {' AND '.join(conditions)}"
    return text(f"{query} ORDER BY d.day, d.business_id LIMIT :limit"), values


def export_key(export_id: UUID, format_: ExportFormat) -> str:
    """The key of an export's file in the storage."""
    return f"analytics-exports/{export_id}.{format_}"


def page_key(export_id: UUID, number: int) -> str:
    """The key of a page that is written before the file; ``number`` is 0 for the first."""
    return f"{pages_prefix(export_id)}{number:06}.parquet"


def pages_prefix(export_id: UUID) -> str:
    """What the keys of an export's pages begin with."""
    return f"analytics-exports/{export_id}/"


class AnalyticsExportStore(FileStore):
    """In the scope of the business, or the platform's for all businesses; the step that marks a file as ready needs
    the platform's. The file of a business that was deleted, or of a person who was erased, is not kept."""

    table = "analytics_exports"
    wanted = """EXISTS (SELECT FROM users u WHERE u.id = t.requested_by AND u.deleted_at IS NULL)
        AND (t.business_id IS NULL
             OR EXISTS (SELECT FROM businesses b WHERE b.id = t.business_id AND b.deleted_at IS NULL))"""

    async def begin(self, asked: ExportAsked, now: datetime) -> AnalyticsExportRow:
        """Ask for an export. The same person's same request that is being written, or was ready within the last hour,
        is the answer instead. Raises RuleBroken while as many as one person may have are waiting."""
        values = {
            "business_id": asked.business_id,
            "requested_by": asked.requested_by,
            "first": asked.period.first,
            "last": asked.period.last,
            "format": asked.format.value,
        }
        person = {"requested_by": asked.requested_by}
        await self.session.execute(_ONE_AT_A_TIME, person)
        found = (await self.session.execute(_FRESH, {**values, "since": now - FRESH})).one_or_none()
        if found is not None:
            return _row(found)
        check_queued(await self.session.scalar(_QUEUED, person) or 0)
        row = (await self.session.execute(_BEGIN, values)).one_or_none()
        if row is None:
            return _row((await self.session.execute(_NEWEST, values)).one())
        payload = {"export_id": row.id, "business_id": asked.business_id}
        await OutboxStore(self.session, self.context).add(
            *("analytics_export.requested", f"analytics_export/{row.id}", asked.business_id),
            payload,
            START_ANALYTICS_EXPORT,
        )
        return _row(row)

    async def get(self, export_id: UUID) -> AnalyticsExportRow:
        """One export. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": export_id})).one_or_none()
        if row is None:
            raise NotFound
        return _row(row)

    async def list_(self, business_id: UUID | None, after: UUID | None, limit: int) -> list[AnalyticsExportRow]:
        """The exports of a business, or those of all businesses together; the newest first."""
        values = {"business_id": business_id, "after": after, "limit": limit}
        return [_row(row) for row in await self.session.execute(_LIST, values)]

    async def read_page(
        self, export: AnalyticsExportRow, after: tuple[date, UUID] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """The business days of an export, the oldest first; ``after``: day and business of the last row."""
        return (await self.session.execute(*page_query(export, after, limit))).all()


def _row(row: Any) -> AnalyticsExportRow:
    values = dict(row._mapping)
    return AnalyticsExportRow(**{**values, "format": ExportFormat(row.format), "status": FileStatus(row.status)})
