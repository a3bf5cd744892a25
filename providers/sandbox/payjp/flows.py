"""PAY.JP v2's objects and how they change: docs.pay.jp/v2/guide/status-management, pages payment-flow-lifecycle,
auth-capture and refund."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from providers.sandbox.payjp.cards import CARDS, Card, card_named
from providers.sandbox.payjp.server import Params, PayjpFailure
from providers.sandbox.store import JSON, Store
from providers.sandbox.webhook_events import WebhookEvents
from providers.sandbox.wire import new_id, shown

PREFIX = "/payjp/v2"
LEAST, MOST = 50, 9_999_999
ADDRESS: JSON = dict.fromkeys(("city", "country", "line1", "line2", "state", "zip"))
OPEN = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


class V2Wire:
    """JSON bodies, a bearer token, problem documents (docs.pay.jp/v2/guide/developers/error-response)."""

    prefix = PREFIX
    has_keys = True

    def __init__(self, key: str) -> None:
        self._key = key

    def authenticates(self, header: str) -> bool:
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "basic":
            value = base64.b64decode(value + "===").decode(errors="replace").partition(":")[0]
        return value == self._key

    def params(self, raw: str) -> JSON:
        if not raw.startswith("{"):
            return dict(parse_qsl(raw))
        try:
            body: JSON = json.loads(raw)
        except ValueError as error:
            raise PayjpFailure(400, "invalid_request") from error
        return body

    def failure(self, failure: PayjpFailure, path: str) -> JSON:
        return {
            "status": failure.status,
            "code": failure.code,
            "title": failure.code.replace("_", " ").title(),
            "detail": failure.message,
            "instance": path,
            "type": "https://docs.pay.jp/v2/errors/" + failure.code.replace("_", "-"),
        }


class Flows:
    """Every method is one transaction of the caller's. Amounts are yen."""

    def __init__(self, store: Store, events: WebhookEvents, public_url: str) -> None:
        self._store = store
        self._events = events
        self._public_url = public_url

    # -- customers and payment methods -------------------------------------------------------------------------------

    def create_customer(self, params: Params) -> JSON:
        customer_id = str(params.get("id") or new_id("cus"))
        if self._store.find("payjp.v2.customer", customer_id):
            raise PayjpFailure(400, "already_exist_id", param="id")
        customer: JSON = {
            "object": "customer",
            "id": customer_id,
            "livemode": False,
            "email": params.get("email"),
            "description": params.get("description"),
            "default_payment_method_id": None,
            "metadata": dict(params.get("metadata") or {}),
            **stamps(),
        }
        return self._put("customer", customer)

    def get(self, kind: str, object_id: str) -> JSON:
        found = self._store.find(f"payjp.v2.{kind}", object_id)
        if found is None:
            raise PayjpFailure(404, "not_found", f"No such {kind}: {object_id}")
        return found

    def method(self, method_id: str) -> JSON:
        """A payment method; one of a test card is made at its first use."""
        found = self._store.find("payjp.v2.payment_method", method_id)
        if found is not None:
            return found
        name, card = card_named(method_id)
        method: JSON = {
            "object": "payment_method",
            "id": method_id,
            "livemode": False,
            "type": "paypay" if card.wallet else "card",
            "customer_id": None,
            "detached_at": None,
            "metadata": {},
            "billing_details": {"address": ADDRESS, "email": None, "name": None, "phone": None},
            **stamps(),
            "_card": name,
        }
        if not card.wallet:
            method["card"] = {
                "brand": card.brand,
                "last4": card.number[-4:],
                "exp_month": 12,
                "exp_year": 2034,
                "fingerprint": name,
                "country": card.country,
                "cvc_check": "passed",
            }
        return self._put("payment_method", method)

    def attach(self, method_id: str, params: Params) -> JSON:
        method = self.method(method_id)
        customer = self.get("customer", str(params.get("customer_id")))
        if method["type"] == "paypay":
            raise PayjpFailure(400, "payment_method_not_attachable")
        if method["customer_id"] not in {None, customer["id"]}:
            raise PayjpFailure(400, "payment_method_already_attached")
        method["customer_id"] = customer["id"]
        return self._put("payment_method", method)

    # -- flows -------------------------------------------------------------------------------------------------------

    def create(self, params: Params, checkout: str | None = None) -> JSON:
        """``checkout``: the session on whose page it is paid."""
        amount = _amount(params.get("amount"), MOST)
        if params.get("currency") != "jpy":
            raise PayjpFailure(422, "validation_error", param="currency")
        if params.get("customer_id"):
            self.get("customer", str(params["customer_id"]))
        flow_id = new_id("pfw")
        flow: JSON = {
            "object": "payment_flow",
            "id": flow_id,
            "livemode": False,
            "amount": amount,
            "currency": "jpy",
            "amount_capturable": 0,
            "amount_received": 0,
            "client_secret": f"{flow_id}_secret_{new_id('x')[2:]}",
            "customer_id": params.get("customer_id"),
            "description": params.get("description"),
            "payment_method_id": None,
            "payment_method_options": params.get("payment_method_options") or {},
            "payment_method_types": params.get("payment_method_types") or ["card", "paypay", "apple_pay"],
            "status": "requires_payment_method",
            "next_action": None,
            "return_url": None,
            "redirect_options": {"method": "get"},
            "capture_method": params.get("capture_method") or "automatic",
            "last_payment_error": None,
            "cancellation_reason": None,
            "canceled_at": None,
            "expired_at": None,
            "metadata": dict(params.get("metadata") or {}),
            **stamps(),
            "_checkout": checkout,
        }
        self._put("payment_flow", flow, parent=flow["customer_id"])
        self._event("payment_flow.created", flow)
        return flow

    def confirm(self, flow_id: str, params: Params) -> JSON:
        """From the server: a card of the flow's customer. From the browser (``client``): any payment method."""
        flow = self.get("payment_flow", flow_id)
        if flow["status"] not in OPEN:
            raise _wrong_status(flow)
        method = self.method(str(params.get("payment_method_id") or flow["payment_method_id"]))
        if method["customer_id"] != flow["customer_id"] or flow["customer_id"] is None:
            raise PayjpFailure(400, "invalid_payment_method", param="payment_method_id")
        return self._use(flow, method, params.get("return_url"))

    def confirm_by_client(self, flow_id: str, method_id: str, return_url: str) -> JSON:
        """The confirmation by PAY.JP's form in the browser, with the client secret."""
        return self._use(self.get("payment_flow", flow_id), self.method(method_id), return_url)

    def _use(self, flow: JSON, method: JSON, return_url: Any) -> JSON:
        card, alone = CARDS[method["_card"]], return_url is None
        if method["type"] not in flow["payment_method_types"]:
            raise PayjpFailure(400, "invalid_payment_method_type")
        flow.update(payment_method_id=method["id"], return_url=return_url, last_payment_error=None, next_action=None)
        refusal = ("authentication_required" if card.challenge else card.later) if alone else None
        if refusal:
            raise self._decline(flow, refusal)
        if card.challenge or card.wallet:
            url = f"{self._public_url}/sandbox/payjp/3ds/{flow['id']}"
            redirect = {"type": "redirect_to_url", "redirect_to_url": {"url": url}}
            flow.update(status="requires_action", next_action=redirect)
            self._save(flow)
            self._event("payment_flow.requires_action", flow)
            return flow
        if card.decline:
            raise self._decline(flow, card.decline)
        return self._pay(flow, card)

    def settle(self, flow_id: str, success: bool) -> JSON:
        """How the customer's 3-D Secure or PayPay ends."""
        flow = self.get("payment_flow", flow_id)
        if flow["status"] != "requires_action":
            raise _wrong_status(flow)
        card = CARDS[self.method(flow["payment_method_id"])["_card"]]
        refusal = card.decline if success else "three_d_secure_failed"
        if refusal:
            self._refuse(flow, refusal)
            return flow
        return self._pay(flow, card)

    def capture(self, flow_id: str, params: Params) -> JSON:
        flow = self.get("payment_flow", flow_id)
        if flow["status"] != "requires_capture":
            raise _wrong_status(flow)
        amount = _amount(params.get("amount_to_capture") or flow["amount_capturable"], flow["amount_capturable"])
        flow.update(status="succeeded", amount_received=amount, amount_capturable=0, expired_at=None)
        self._save(flow)
        self._event("payment_flow.succeeded", flow)
        return flow

    def cancel(self, flow_id: str) -> JSON:
        flow = self.get("payment_flow", flow_id)
        if flow["status"] not in OPEN | {"requires_capture"}:
            raise _wrong_status(flow)
        flow.update(status="canceled", canceled_at=_now(), amount_capturable=0, next_action=None)
        self._save(flow)
        self._event("payment_flow.canceled", flow)
        return flow

    def list_flows(self, params: Params) -> JSON:
        return self._listed("payment_flow", "/v2/payment_flows", params.get("customer_id"), params)

    # -- refunds and disputes ----------------------------------------------------------------------------------------

    def refund(self, params: Params) -> JSON:
        flow = self.get("payment_flow", str(params.get("payment_flow_id")))
        if flow["status"] != "succeeded":
            raise _wrong_status(flow)
        left = flow["amount_received"] - sum(
            refund["amount"] for refund in self._refunds(flow["id"]) if refund["status"] != "failed"
        )
        amount = int(params.get("amount") or left)
        if not 0 < amount <= left:
            raise PayjpFailure(400, "refund_amount_exceeded", param="amount")
        fate = CARDS[self.method(flow["payment_method_id"])["_card"]].refunds
        refund: JSON = {
            "object": "payment_refund",
            "id": new_id("re"),
            "livemode": False,
            "payment_flow_id": flow["id"],
            "amount": amount,
            "status": "succeeded" if fate == "succeeded" else "pending",
            "reason": params.get("reason"),
            "metadata": dict(params.get("metadata") or {}),
            **stamps(),
        }
        self._put("payment_refund", refund, parent=flow["id"])
        self._event("refund.created", refund)
        if fate == "failed":
            self.settle_refund(refund["id"], success=False)
        return refund

    def settle_refund(self, refund_id: str, success: bool) -> JSON:
        refund = self.get("payment_refund", refund_id)
        if refund["status"] != "pending":
            raise PayjpFailure(400, "invalid_status")
        refund.update(status="succeeded" if success else "failed", updated_at=_now())
        self._put("payment_refund", refund)
        self._event("refund.updated" if success else "refund.failed", refund)
        return refund

    def list_refunds(self, flow_id: str, params: Params) -> JSON:
        return self._listed("payment_refund", f"/v2/payment_flows/{flow_id}/refunds", flow_id, params)

    def open_dispute(self, flow_id: str, amount: int | None) -> JSON:
        flow = self.get("payment_flow", flow_id)
        if flow["status"] != "succeeded":
            raise _wrong_status(flow)
        dispute: JSON = {
            "object": "payment_dispute",
            "id": new_id("dp"),
            "livemode": False,
            "payment_flow_id": flow["id"],
            "amount": amount or flow["amount_received"],
            "currency": "jpy",
            "status": "needs_response",
            "reason": "fraudulent",
            "due_by": _after(timedelta(days=7)),
            "payment_method_type": "card",
            "metadata": {},
            **stamps(),
        }
        self._put("payment_dispute", dispute, parent=flow["id"])
        self._event("payment_dispute.created", dispute)
        return dispute

    def close_dispute(self, dispute_id: str, won: bool) -> JSON:
        dispute = self.get("payment_dispute", dispute_id)
        dispute.update(status="cancel" if won else "lost", updated_at=_now())
        self._put("payment_dispute", dispute)
        self._event("payment_dispute.updated", dispute)
        return dispute

    def list_disputes(self, params: Params) -> JSON:
        return self._listed("payment_dispute", "/v2/payment_disputes", params.get("payment_flow_id"), params)

    # -- shared ------------------------------------------------------------------------------------------------------

    def _pay(self, flow: JSON, card: Card) -> JSON:
        if flow["capture_method"] == "manual":
            asked = (flow["payment_method_options"].get("card") or {}).get("request_extended_authorization")
            days = 30 if asked == "if_available" and card.country == "JP" else 7
            expires = _after(timedelta(days=days))
            flow.update(status="requires_capture", amount_capturable=flow["amount"], expired_at=expires)
            kind = "payment_flow.amount_capturable_updated"
        else:
            flow.update(status="succeeded", amount_received=flow["amount"])
            kind = "payment_flow.succeeded"
        flow["next_action"] = None
        self._save(flow)
        self._event(kind, flow)
        return flow

    def _decline(self, flow: JSON, code: str) -> PayjpFailure:
        self._refuse(flow, code)
        return PayjpFailure(402, code, "The card was refused.", worked=True)

    def _refuse(self, flow: JSON, code: str) -> None:
        error = {"code": code, "message": "The card was refused."}
        flow.update(status="requires_payment_method", next_action=None, last_payment_error=error)
        self._save(flow)
        self._event("payment_flow.payment_failed", flow)

    def _refunds(self, flow_id: str) -> list[JSON]:
        return self._store.list_objects("payjp.v2.payment_refund", flow_id)

    def _listed(self, kind: str, url: str, parent: str | None, params: Params) -> JSON:
        """Newest first; the next page is after the last one's id."""
        limit, before = int(params.get("limit") or 10), params.get("starting_after")
        found = self._store.list_objects(f"payjp.v2.{kind}", parent, before, limit + 1)
        data = [shown(item) for item in found[:limit]]
        return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}

    def _save(self, flow: JSON) -> None:
        flow["updated_at"] = _now()
        self._put("payment_flow", flow)

    def _put(self, kind: str, body: JSON, parent: str | None = None) -> JSON:
        self._store.put(body, parent, kind=f"payjp.v2.{kind}")
        return body

    def _event(self, kind: str, subject: JSON) -> None:
        self._events.payjp_v2(kind, subject, _now())


def _amount(value: Any, most: int) -> int:
    if not isinstance(value, int) or not LEAST <= value <= most:
        raise PayjpFailure(422, "validation_error", param="amount")
    return value


def _wrong_status(flow: JSON) -> PayjpFailure:
    return PayjpFailure(400, "invalid_status", f"The current status is {flow['status']}.")


def stamps() -> JSON:
    """The times of a new object."""
    return {"created_at": _now(), "updated_at": _now()}


def _now() -> str:
    return _after(timedelta())


def _after(pause: timedelta) -> str:
    return (datetime.now(UTC).replace(microsecond=0) + pause).isoformat().replace("+00:00", "Z")
