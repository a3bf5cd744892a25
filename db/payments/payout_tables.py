"""Payouts of the providers to the bank, and what each consists of."""

from datetime import date
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Currency, Key, Minor, Stamped, Time, one_of
from domain.payments.payouts import EntryKind, PayoutStatus
from domain.payments.providers import ProviderName


class PaymentPayout(Base, Stamped):
    """One transfer to the bank. Amounts are minor units; ``entries_net`` is the sum of its entries, ``fees`` what the
    provider kept. ``account_id`` and ``business_id``: the business's own account; None: the platform's."""

    __tablename__ = "payment_payouts"
    __table_args__ = (
        one_of("status", PayoutStatus),
        one_of("provider", ProviderName),
        UniqueConstraint("provider", "account_id", "provider_payout_id", postgresql_nulls_not_distinct=True),
        Index("ix_payment_payouts_business_id_id", "business_id", "id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID | None] = mapped_column(ForeignKey("businesses.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_accounts.id"))
    provider: Mapped[str]
    provider_payout_id: Mapped[str]
    status: Mapped[str]
    amount: Mapped[Minor]
    entries_net: Mapped[Minor]
    fees: Mapped[Minor]
    currency: Mapped[Currency]
    made_at: Mapped[Time]
    arrives_on: Mapped[date | None]


class PaymentPayoutEntry(Base):
    """One line of a payout. ``business_id``: of the payment, or of the account. ``fee``: in minor units, negative where
    it was given back; ``is_computed``: it follows from the published rate."""

    __tablename__ = "payment_payout_entries"
    __table_args__ = (
        one_of("kind", EntryKind),
        UniqueConstraint("payout_id", "provider_entry_id"),
        Index("ix_payment_payout_entries_payment_id", "payment_id"),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID | None] = mapped_column(ForeignKey("businesses.id"))
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("payment_payouts.id"))
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("booking_payments.id"))
    provider_entry_id: Mapped[str]
    kind: Mapped[str]
    intent_id: Mapped[str | None]
    amount: Mapped[Minor]
    fee: Mapped[Minor]
    currency: Mapped[Currency]
    entered_at: Mapped[Time]
    is_computed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    created_at: Mapped[Time] = mapped_column(server_default=text("now()"))
