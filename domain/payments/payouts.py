"""Payouts of a provider to the bank, and what they consist of: fees of payments, and whether the sums agree. Pure.

Amounts are minor units of the payout's currency, seen from the account: what comes in is positive, what is taken from
it negative. ``fee`` is positive where the provider charges it, negative where it is given back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.payments.reconciliation import ProposedAction

#: A captured payment that no payout has after this time is a difference. Stripe pays out in Japan weekly or monthly
#: (docs.stripe.com/payouts), PAY.JP up to a month after the end of a month (github.com/payjp/payjp-go, v1/transfer.go).
PAID_OUT_WITHIN = timedelta(days=70)


class PayoutStatus(StrEnum):
    """Where the money of a payout is. ``paid``: the provider has sent it to the bank."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


class EntryKind(StrEnum):
    """What an entry of a payout is about. ``fee``: a fee that belongs to no payment, such as that of the transfer."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    FEE = "fee"
    OTHER = "other"


class PayoutDifference(StrEnum):
    """How a payout and our records differ."""

    #: The bank amount is not the sum of the entries.
    SUM = "payout_sum"
    #: An entry is about a payment that we do not know.
    UNKNOWN_PAYMENT = "unknown_payment"
    #: The entries of a payment are not what we captured.
    PAYMENT_AMOUNT = "payment_amount"
    #: A payment was captured long ago and is in no payout.
    NEVER_PAID_OUT = "never_paid_out"


@dataclass(frozen=True, slots=True)
class PayoutEntry:
    """One line of a payout. ``intent_id``: the provider's id of the payment that it is about, None for others.
    ``is_computed``: the fee follows from the charge's rate, because the provider says only the fee of the whole payout;
    it may be off by one minor unit, and an entry of kind ``fee`` has the rest."""

    id: str
    kind: EntryKind
    amount: int
    fee: int
    currency: str
    at: datetime
    intent_id: str | None = None
    is_computed: bool = False

    @property
    def net(self) -> int:
        """What the entry adds to the payout."""
        return self.amount - self.fee


@dataclass(frozen=True, slots=True)
class Payout:
    """One transfer to the bank. ``amount``: what the bank gets; negative where the account owes the provider.
    ``arrives_on``: the day at the bank, None while it is not known."""

    id: str
    status: PayoutStatus
    amount: int
    currency: str
    made_at: datetime
    arrives_on: date | None = None


@dataclass(frozen=True, slots=True)
class PaidPayment:
    """A payment of ours that entries are about."""

    id: UUID
    business_id: UUID
    booking_id: UUID
    intent_id: str
    captured: int
    currency: str


@dataclass(frozen=True, slots=True)
class PayoutFinding:
    """One difference, with both sides in minor units and what a person is advised to do. ``intent_id``: of the payment
    that it is about; None: the whole payout."""

    difference: PayoutDifference
    action: ProposedAction
    ours: int
    theirs: int
    intent_id: str | None = None


def sum_differs(payout: Payout, entries: Sequence[PayoutEntry]) -> bool:
    """Whether the bank amount is not the sum of the entries."""
    return payout.amount != sum(entry.net for entry in entries)


def compare_payout(
    payout: Payout, entries: Sequence[PayoutEntry], known: Mapping[str, PaidPayment], *, all_are_ours: bool
) -> tuple[PayoutFinding, ...]:
    """The differences between a payout and our payments. ``known``: by the provider's id. ``all_are_ours``: the account
    takes money for bookings alone (the platform's); a business's own account may take money for other things, too. A
    payment that the provider has converted into the currency of the payout cannot be compared."""
    found = []
    if sum_differs(payout, entries):
        total = sum(entry.net for entry in entries)
        found.append(PayoutFinding(PayoutDifference.SUM, ProposedAction.READ_AGAIN, total, payout.amount))
    for entry in entries:
        if entry.kind is not EntryKind.PAYMENT or entry.intent_id is None:
            continue
        ours = known.get(entry.intent_id)
        if ours is None:
            if all_are_ours:
                found.append(_of(PayoutDifference.UNKNOWN_PAYMENT, ProposedAction.CHECK, 0, entry))
        elif ours.currency == entry.currency and ours.captured != entry.amount:
            # More was taken there: a webhook was lost. Less: we counted money that nobody has.
            is_lost = entry.amount > ours.captured
            action = ProposedAction.RECORD_STATE if is_lost else ProposedAction.CHECK
            found.append(_of(PayoutDifference.PAYMENT_AMOUNT, action, ours.captured, entry))
    return tuple(found)


def never_paid_out(payment: PaidPayment) -> PayoutFinding:
    """The difference of a payment that should have been paid out by now."""
    difference = PayoutDifference.NEVER_PAID_OUT
    return PayoutFinding(difference, ProposedAction.CHECK, payment.captured, 0, payment.intent_id)


def fees(entries: Iterable[PayoutEntry]) -> int:
    """All fees of a payout."""
    return sum(entry.fee for entry in entries)


def rate_fee(amount: int, percent: str) -> int:
    """The fee of ``amount`` minor units at a rate such as ``"3.00"`` percent, rounded down. Raises ValueError for text
    that is no rate."""
    whole, _, part = percent.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit():
        raise ValueError(percent)
    fee: int = amount * int(whole + part) // (100 * 10 ** len(part))
    return fee


def _of(difference: PayoutDifference, action: ProposedAction, ours: int, entry: PayoutEntry) -> PayoutFinding:
    return PayoutFinding(difference, action, ours, entry.amount, entry.intent_id)
