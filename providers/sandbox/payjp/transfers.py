"""PAY.JP v1's transfers to the bank (pay.jp/docs/api, "入金"; github.com/payjp/payjp-go, v1/transfer.go)."""

import time
from datetime import UTC, datetime, timedelta

from providers.sandbox.payjp.server import Params, PayjpFailure
from providers.sandbox.store import JSON, Store
from providers.sandbox.wire import new_id, shown

KIND = "payjp.v1.transfer"


class Transfers:
    """Every method is one transaction of the caller's. Amounts are yen."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, missing: int = 0) -> JSON:
        """Transfer all that was taken and not transferred yet; a refund after that is left out."""
        done = {name for one in self._all() for name in one["_charges"]}
        charges = [one for one in self._charges() if one["captured"] and one["id"] not in done]
        gross = sum(_captured(one) for one in charges)
        refunded = sum(_refunded(one) for one in charges)
        # Of each charge, rounded to the nearest yen: PAY.JP says only the sum.
        fee = sum(round(_captured(one) * float(one["fee_rate"]) / 100) for one in charges)
        net = gross - fee - refunded
        now = datetime.now(UTC)
        transfer: JSON = {
            "id": new_id("tr"),
            "object": "transfer",
            "livemode": False,
            "created": int(time.time()),
            "amount": net - missing,
            "carried_balance": 0,
            "currency": "jpy",
            "status": "pending",
            "description": None,
            "scheduled_date": (now + timedelta(days=15)).date().isoformat(),
            "summary": {
                "charge_count": len(charges),
                "charge_fee": fee,
                "charge_gross": gross,
                "net": net,
                "refund_amount": refunded,
                "refund_count": sum(_refunded(one) > 0 for one in charges),
            },
            "term_start": int((now - timedelta(days=15)).timestamp()),
            "term_end": int(now.timestamp()),
            "transfer_amount": None,
            "transfer_date": None,
            "_charges": [one["id"] for one in charges],
        }
        self._store.put(transfer, kind=KIND)
        return transfer

    def get(self, transfer_id: str) -> JSON:
        found = self._store.find(KIND, transfer_id)
        if found is None:
            raise PayjpFailure(404, "not_found", f"No such transfer: {transfer_id}")
        return found

    def list_(self, params: Params) -> JSON:
        since, until = int(params.get("since") or 0), int(params.get("until") or 2**40)
        found = [one for one in self._all() if since <= one["created"] <= until]
        return _page("/v1/transfers", found, params)

    def charges_of(self, transfer_id: str, params: Params) -> JSON:
        wanted = set(self.get(transfer_id)["_charges"])
        found = [one for one in self._charges() if one["id"] in wanted]
        return _page(f"/v1/transfers/{transfer_id}/charges", found, params)

    def _all(self) -> list[JSON]:
        return self._store.list_objects(KIND, limit=100_000)

    def _charges(self) -> list[JSON]:
        return self._store.list_objects("payjp.v1.charge", limit=100_000)


def _captured(charge: JSON) -> int:
    return int(charge["amount"]) - int(charge["metadata"].get("omo_released", "0"))


def _refunded(charge: JSON) -> int:
    return int(charge["amount_refunded"]) - int(charge["metadata"].get("omo_released", "0"))


def _page(url: str, items: list[JSON], params: Params) -> JSON:
    limit, offset = int(params.get("limit") or 10), int(params.get("offset") or 0)
    data = [shown(item) for item in items[offset : offset + limit]]
    more = len(items) > offset + limit
    return {"object": "list", "url": url, "has_more": more, "count": len(data), "data": data}
