"""The stores of payments: one property for each noun."""

from functools import cached_property

from db.payments.accounts import AccountStore
from db.payments.commands.checkout import CheckoutStore
from db.payments.commands.open import OpeningStore
from db.payments.commands.order import OrderStore
from db.payments.commands.renew import RenewalRecordStore
from db.payments.commands.replay import ReplayStore
from db.payments.commands.voucher import VoucherStore
from db.payments.disputes import DisputeStore
from db.payments.payments import PaymentStore
from db.payments.payouts import PayoutStore
from db.payments.queries import PaymentListStore
from db.payments.receipts import ReceiptStore
from db.payments.reconciliation import ReconciliationStore
from db.payments.refunds import RefundStore
from db.payments.venue import VenueStore
from db.payments.venue_receipts import VenueReceiptStore


class PaymentStores(PaymentStore):
    """Payments and the ledger of movements."""

    @cached_property
    def accounts(self) -> AccountStore:
        """Accounts of businesses at payment providers."""
        return AccountStore(self.session, self.context)

    @cached_property
    def openings(self) -> OpeningStore:
        """Opening a payment, and giving a new card."""
        return OpeningStore(self.session, self.context)

    @cached_property
    def checkouts(self) -> CheckoutStore:
        """Pages of the provider where payments are made."""
        return CheckoutStore(self.session, self.context)

    @cached_property
    def vouchers(self) -> VoucherStore:
        """Payment at convenience stores."""
        return VoucherStore(self.session, self.context)

    @cached_property
    def orders(self) -> OrderStore:
        """Captures and voids that a manager orders."""
        return OrderStore(self.session, self.context)

    @cached_property
    def venue(self) -> VenueStore:
        """Money taken at the venue, and tills."""
        return VenueStore(self.session, self.context)

    @cached_property
    def renewals(self) -> RenewalRecordStore:
        """The results of renewed authorizations."""
        return RenewalRecordStore(self.session, self.context)

    @cached_property
    def lists(self) -> PaymentListStore:
        """Lists of payments."""
        return PaymentListStore(self.session, self.context)

    @cached_property
    def refunds(self) -> RefundStore:
        """Refunds."""
        return RefundStore(self.session, self.context)

    @cached_property
    def reconciliation(self) -> ReconciliationStore:
        """Our side of the comparison with a provider."""
        return ReconciliationStore(self.session, self.context)

    @cached_property
    def receipts(self) -> ReceiptStore:
        """Receipts, invoices and credit notes."""
        return ReceiptStore(self.session, self.context)

    @cached_property
    def payouts(self) -> PayoutStore:
        """Payouts to the bank, and fees of payments."""
        return PayoutStore(self.session, self.context)

    @cached_property
    def venue_receipts(self) -> VenueReceiptStore:
        """Documents of money at the venue."""
        return VenueReceiptStore(self.session, self.context)

    @cached_property
    def disputes(self) -> DisputeStore:
        """Disputes with their evidence."""
        return DisputeStore(self.session, self.context)

    @cached_property
    def webhooks(self) -> ReplayStore:
        """The inbox of provider events."""
        return ReplayStore(self.session, self.context)
