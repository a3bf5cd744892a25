"""Money taken at the venue, and the tills that it is counted in."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import text

from db.engine.base import Base, Currency, Key, Minor, Stamped, Time, one_of
from domain.payments.venue import CorrectionReason, VenueKind, VenueMethod


class VenuePayment(Base):
    """One entry; entries never change. ``amount``: positive for a payment, negative for a refund; a reversal has the
    opposite amount of the entry that it ``corrects``. ``day`` and ``taken_by``: of the till that it
    counts in; ``corrected_by``: the person who made a correction."""

    __tablename__ = "venue_payments"
    __table_args__ = (
        one_of("kind", VenueKind),
        one_of("method", VenueMethod),
        one_of("reason", CorrectionReason),
        CheckConstraint(
            "CASE kind WHEN 'payment' THEN amount > 0 WHEN 'refund' THEN amount < 0 ELSE amount <> 0 END",
            name="amount_has_its_sign",
        ),
        CheckConstraint("kind <> 'reversal' OR corrects IS NOT NULL", name="reversal_names_its_entry"),
        CheckConstraint("(corrects IS NULL) = (reason IS NULL)", name="correction_has_a_reason"),
        CheckConstraint("(corrects IS NULL) = (corrected_by IS NULL)", name="correction_has_its_person"),
        UniqueConstraint("business_id", "command_id", "kind"),
        Index("uq_venue_payments_reversal", "corrects", unique=True, postgresql_where=text("kind = 'reversal'")),
        Index("ix_venue_payments_booking_id", "booking_id", "id"),
        Index("ix_venue_payments_business_id_day", "business_id", "day"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"))
    kind: Mapped[str]
    method: Mapped[str]
    amount: Mapped[Minor]
    currency: Mapped[Currency]
    day: Mapped[date]
    taken_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    corrects: Mapped[UUID | None] = mapped_column(ForeignKey("venue_payments.id"))
    reason: Mapped[str | None]
    corrected_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    command_id: Mapped[str]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class Till(Base, Stamped):
    """The till of one person on one day. ``opening``: what was in it at the start; ``counted`` and ``expected`` (minor
    units) are set when it is closed."""

    __tablename__ = "tills"
    __table_args__ = (
        CheckConstraint("opening >= 0 AND counted >= 0", name="amounts_not_negative"),
        CheckConstraint("num_nonnulls(closed_at, counted, expected) IN (0, 3)", name="closed_with_its_count"),
        UniqueConstraint("business_id", "day", "user_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    day: Mapped[date]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[Currency]
    opening: Mapped[Minor]
    opened_at: Mapped[Time]
    closed_at: Mapped[Time | None]
    counted: Mapped[Minor | None]
    expected: Mapped[Minor | None]
