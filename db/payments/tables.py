"""Payments, the append-only ledger of movements, refunds, and the inbox of provider events."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Currency, Key, Minor, Stamped, Time, one_of
from domain.payments.providers import ProviderName
from domain.payments.refunds import RefundReason
from domain.payments.status import Movement, PaymentStatus, Phase, RefundStatus


class BookingPayment(Base, Stamped):
    """One intent at the provider for one booking. Amounts are minor units; ``authorized`` is the card hold, valid until
    ``authorized_until``; ``captured`` what was taken; ``refunded`` what was refunded of it. ``replaces``: the former
    payment that this one with a new card replaces once it is authorized. ``account_id``: the business's own account at
    the provider; None: the platform's. ``voucher``: with which it is or was to be paid at a convenience store
    (`domain.payments.vouchers.Voucher`); ``voucher_ordered_at``: since when its voucher counts, which is before the
    provider is asked for it."""

    __tablename__ = "booking_payments"
    __table_args__ = (
        one_of("status", PaymentStatus),
        one_of("provider", ProviderName),
        CheckConstraint("capture_method IN ('automatic', 'manual')", name="capture_method_known"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("authorized >= 0 AND captured >= 0 AND captured <= amount", name="captured_in_range"),
        CheckConstraint("refunded >= 0 AND refunded <= captured", name="refunded_in_range"),
        # Ids are unique at one account of a provider; null is the platform's.
        Index(
            "uq_booking_payments_intent",
            "provider",
            "provider_intent_id",
            "account_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("provider_intent_id IS NOT NULL"),
        ),
        Index("ix_booking_payments_booking_id", "booking_id"),
        Index("ix_booking_payments_business_id_id", "business_id", "id"),
        Index("ix_booking_payments_status_created_at", "status", "created_at"),
        # One open intent per booking: otherwise a customer could pay twice. With a new card, one more for each payment
        # that is to be replaced.
        Index(
            "uq_booking_payments_open",
            "booking_id",
            unique=True,
            postgresql_where=text(
                "status IN ('requires_payment', 'processing', 'authorized', 'captured', 'failed') AND replaces IS NULL"
            ),
        ),
        Index("uq_booking_payments_replaces", "replaces", unique=True, postgresql_where=text("status <> 'voided'")),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"))
    provider: Mapped[str]
    provider_intent_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'requires_payment'"))
    capture_method: Mapped[str]
    amount: Mapped[Minor]
    authorized: Mapped[Minor] = mapped_column(server_default=text("0"))
    captured: Mapped[Minor] = mapped_column(server_default=text("0"))
    refunded: Mapped[Minor] = mapped_column(server_default=text("0"))
    currency: Mapped[Currency]
    client_secret: Mapped[str | None]
    decline_code: Mapped[str | None]
    authorized_until: Mapped[Time | None]
    closed_at: Mapped[Time | None]
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("booking_payments.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_accounts.id"))
    voucher: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    voucher_ordered_at: Mapped[Time | None]
    #: The provider's page where it is paid. Its intent becomes known with its first event.
    checkout_id: Mapped[str | None]
    #: With which terms the page is opened (`domain.payments.checkouts.CheckoutOrder`); stored before the call.
    checkout_order: Mapped[dict[str, object] | None] = mapped_column(JSONB)


class PaymentTransaction(Base):
    """The ledger. ``movement_id`` is the idempotency key at the provider; a movement has an ``intended`` row before
    the call and an outcome row after it. The application can insert here and read, nothing else; a trigger refuses
    changes by the owner too. At the commit, ``check_ledger`` compares the sums with the payment's."""

    __tablename__ = "payment_transactions"
    __table_args__ = (
        one_of("movement", Movement),
        one_of("phase", Phase),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        UniqueConstraint("movement_id", "phase"),
        Index("ix_payment_transactions_payment_id", "payment_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("booking_payments.id"))
    movement_id: Mapped[str]
    movement: Mapped[str]
    phase: Mapped[str]
    amount: Mapped[Minor]
    currency: Mapped[Currency]
    provider_ref: Mapped[str | None]
    reason: Mapped[str | None]
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))


class Refund(Base, Stamped):
    """A refund, requested here or in the provider's dashboard. ``awaits_capture``: the provider says that it
    succeeded, but it is more than what we know as captured; it counts when the capture is known."""

    __tablename__ = "refunds"
    __table_args__ = (
        one_of("status", RefundStatus),
        one_of("reason", RefundReason),
        CheckConstraint("amount > 0", name="amount_positive"),
        UniqueConstraint("payment_id", "command_id"),
        Index("ix_refunds_payment_id", "payment_id"),
        Index("ix_refunds_provider_refund_id", "provider_refund_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("booking_payments.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("bookings.id"))
    status: Mapped[str] = mapped_column(server_default=text("'requested'"))
    amount: Mapped[Minor]
    currency: Mapped[Currency]
    reason: Mapped[str]
    command_id: Mapped[str]
    provider_refund_id: Mapped[str | None]
    failure_reason: Mapped[str | None]
    awaits_capture: Mapped[bool] = mapped_column(server_default=text("false"))


class PaymentWebhook(Base):
    """The inbox: every event is stored first and applied once. ``outcome`` is a code for the result. ``account_id``:
    the business's account whose secret verified it; None: the platform's."""

    __tablename__ = "payment_webhooks"
    __table_args__ = (
        # An event comes once for each of the addresses that its account at the provider has.
        UniqueConstraint("provider", "event_id", "account_id", postgresql_nulls_not_distinct=True),
        Index(
            "ix_payment_webhooks_applied",
            "payment_id",
            "event_created_at",
            postgresql_where=text("applied_at IS NOT NULL"),
        ),
        Index("ix_payment_webhooks_unapplied", "received_at", postgresql_where=text("applied_at IS NULL")),
    )

    id: Mapped[Key]
    provider: Mapped[str]
    event_id: Mapped[str]
    event_type: Mapped[str]
    intent_id: Mapped[str | None]
    payment_id: Mapped[UUID | None]
    event: Mapped[dict[str, object]] = mapped_column(JSONB)
    event_created_at: Mapped[Time]
    received_at: Mapped[Time] = mapped_column(server_default=text("now()"))
    applied_at: Mapped[Time | None]
    outcome: Mapped[str | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_accounts.id"))
