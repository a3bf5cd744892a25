"""Stripe's payouts and balance transactions read into our types. Pure: no network, no SDK object.

Stripe API reference, objects Payout and BalanceTransaction: ``amount`` is gross, ``net`` is ``amount`` less ``fee``;
``reporting_category`` groups the types, and ``source`` is the object that the money is about.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.payments.payouts import EntryKind, Payout, PayoutEntry, PayoutStatus
from providers.payments.stripe_objects import id_of

Raw = Mapping[str, Any]

_STATUS: Mapping[str, PayoutStatus] = {
    "paid": PayoutStatus.PAID,
    "failed": PayoutStatus.FAILED,
    "canceled": PayoutStatus.FAILED,
}
#: ``reporting_category`` (docs.stripe.com/reports/reporting-categories). The payout itself is no part of its sum.
PAYOUT_ITSELF = frozenset({"payout", "payout_reversal"})
_KINDS: Mapping[str, EntryKind] = {
    "charge": EntryKind.PAYMENT,
    "refund": EntryKind.REFUND,
    "refund_failure": EntryKind.REFUND,
    "partial_capture_reversal": EntryKind.REFUND,
    "dispute": EntryKind.DISPUTE,
    "dispute_reversal": EntryKind.DISPUTE,
    "fee": EntryKind.FEE,
}


def payout_of(raw: Raw) -> Payout:
    """A Payout; ``arrival_date`` is midnight UTC of the day at the bank."""
    arrives = raw.get("arrival_date")
    return Payout(
        id=str(raw["id"]),
        status=_STATUS.get(str(raw["status"]), PayoutStatus.PENDING),
        amount=int(raw["amount"]),
        currency=str(raw["currency"]).upper(),
        made_at=datetime.fromtimestamp(int(raw["created"]), UTC),
        arrives_on=datetime.fromtimestamp(int(arrives), UTC).date() if arrives else None,
    )


def entry_of(raw: Raw) -> PayoutEntry:
    """A BalanceTransaction with ``source`` expanded."""
    source = raw.get("source")
    intent = id_of(source.get("payment_intent")) if isinstance(source, Mapping) else ""
    return PayoutEntry(
        id=str(raw["id"]),
        kind=_KINDS.get(str(raw.get("reporting_category")), EntryKind.OTHER),
        amount=int(raw["amount"]),
        fee=int(raw["fee"]),
        currency=str(raw["currency"]).upper(),
        at=datetime.fromtimestamp(int(raw["created"]), UTC),
        intent_id=intent or None,
    )
