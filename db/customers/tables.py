"""The business's record of a person."""

from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import CITEXT, Base, Key, Stamped, Time


class Customer(Base, Stamped):
    """May be linked to a login; at most once per business."""

    __tablename__ = "customers"
    __table_args__ = (
        Index("ix_customers_business_id_email_key", "business_id", "email_key"),
        Index(
            "uq_customers_login",
            "business_id",
            "user_id",
            unique=True,
            postgresql_where=text("user_id IS NOT NULL AND deleted_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    family_name: Mapped[str]
    given_name: Mapped[str] = mapped_column(server_default=text("''"))
    family_name_kana: Mapped[str | None]
    given_name_kana: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None] = mapped_column(CITEXT)
    #: For searching: comparing citext is not leak-proof, so with row-level security no index on it would be used.
    email_key: Mapped[str | None] = mapped_column(Computed("lower(email::text)", persisted=True))
    language: Mapped[str] = mapped_column(server_default=text("'ja'"))
    deleted_at: Mapped[Time | None]
