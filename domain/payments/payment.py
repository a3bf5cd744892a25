"""A payment as it is stored."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.payments.provider_events import PaymentTotals
from domain.payments.status import Movement, PaymentStatus
from domain.payments.tasks import MoneyTask, PaymentView
from domain.payments.vouchers import Voucher


@dataclass(frozen=True, slots=True)
class Payment:
    """One intent at the provider for one booking; minor units. ``client_secret`` is only for the customer's browser.
    ``replaces``: the former payment that this one with a new card replaces. ``account_id``: the business's own account
    at the provider; None: the platform's. ``voucher``: the open one, with which it is to be paid at a convenience
    store. ``checkout_id``: the provider's page where it is paid, whose intent may not be known yet."""

    id: UUID
    business_id: UUID
    booking_id: UUID
    provider: str
    provider_intent_id: str | None
    status: PaymentStatus
    manual_capture: bool
    amount: int
    authorized: int
    captured: int
    refunded: int
    currency: str
    client_secret: str | None
    decline_code: str | None
    created_at: datetime
    authorized_until: datetime | None = None
    replaces: UUID | None = None
    account_id: UUID | None = None
    voucher: Voucher | None = None
    checkout_id: str | None = None

    @property
    def totals(self) -> PaymentTotals:
        """Status and totals."""
        return PaymentTotals(self.status, self.authorized, self.captured, self.refunded)

    @property
    def open_voucher(self) -> Voucher | None:
        """The voucher that can still be paid, as far as the provider has said."""
        return self.voucher if self.status is PaymentStatus.REQUIRES_PAYMENT else None

    def view(self) -> PaymentView:
        """The payment for the booking's workflow."""
        totals = (self.amount, self.authorized, self.captured, self.refunded)
        until = self.authorized_until if self.status is PaymentStatus.AUTHORIZED else None
        voucher = self.open_voucher
        times = (voucher.expires_at, voucher.made_at) if voucher else (None, None)
        return PaymentView(self.id, self.status, *totals, self.manual_capture, until, *times)

    def task(self, movement: Movement, movement_id: str, amount: int) -> MoneyTask:
        """The task for the provider."""
        return MoneyTask(
            movement_id=movement_id,
            movement=movement,
            payment_id=self.id,
            booking_id=self.booking_id,
            business_id=self.business_id,
            provider=self.provider,
            intent_id=self.provider_intent_id,
            amount=amount,
            currency=self.currency,
            amount_due=self.amount,
            manual_capture=self.manual_capture,
            account_id=self.account_id,
            checkout_id=self.checkout_id,
        )
