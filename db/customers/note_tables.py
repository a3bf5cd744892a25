"""Notes about customers, and who read those about health."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Currency, Key, Minor, Stamped, Time, one_of
from domain.customers.notes import NoteKind


class CustomerNote(Base, Stamped):
    """A note. The text of a kind about health is encrypted under the key ``key_id`` of the ring, and the audit trail
    masks it by the name of its column."""

    __tablename__ = "customer_notes"
    __table_args__ = (
        one_of("kind", NoteKind),
        CheckConstraint(
            "CASE WHEN kind IN ('allergy', 'restriction', 'special_need')"
            " THEN body IS NULL AND num_nonnulls(body_encrypted, key_id) = 2"
            " ELSE body IS NOT NULL AND num_nonnulls(body_encrypted, key_id) = 0 END",
            name="health_is_encrypted",
        ),
        Index("ix_customer_notes_customer_id", "customer_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str]
    body: Mapped[str | None]
    body_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str | None]
    pinned: Mapped[bool] = mapped_column(server_default=text("false"))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    deleted_at: Mapped[Time | None]


class HealthNoteRead(Base):
    """Somebody was shown notes about a customer's health. Never changed."""

    __tablename__ = "health_note_reads"
    __table_args__ = (Index("ix_health_note_reads_customer_id", "customer_id", "id"),)

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    reader_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    note_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class CustomerTotals(Base):
    """The totals of one customer in one currency; a trigger on ``bookings`` keeps it. ``spent``: the agreed prices of
    completed visits."""

    __tablename__ = "customer_totals"

    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    currency: Mapped[Currency] = mapped_column(primary_key=True)
    visits: Mapped[int]
    no_shows: Mapped[int]
    spent: Mapped[Minor]
