"""Imports of customers from files."""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Stamped, Time, one_of
from domain.customers.importing import Outcome, Refusal


class CustomerImport(Base, Stamped):
    """One file. ``digest``: of its bytes and columns; the same file is imported once."""

    __tablename__ = "customer_imports"
    __table_args__ = (Index("uq_customer_imports_digest", "business_id", "digest", unique=True),)

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    digest: Mapped[str]
    encoding: Mapped[str]
    header: Mapped[list[str]] = mapped_column(ARRAY(Text))
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text))
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    finished_at: Mapped[Time | None]


class CustomerImportRow(Base):
    """One row of a file, from ``number``, its line. ``cells`` are kept until it is decided. ``left_out``: fields that
    could not be read. ``digest``: of the cells of a row that was taken."""

    __tablename__ = "customer_import_rows"
    __table_args__ = (
        one_of("outcome", Outcome),
        one_of("reason", Refusal),
        Index("ix_customer_import_rows_waiting", "import_id", "number", postgresql_where=text("outcome = 'waiting'")),
        Index("ix_customer_import_rows_digest", "business_id", "digest"),
        Index("ix_customer_import_rows_customer_id", "customer_id"),
    )

    import_id: Mapped[UUID] = mapped_column(ForeignKey("customer_imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    cells: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    outcome: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    reason: Mapped[str | None]
    left_out: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    digest: Mapped[str | None]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
