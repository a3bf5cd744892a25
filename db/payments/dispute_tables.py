"""Disputes of payments, with the evidence about their bookings."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Currency, Key, Minor, Stamped, Time, one_of
from domain.payments.status import DisputeStatus


class PaymentDispute(Base, Stamped):
    """One dispute. ``evidence``: ids, codes, amounts and times of the booking when it was opened; never a name.
    ``due_at``: the provider takes evidence until then. ``fee``: of the provider, minor units. ``due_said_at`` and
    ``fee_said_at``: when the provider said them, by its clock. ``evidence_sent_by``: the person; None: the setting."""

    __tablename__ = "payment_disputes"
    __table_args__ = (
        one_of("status", DisputeStatus),
        CheckConstraint("amount >= 0 AND fee >= 0", name="amounts_not_negative"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed_with_its_outcome"),
        UniqueConstraint("payment_id", "provider_dispute_id"),
        Index("ix_payment_disputes_booking_id", "booking_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("booking_payments.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"))
    provider_dispute_id: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    amount: Mapped[Minor]
    currency: Mapped[Currency]
    reason: Mapped[str]
    due_at: Mapped[Time | None]
    fee: Mapped[Minor | None]
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    closed_at: Mapped[Time | None]
    due_said_at: Mapped[Time | None]
    fee_said_at: Mapped[Time | None]
    evidence_sent_at: Mapped[Time | None]
    evidence_sent_by: Mapped[UUID | None]
