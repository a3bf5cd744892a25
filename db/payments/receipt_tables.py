"""Receipts, invoices and credit notes: written once, never changed."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Currency, Json, Key, Minor, Time, one_of
from domain.payments.receipts import ReceiptKind


class ReceiptNumber(Base):
    """The last number of a business and a year. The next one is taken under the lock of this row, in the transaction
    that writes the document: a transaction that fails leaves no gap."""

    __tablename__ = "receipt_numbers"
    __table_args__ = (CheckConstraint("last > 0", name="last_positive"),)

    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last: Mapped[int]


class Receipt(Base):
    """One document. ``content`` is all that it says, ``digest`` the SHA-256 of that; ``party`` is the customer, for the
    search; days at the venue. ``corrects``: the document that this one replaces.
    Of a payment online, or of an entry at the venue. The application can insert and read,
    nothing else."""

    __tablename__ = "receipts"
    __table_args__ = (
        one_of("kind", ReceiptKind),
        CheckConstraint("total > 0", name="total_positive"),
        CheckConstraint("sequence > 0", name="sequence_positive"),
        CheckConstraint("num_nonnulls(payment_id, venue_payment_id) = 1", name="of_one_payment"),
        Index(
            "uq_receipts_venue_payment_id",
            "venue_payment_id",
            unique=True,
            postgresql_where=text("venue_payment_id IS NOT NULL"),
        ),
        UniqueConstraint("business_id", "year", "sequence"),
        Index(
            "uq_receipts_payment_id",
            "payment_id",
            unique=True,
            postgresql_where=text("refund_id IS NULL AND corrects IS NULL"),
        ),
        # Each document is corrected once: the next correction corrects the correction.
        Index("uq_receipts_corrects", "corrects", unique=True, postgresql_where=text("corrects IS NOT NULL")),
        Index("uq_receipts_refund_id", "refund_id", unique=True, postgresql_where=text("refund_id IS NOT NULL")),
        Index("ix_receipts_business_id_issued_on_id", "business_id", "issued_on", "id"),
        Index("ix_receipts_business_id_total_id", "business_id", "total", "id"),
        Index("ix_receipts_booking_id", "booking_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"))
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("booking_payments.id"))
    venue_payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("venue_payments.id"))
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refunds.id"))
    corrects: Mapped[UUID | None] = mapped_column(ForeignKey("receipts.id"))
    kind: Mapped[str]
    year: Mapped[int] = mapped_column(SmallInteger)
    sequence: Mapped[int]
    number: Mapped[str]
    issued_on: Mapped[date]
    supplied_on: Mapped[date]
    recipient: Mapped[str | None]
    party: Mapped[str]
    total: Mapped[Minor]
    currency: Mapped[Currency]
    content: Mapped[Json]
    digest: Mapped[str]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class ReceiptFile(Base):
    """The PDF of a document in one language, as it was first made; ``digest`` is its SHA-256."""

    __tablename__ = "receipt_files"
    __table_args__ = (
        CheckConstraint("language IN ('ja', 'en')", name="language_known"),
        UniqueConstraint("receipt_id", "language"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    receipt_id: Mapped[UUID] = mapped_column(ForeignKey("receipts.id"))
    language: Mapped[str]
    file: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))
