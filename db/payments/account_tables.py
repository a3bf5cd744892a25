"""Accounts of businesses at payment providers."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from db.engine.base import Base, Key, Stamped, Time, one_of
from domain.payments.providers import ProviderName


class PaymentAccount(Base, Stamped):
    """A business's own account. ``secrets_encrypted`` is sealed under the key ``key_id`` of the ring, and the audit
    trail masks it by the name of its column. ``replaced_at``: new payments are no longer opened at it; captures,
    refunds and webhooks of its payments still are."""

    __tablename__ = "payment_accounts"
    __table_args__ = (
        one_of("provider", ProviderName),
        Index("ix_payment_accounts_business_id_id", "business_id", "id"),
        Index(
            "uq_payment_accounts_current",
            "business_id",
            "provider",
            unique=True,
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("businesses.id"))
    provider: Mapped[str]
    public_key: Mapped[str]
    secrets_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str]
    replaced_at: Mapped[Time | None]
