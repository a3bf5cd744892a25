"""Pictures and films of a business."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Bilingual, Json, Key, Stamped, Time, bilingual, one_of
from domain.media.files import MediaKind
from domain.media.status import MediaStatus, Rejection


class BusinessMedia(Base, Stamped):
    """``size`` in bytes and ``checksum`` (SHA-256) are of the uploaded file, which is at ``upload_key`` of the storage
    until it has been inspected. ``variants``: name -> key, content type, width and height of each published variant.
    ``position`` counts from 0."""

    __tablename__ = "business_media"
    __table_args__ = (
        one_of("kind", MediaKind),
        one_of("status", MediaStatus),
        one_of("rejection", Rejection),
        CheckConstraint("(status = 'rejected') = (rejection IS NOT NULL)", name="rejected_with_reason"),
        CheckConstraint("NOT featured OR status = 'ready'", name="featured_is_ready"),
        bilingual("captions"),
        Index("ix_business_media_shown", "business_id", "position", "id"),
        Index("uq_business_media_upload_key", "upload_key", unique=True),
        Index(
            "uq_business_media_featured",
            "business_id",
            unique=True,
            postgresql_where=text("featured AND deleted_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    kind: Mapped[str]
    content_type: Mapped[str]
    status: Mapped[str]
    upload_key: Mapped[str]
    size: Mapped[int | None] = mapped_column(BigInteger)
    checksum: Mapped[bytes | None] = mapped_column(LargeBinary)
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration_ms: Mapped[int | None]
    variants: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    rejection: Mapped[str | None]
    captions: Mapped[Bilingual | None]
    position: Mapped[int] = mapped_column(server_default=text("0"))
    featured: Mapped[bool] = mapped_column(server_default=text("false"))
    deleted_at: Mapped[Time | None]
