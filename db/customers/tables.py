"""The business's record of a person, and what it is found by."""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Computed, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import CITEXT, Base, Json, Key, Stamped, Time

#: By the reading of the name, in the order of the kana; records without one are behind all others, by their name.
KANA_KEY = (
    "coalesce(((family_name_kana COLLATE \"C\") || ' '::text) || coalesce(given_name_kana, ''::text),"
    " ((chr(65535) || family_name) || ' '::text) || given_name)"
)


class Customer(Base, Stamped):
    """May be linked to a login; at most once per business."""

    __tablename__ = "customers"
    __table_args__ = (
        Index("ix_customers_business_id_email_key", "business_id", "email_key"),
        Index("ix_customers_business_id_phone", "business_id", "phone"),
        Index("ix_customers_business_id_id", "business_id", "id"),
        Index(
            "ix_customers_kana",
            "business_id",
            text(f"({KANA_KEY})"),
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_customers_name_and_birthday",
            *("business_id", "birthday", "family_name", "given_name"),
            postgresql_where=text("birthday IS NOT NULL"),
        ),
        Index(
            "ix_customers_kana_and_birthday",
            *("business_id", "birthday", "family_name_kana", "given_name_kana"),
            postgresql_where=text("birthday IS NOT NULL AND family_name_kana IS NOT NULL"),
        ),
        Index(
            "uq_customers_login",
            "business_id",
            "user_id",
            unique=True,
            postgresql_where=text("user_id IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_customers_email_key",
            "email_key",
            postgresql_where=text("user_id IS NULL AND deleted_at IS NULL"),
        ),
        Index("ix_customers_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("ix_customers_merged", "business_id", "id", postgresql_where=text("merged_into IS NOT NULL")),
        CheckConstraint("merged_into IS NULL OR deleted_at IS NOT NULL", name="merged_is_deleted"),
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
    birthday: Mapped[date | None]
    language: Mapped[str] = mapped_column(server_default=text("'ja'"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    #: Short texts by name, such as the drink that somebody likes.
    preferences: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    deleted_at: Mapped[Time | None]
    #: The login that the business has taken off the record. It is not linked again.
    unlinked_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    #: The record that this one went into; a merged record is deleted as well.
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))


class CustomerSearchEntry(Base):
    """What one customer is found by. A trigger on ``customers`` writes it; `app_find_customers` searches it."""

    __tablename__ = "customer_search"
    __table_args__ = (
        Index("ix_customer_search_business_id_id", "business_id", "id"),
        Index("ix_customer_search_tokens", "tokens", postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    body: Mapped[str]
    tokens: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
