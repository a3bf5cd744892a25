"""Stripe's payouts: what the account has taken and given back since the payout before goes to the bank.

A balance transaction is made for each charge, refund and dispute when it is paid out; Stripe makes it at once.
"""

import time

from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import new_id

#: Stripe's published rate for cards in Japan, in tenths of a percent (stripe.com/jp/pricing).
RATE = 36
#: What a dispute costs, in yen (stripe.com/jp/pricing).
DISPUTE_FEE = 1300


class Payouts:
    """Call inside a transaction. Amounts are minor units."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, missing: int = 0) -> JSON:
        """Pay out all that was not paid out yet. ``missing``: so much less reaches the bank than the parts add up
        to."""
        payout_id = new_id("po")
        parts = [self._put(raw, payout_id) for raw in self._unpaid()]
        amount = sum(part["net"] for part in parts) - missing
        payout: JSON = {
            "id": payout_id,
            "object": "payout",
            "amount": amount,
            "arrival_date": int(time.time()) // 86400 * 86400 + 4 * 86400,
            "automatic": True,
            "balance_transaction": None,
            "created": int(time.time()),
            "currency": "jpy",
            "description": "STRIPE PAYOUT",
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "reconciliation_status": "completed",
            "source_type": "card",
            "status": "paid",
            "type": "bank_account",
        }
        itself = _transaction("payout", -amount, 0, payout_id, int(time.time()))
        payout["balance_transaction"] = itself["id"]
        self._put(itself, payout_id)
        self._store.put(payout)
        return payout

    def _unpaid(self) -> list[JSON]:
        paid = {one["source"] for one in self._store.list_objects("balance_transaction", limit=100_000)}
        found = []
        for charge in self._store.list_objects("charge", limit=100_000):
            if charge["captured"] and charge["id"] not in paid:
                fee = charge["amount_captured"] * RATE // 1000
                found.append(_transaction("charge", charge["amount_captured"], fee, charge["id"], charge["created"]))
        for refund in self._store.list_objects("refund", limit=100_000):
            if refund["status"] == "succeeded" and refund["id"] not in paid:
                found.append(_transaction("refund", -refund["amount"], 0, refund["id"], refund["created"]))
        for dispute in self._store.list_objects("dispute", limit=100_000):
            is_inquiry = str(dispute["status"]).startswith("warning")
            if not is_inquiry and dispute["id"] not in paid:
                amounts = (-dispute["amount"], DISPUTE_FEE)
                found.append(_transaction("dispute", *amounts, dispute["id"], dispute["created"]))
        return found

    def _put(self, transaction: JSON, payout_id: str) -> JSON:
        self._store.put({**transaction, "_payout": payout_id})
        return transaction


def _transaction(category: str, amount: int, fee: int, source: str, created: int) -> JSON:
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": created,
        "balance_type": "payments",
        "created": created,
        "currency": "jpy",
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "available",
        "type": "adjustment" if category == "dispute" else category,
    }
