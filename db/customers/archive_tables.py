"""Archives of everything that a business owns."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Stamped, Time, one_of
from domain.platform.files import FileStatus


class BusinessArchive(Base, Stamped):
    """One file; its object's key is made from ``id``. ``size`` in bytes. ``linked_at``: when somebody last got a
    link to it; who, is in the audit trail."""

    __tablename__ = "business_archives"
    __table_args__ = (
        one_of("status", FileStatus),
        CheckConstraint("status <> 'ready' OR expires_at IS NOT NULL", name="ready_has_an_end"),
        Index("uq_business_archives_queued", "business_id", unique=True, postgresql_where=text("status = 'queued'")),
        Index("ix_business_archives_business_id", "business_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    status: Mapped[str] = mapped_column(server_default=text("'queued'"))
    size: Mapped[int | None] = mapped_column(BigInteger)
    ready_at: Mapped[Time | None]
    expires_at: Mapped[Time | None]
    linked_at: Mapped[Time | None]
