"""PAY.JP v2's balances, statements, terms and transactions (docs.pay.jp/v2/api; models of the SDK ``payjpv2``)."""

from datetime import UTC, datetime, timedelta

from providers.sandbox.payjp.server import Params, PayjpFailure
from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import new_id, shown

BALANCE, TRANSACTION = "payjp.v2.balance", "payjp.v2.payment_transaction"
#: Percent of a payment, and what the transfer to the bank costs, in yen.
RATE, TRANSFER_FEE = 3, 250


class Balances:
    """Every method is one transaction of the caller's. Amounts are yen."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, missing: int = 0) -> JSON:
        """Close a term and pay it out: all that was taken, given back and disputed and is in no term yet."""
        term, now = _term(), _text(datetime.now(UTC))
        made = [self._put(one, term["id"]) for one in self._open()]
        fees, gross = sum(one["fee"] for one in made), sum(one["amount"] for one in made)
        sales = _statement("sales", [("gross_sales", gross), ("fee", -fees)], term, now)
        transfer = _statement("transfer_fee", [("transfer_fee", -TRANSFER_FEE)], None, now)
        balance: JSON = {
            "object": "balance",
            "id": new_id("ba"),
            "livemode": False,
            "state": "transfer",
            "statements": [sales, transfer],
            "closed": True,
            "closed_date": now,
            "due_date": now,
            "net": sales["net"] + transfer["net"] - missing,
            "bank_info": None,
            "created_at": now,
            "updated_at": now,
        }
        self._store.put(balance, kind=BALANCE)
        return balance

    def get(self, balance_id: str) -> JSON:
        found = self._store.find(BALANCE, balance_id)
        if found is None:
            raise PayjpFailure(404, "not_found", f"No such balance: {balance_id}")
        return found

    def list_(self, params: Params) -> JSON:
        return self._listed(BALANCE, "/v2/balances", None, params)

    def transactions(self, params: Params) -> JSON:
        return self._listed(TRANSACTION, "/v2/payment_transactions", params.get("term_id"), params)

    def _open(self) -> list[JSON]:
        """Transactions that are to be made. A fee is given back with the money."""
        known = {one["resource_id"] for one in self._store.list_objects(TRANSACTION, limit=100_000)}
        found = []
        for flow in self._store.list_objects("payjp.v2.payment_flow", limit=100_000):
            if flow["status"] == "succeeded" and flow["id"] not in known:
                found.append(_transaction("payment", flow["id"], flow["amount_received"]))
        for refund in self._store.list_objects("payjp.v2.payment_refund", limit=100_000):
            if refund["status"] == "succeeded" and refund["id"] not in known:
                found.append(_transaction("refund", refund["id"], -refund["amount"]))
        for dispute in self._store.list_objects("payjp.v2.payment_dispute", limit=100_000):
            if dispute["status"] == "lost" and dispute["id"] not in known:
                found.append(_transaction("chargeback", dispute["id"], -dispute["amount"]))
        return found

    def _put(self, transaction: JSON, term_id: str) -> JSON:
        self._store.put({**transaction, "term_id": term_id}, parent=term_id, kind=TRANSACTION)
        return transaction

    def _listed(self, kind: str, url: str, parent: str | None, params: Params) -> JSON:
        limit, before = int(params.get("limit") or 10), params.get("starting_after")
        found = self._store.list_objects(kind, parent, before, limit + 1)
        data = [shown(item) for item in found[:limit]]
        return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}


def _transaction(kind: str, resource: str, amount: int) -> JSON:
    now = _text(datetime.now(UTC))
    fee = abs(amount) * RATE // 100
    return {
        "object": "payment_transaction",
        "id": new_id("pt"),
        "livemode": False,
        "resource_id": resource,
        "amount": amount,
        "currency": "jpy",
        "fee_rate": f"{RATE}.00",
        "fee": fee if amount > 0 else -fee,
        "type": kind,
        "payment_method_type": "card",
        "created_at": now,
        "updated_at": now,
    }


def _term() -> JSON:
    now = datetime.now(UTC)
    return {
        "object": "term",
        "id": new_id("tm"),
        "livemode": False,
        "start_at": _text(now - timedelta(days=15)),
        "end_at": _text(now),
        "closed": True,
    }


def _statement(kind: str, items: list[tuple[str, int]], term: JSON | None, now: str) -> JSON:
    return {
        "object": "statement",
        "id": new_id("st"),
        "livemode": False,
        "title": None,
        "type": kind,
        "term": term,
        "balance_id": None,
        "items": [{"subject": name, "name": None, "amount": amount, "tax_rate": None} for name, amount in items],
        "net": sum(amount for _, amount in items),
        "created_at": now,
        "updated_at": now,
    }


def _text(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
