"""Exports of figures that are too large for one answer."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Stamped, Time, one_of
from domain.analytics.exports import ExportFormat
from domain.platform.files import FileStatus


class AnalyticsExport(Base, Stamped):
    """One file with business days ``first_day`` to ``last_day`` of a business, or of all where there is none; its
    object's key is made from ``id``. ``size`` in bytes. ``linked_at``: when somebody last got a link to it; who, is in
    the audit trail."""

    __tablename__ = "analytics_exports"
    __table_args__ = (
        one_of("status", FileStatus),
        one_of("format", ExportFormat),
        CheckConstraint("status <> 'ready' OR expires_at IS NOT NULL", name="ready_has_an_end"),
        CheckConstraint("last_day >= first_day", name="days_in_order"),
        Index(
            "uq_analytics_exports_queued",
            *("requested_by", "business_id", "first_day", "last_day", "format"),
            unique=True,
            postgresql_where=text("status = 'queued'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_analytics_exports_business_id", "business_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID | None] = mapped_column(ForeignKey("businesses.id"))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    format: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'queued'"))
    size: Mapped[int | None] = mapped_column(BigInteger)
    ready_at: Mapped[Time | None]
    expires_at: Mapped[Time | None]
    linked_at: Mapped[Time | None]
