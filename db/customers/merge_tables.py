"""Merges of two records of one person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Time


class CustomerPairApart(Base):
    """Two records that somebody says are two people: they are not proposed as duplicates again. ``first_id`` is the
    older one."""

    __tablename__ = "customer_pairs_apart"

    first_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    second_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    said_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class CustomerMerge(Base):
    """One record went into another. ``changes``: columns of the kept record, each with the value before and after.
    ``moved``: ids of the rows that were moved, by table. ``change_key`` is newer than all others after every change:
    the analytics compute the customer's days again from it."""

    __tablename__ = "customer_merges"
    __table_args__ = (
        Index("ix_customer_merges_kept_id", "kept_id", "id"),
        Index("uq_customer_merges_open", "merged_id", unique=True, postgresql_where=text("undone_at IS NULL")),
        Index("ix_customer_merges_change_key", "change_key"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    kept_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    merged_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    moved: Mapped[dict[str, Any]] = mapped_column(JSONB)
    merged_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    undone_at: Mapped[Time | None]
    change_key: Mapped[UUID] = mapped_column(server_default=text("uuidv7()"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
