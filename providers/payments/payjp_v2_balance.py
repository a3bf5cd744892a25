"""PAY.JP v2's balances, statements and transactions read into our types. Pure: no network, no SDK object.

Field meanings: the models of the SDK ``payjpv2`` (BalanceResponse, StatementResponse, PaymentTransactionResponse),
which are generated from PAY.JP's OpenAPI description. A balance is what is paid out at once; its statements of type
``sales`` are about the transactions of a term, the others are fees and adjustments.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.payments.payouts import EntryKind, Payout, PayoutEntry, PayoutStatus

Raw = Mapping[str, Any]

#: PAY.JP's days are days in Japan.
_JAPAN = ZoneInfo("Asia/Tokyo")
_KINDS: Mapping[str, EntryKind] = {
    "payment": EntryKind.PAYMENT,
    "refund": EntryKind.REFUND,
    "chargeback": EntryKind.DISPUTE,
    "chargeback_cancel": EntryKind.DISPUTE,
}
#: Types of transactions that give money to the account; the others take it, and with it their fee is given back.
_GIVES = frozenset({"payment", "chargeback_cancel"})


def payout_of(raw: Raw) -> Payout:
    """A Balance that is no longer collecting. ``claim``: the account owes the amount."""
    day = raw.get("closed_date") or raw.get("due_date")
    return Payout(
        id=str(raw["id"]),
        status=PayoutStatus.PAID if raw.get("closed") else PayoutStatus.PENDING,
        amount=int(raw["net"]),
        currency="JPY",
        made_at=datetime.fromisoformat(str(raw["created_at"])),
        arrives_on=datetime.fromisoformat(str(day)).astimezone(_JAPAN).date() if day else None,
    )


def terms_of(balance: Raw) -> list[str]:
    """The terms whose transactions the balance is about."""
    sales = (one for one in balance["statements"] if one["type"] == "sales" and one.get("term"))
    return [str(one["term"]["id"]) for one in sales]


def entries_of_statements(balance: Raw) -> tuple[PayoutEntry, ...]:
    """The lines of statements that are about no term: fees of the service and the transfer, and adjustments."""
    found = []
    for statement in balance["statements"]:
        if statement["type"] == "sales" and statement.get("term"):
            continue
        at = datetime.fromisoformat(str(statement["created_at"]))
        for number, item in enumerate(statement["items"]):
            amount, is_fee = int(item["amount"]), str(item["subject"]).endswith("fee")
            kind = EntryKind.FEE if is_fee else EntryKind.OTHER
            gross, fee = (0, -amount) if is_fee else (amount, 0)
            found.append(PayoutEntry(f"{statement['id']}.{number}", kind, gross, fee, "JPY", at))
    return tuple(found)


def entry_of(raw: Raw, intent_id: str | None) -> PayoutEntry:
    """A PaymentTransaction; ``intent_id``: of the flow that its resource is or belongs to."""
    sign = 1 if raw["type"] in _GIVES else -1
    return PayoutEntry(
        id=str(raw["id"]),
        kind=_KINDS.get(str(raw["type"]), EntryKind.OTHER),
        amount=sign * abs(int(raw["amount"])),
        fee=sign * abs(int(raw["fee"])),
        currency=str(raw["currency"]).upper(),
        at=datetime.fromisoformat(str(raw["created_at"])),
        intent_id=intent_id,
    )
