"""Reviews of businesses, their documents, and every decision about a business."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Stamped, Time, one_of
from domain.onboarding.verification import Decision, DocumentKind, DocumentStatus, ReviewStatus


class BusinessVerification(Base, Stamped):
    """One review, from its submission to its decision; a rejected business may submit again. ``note`` is the operators'
    internal note."""

    __tablename__ = "business_verifications"
    __table_args__ = (
        one_of("status", ReviewStatus),
        Index(
            "uq_business_verifications_open",
            "business_id",
            unique=True,
            postgresql_where=text("status IN ('waiting', 'info_requested')"),
        ),
        Index("ix_business_verifications_business_id", "business_id", "id"),
        Index("ix_business_verifications_status", "status", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    status: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    note: Mapped[str | None]
    decided_at: Mapped[Time | None]


class BusinessDecision(Base):
    """Who decided what about a business, and why. Rows are only added; with ``command_id`` a repeat adds none."""

    __tablename__ = "business_decisions"
    __table_args__ = (
        one_of("decision", Decision),
        UniqueConstraint("command_id"),
        Index("ix_business_decisions_business_id", "business_id", "id"),
        Index("ix_business_decisions_verification_id", "verification_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    verification_id: Mapped[UUID | None] = mapped_column(ForeignKey("business_verifications.id"))
    decision: Mapped[str]
    reason: Mapped[str | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    command_id: Mapped[str]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class BusinessDocument(Base, Stamped):
    """A document. The file is in the object storage under ``object_key``; reading it requires a signed link."""

    __tablename__ = "business_documents"
    __table_args__ = (
        one_of("kind", DocumentKind),
        one_of("status", DocumentStatus),
        UniqueConstraint("object_key"),
        Index("ix_business_documents_business_id", "business_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'uploading'"))
    content_type: Mapped[str]
    size: Mapped[int | None] = mapped_column(BigInteger)
    object_key: Mapped[str]
    note: Mapped[str | None]
    deleted_at: Mapped[Time | None]
