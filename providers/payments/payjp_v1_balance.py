"""PAY.JP v1's transfers to the bank read into our types. Pure: no network, no SDK object.

Field meanings: PAY.JP's client for Go (github.com/payjp/payjp-go, v1/transfer.go) and pay.jp/docs/api, "入金".
A transfer lists its charges and, in ``summary``, the fees of all of them; a charge has only its ``fee_rate`` in
percent.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from domain.payments.payouts import EntryKind, Payout, PayoutEntry, PayoutStatus, rate_fee
from providers.payments.payjp_v1_objects import intent_id_of, totals_of

Raw = Mapping[str, Any]

_STATUS: Mapping[str, PayoutStatus] = {
    "paid": PayoutStatus.PAID,
    "failed": PayoutStatus.FAILED,
    "canceled": PayoutStatus.FAILED,
    "stop": PayoutStatus.FAILED,
}


def payout_of(raw: Raw) -> Payout:
    """A Transfer."""
    day = raw.get("transfer_date") or raw.get("scheduled_date")
    return Payout(
        id=str(raw["id"]),
        status=_STATUS.get(str(raw["status"]), PayoutStatus.PENDING),
        amount=int(raw["amount"]),
        currency=str(raw["currency"]).upper(),
        made_at=datetime.fromtimestamp(int(raw["created"]), UTC),
        arrives_on=date.fromisoformat(str(day)) if day else None,
    )


def entries_of(transfer: Raw, charges: Sequence[Raw]) -> tuple[PayoutEntry, ...]:
    """What a transfer consists of: each charge and what was refunded of it, then what the summary says beyond the
    computed fees, and what was carried over from the transfer before."""
    entries = [entry for charge in charges for entry in _of_charge(charge)]
    summary = transfer.get("summary") or {}
    rest = int(summary.get("charge_fee") or 0) - sum(entry.fee for entry in entries)
    carried = int(transfer.get("carried_balance") or 0)
    made_at = datetime.fromtimestamp(int(transfer["created"]), UTC)
    name, currency = str(transfer["id"]), str(transfer["currency"]).upper()
    if rest:
        entries.append(PayoutEntry(f"{name}.fees", EntryKind.FEE, 0, rest, currency, made_at))
    if carried:
        entries.append(PayoutEntry(f"{name}.carried", EntryKind.OTHER, carried, 0, currency, made_at))
    return tuple(entries)


def _of_charge(charge: Raw) -> list[PayoutEntry]:
    captured, refunded = totals_of(charge)
    intent, currency = intent_id_of(charge), str(charge["currency"]).upper()
    at = datetime.fromtimestamp(int(charge.get("captured_at") or charge["created"]), UTC)
    fee = rate_fee(captured, str(charge.get("fee_rate") or "0"))
    name = str(charge["id"])
    found = [PayoutEntry(name, EntryKind.PAYMENT, captured, fee, currency, at, intent, is_computed=True)]
    if refunded:
        found.append(PayoutEntry(f"{name}.refunded", EntryKind.REFUND, -refunded, 0, currency, at, intent))
    return found
