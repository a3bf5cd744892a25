"""Checkout Sessions of PAY.JP's v2: a page where the customer pays (docs.pay.jp/v2/api, "Checkout Sessions").

The flow is made when the customer chooses how to pay; until then ``payment_flow_id`` is null. A session that ends while
the customer is at 3-D Secure leaves its flow as it is, which is the worst that the documentation allows.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from providers.sandbox.payjp.flows import Flows, stamps
from providers.sandbox.payjp.server import Params, PayjpFailure
from providers.sandbox.store import JSON, Store
from providers.sandbox.webhook_events import WebhookEvents
from providers.sandbox.wire import new_id

_KIND = "payjp.v2.checkout"
LONGEST = timedelta(hours=24)


class Checkouts:
    """Every method is one transaction of the caller's."""

    def __init__(self, store: Store, events: WebhookEvents, flows: Flows, public_url: str) -> None:
        self._store = store
        self._events = events
        self._flows = flows
        self._public_url = public_url

    def create(self, params: Params) -> JSON:
        if params.get("mode") != "payment" or not params.get("line_items"):
            raise PayjpFailure(422, "validation_error", param="mode")
        amount = sum(_price(line) for line in params["line_items"])
        expires = _end(params.get("expires_at"))
        session_id = new_id("cs")
        session: JSON = {
            "object": "checkout.session",
            "id": session_id,
            "livemode": False,
            "amount_subtotal": amount,
            "amount_total": amount,
            "customer_id": None,
            "customer_email": params.get("customer_email"),
            "expires_at": _text(expires),
            "currency": "jpy",
            "locale": params.get("locale"),
            "payment_flow_id": None,
            "payment_method_types": params.get("payment_method_types") or ["card", "paypay", "apple_pay"],
            "payment_method_options": params.get("payment_method_options"),
            "setup_flow_id": None,
            "submit_type": params.get("submit_type") or "pay",
            "mode": "payment",
            "ui_mode": "hosted",
            "status": "open",
            "success_url": params.get("success_url"),
            "cancel_url": params.get("cancel_url"),
            "redirect_options": params.get("redirect_options") or {"include_client_secret": True},
            "url": f"{self._public_url}/sandbox/payjp/checkout/{session_id}",
            "metadata": dict(params.get("metadata") or {}),
            **stamps(),
            "_flow": dict(params.get("payment_flow_data") or {}),
        }
        return self._put(session)

    def get(self, session_id: str) -> JSON:
        """The session; it has ended where its time is over, and is complete where its flow is paid."""
        session = self._store.find(_KIND, session_id)
        if session is None:
            raise PayjpFailure(404, "not_found", f"No such checkout session: {session_id}")
        if session["status"] != "open":
            return session
        flow = self._flows.get("payment_flow", session["payment_flow_id"]) if session["payment_flow_id"] else None
        if flow is not None and flow["status"] in {"succeeded", "requires_capture", "processing"}:
            return self._end(session, "complete", "checkout.session.completed")
        if datetime.fromisoformat(session["expires_at"]) <= datetime.now(UTC):
            return self._end(session, "expired", "checkout.session.expired")
        return session

    def expire(self, session_id: str) -> JSON:
        session = self.get(session_id)
        if session["status"] != "open":
            raise PayjpFailure(400, "invalid_status", f"The current status is {session['status']}.")
        return self._end(session, "expired", "checkout.session.expired")

    def pay(self, session_id: str, method_id: str) -> JSON:
        """The customer pays on the page: the flow, which may wait for 3-D Secure or PayPay."""
        session = self.get(session_id)
        if session["status"] != "open":
            raise PayjpFailure(400, "invalid_status", f"The current status is {session['status']}.")
        if session["payment_flow_id"] is None:
            asked = {**session["_flow"], "amount": session["amount_total"], "currency": "jpy"}
            session["payment_flow_id"] = self._flows.create(asked, checkout=session_id)["id"]
            self._put(session)
        try:
            flow = self._flows.confirm_by_client(session["payment_flow_id"], method_id, str(session["success_url"]))
        except PayjpFailure as refusal:
            if not refusal.worked:
                raise
            return self._flows.get("payment_flow", session["payment_flow_id"])
        self.get(session_id)
        return flow

    def _end(self, session: JSON, status: str, kind: str) -> JSON:
        session.update(status=status, **{"updated_at": stamps()["updated_at"]})
        self._events.payjp_v2(kind, session, session["updated_at"])
        return self._put(session)

    def _put(self, session: JSON) -> JSON:
        self._store.put(session, kind=_KIND)
        return session


def _price(line: Any) -> int:
    data = line.get("price_data") or {}
    amount = data.get("unit_amount")
    if data.get("currency") != "jpy" or not isinstance(amount, int) or not (data.get("product_data") or {}).get("name"):
        raise PayjpFailure(422, "validation_error", param="line_items")
    return amount * int(line.get("quantity") or 0)


def _end(asked: Any) -> datetime:
    now = datetime.now(UTC)
    if asked is None:
        return now + LONGEST
    end = datetime.fromisoformat(str(asked))
    if not now < end <= now + LONGEST:
        raise PayjpFailure(422, "validation_error", param="expires_at")
    return end


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
