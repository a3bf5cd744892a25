"""PAY.JP v1's objects and how they change: pay.jp/docs/api, pay.jp/docs/authcapture, pay.jp/docs/charge-tds."""

import base64
import re
import time
from typing import Any
from urllib.parse import parse_qs

import jwt

from providers.sandbox.payjp.cards import CARDS, Card, card_named
from providers.sandbox.payjp.server import Params, PayjpFailure
from providers.sandbox.store import JSON, Store
from providers.sandbox.webhook_events import WebhookEvents
from providers.sandbox.wire import StripeFailure, new_id, parse_form

PREFIX = "/payjp/v1"
LEAST, MOST = 50, 9_999_999
AUTHENTICATION_SECONDS = 30 * 60
MOST_METADATA = 20


class V1Wire:
    """Forms, basic authentication, ``{"error": …}`` (pay.jp/docs/api, "エラー"); no idempotency keys."""

    prefix = PREFIX
    has_keys = False

    def __init__(self, key: str) -> None:
        self._key = key

    def authenticates(self, header: str) -> bool:
        scheme, _, value = header.partition(" ")
        given = base64.b64decode(value + "===").decode(errors="replace").partition(":")[0]
        return scheme.lower() == "basic" and given == self._key

    def params(self, raw: str) -> JSON:
        try:
            return parse_form(raw)
        except StripeFailure as failure:
            raise PayjpFailure(400, "invalid_querystring") from failure

    def failure(self, failure: PayjpFailure, path: str) -> JSON:
        kind = {401: "auth_error", 402: "card_error", 500: "server_error"}.get(failure.status, "client_error")
        error = {"type": kind, "code": failure.code, "message": failure.message, "status": failure.status}
        return {"error": error | ({"param": failure.param} if failure.param else {})}


class Charges:
    """Every method is one transaction of the caller's. Amounts are yen."""

    def __init__(self, store: Store, events: WebhookEvents, key: str) -> None:
        self._store = store
        self._events = events
        self._key = key

    # -- customers and cards -----------------------------------------------------------------------------------------

    def create_customer(self, params: Params) -> JSON:
        customer_id = str(params.get("id") or new_id("cus"))
        if self._store.find("payjp.v1.customer", customer_id):
            raise PayjpFailure(400, "already_exist_id", param="id")
        customer: JSON = {
            "object": "customer",
            "id": customer_id,
            "livemode": False,
            "created": int(time.time()),
            "default_card": None,
            "description": params.get("description"),
            "email": params.get("email"),
            "metadata": _metadata({}, params),
        }
        return self._put("customer", customer)

    def update_customer(self, customer_id: str, params: Params) -> JSON:
        customer = self.get("customer", customer_id)
        customer["metadata"] = _metadata(customer["metadata"], params)
        return self._put("customer", customer)

    def get(self, kind: str, object_id: str) -> JSON:
        found = self._store.find(f"payjp.v1.{kind}", object_id)
        if found is None:
            raise PayjpFailure(404, "not_found", f"No such {kind}: {object_id}")
        return found

    def token(self, token_id: str) -> JSON:
        """A card's token; a token of a test card is made at its first use."""
        found = self._store.find("payjp.v1.token", token_id)
        if found is not None:
            return found
        name, card = card_named(token_id)
        if card.wallet:
            raise PayjpFailure(404, "not_found")
        token: JSON = {
            "object": "token",
            "id": token_id,
            "livemode": False,
            "created": int(time.time()),
            "used": False,
            "card": _card_shown(name, card),
        }
        return self._put("token", token)

    def add_card(self, customer_id: str, params: Params) -> JSON:
        self.get("customer", customer_id)
        token = self.token(str(params.get("card")))
        if token["used"]:
            raise PayjpFailure(400, "token_already_used", param="card")
        if any(card["fingerprint"] == token["card"]["fingerprint"] for card in self._cards(customer_id)):
            raise PayjpFailure(400, "already_have_the_same_card", param="card")
        self._put("token", {**token, "used": True})
        card = {**token["card"], "customer": customer_id}
        return self._put("card", card, parent=customer_id)

    def list_cards(self, customer_id: str) -> JSON:
        self.get("customer", customer_id)
        return _listed(f"/v1/customers/{customer_id}/cards", self._cards(customer_id))

    # -- charges -----------------------------------------------------------------------------------------------------

    def create(self, params: Params) -> JSON:
        amount = _amount(params, "amount")
        if params.get("currency") != "jpy":
            raise PayjpFailure(400, "invalid_currency", param="currency")
        card = self._card_of(params)
        days = int(params.get("expiry_days") or 7)
        if not 1 <= days <= 60:
            raise PayjpFailure(400, "invalid_expiry_days", param="expiry_days")
        waits = params.get("three_d_secure") == "true"
        charge: JSON = {
            "object": "charge",
            "id": new_id("ch"),
            "livemode": False,
            "created": int(time.time()),
            "amount": amount,
            "currency": "jpy",
            "paid": False,
            "captured": False,
            "captured_at": None,
            "expired_at": None,
            "card": {name: value for name, value in card.items() if not name.startswith("_")},
            "customer": params.get("customer"),
            "description": params.get("description"),
            "failure_code": None,
            "failure_message": None,
            "refunded": False,
            "amount_refunded": 0,
            "refund_reason": None,
            "subscription": None,
            "metadata": _metadata({}, params),
            "fee_rate": "3.00",
            "three_d_secure_status": "unverified" if waits else None,
            "_card": card["_card"],
            "_capture": params.get("capture", "true") == "true",
            "_days": days,
        }
        self._put("charge", charge, parent=charge["customer"])
        return charge if waits else self._pay(charge, alone=True)

    def update(self, charge_id: str, params: Params) -> JSON:
        charge = self.get("charge", charge_id)
        charge["metadata"] = _metadata(charge["metadata"], params)
        return self._put("charge", charge)

    def list_charges(self, params: Params) -> JSON:
        limit, offset = int(params.get("limit") or 10), int(params.get("offset") or 0)
        found = self._store.list_objects("payjp.v1.charge", params.get("customer"), limit=offset + limit + 1)
        return _listed("/v1/charges", found[offset : offset + limit], has_more=len(found) > offset + limit)

    def capture(self, charge_id: str, params: Params) -> JSON:
        """The amount that is not captured is released and counts as refunded."""
        charge = self.get("charge", charge_id)
        if charge["captured"]:
            raise PayjpFailure(400, "already_captured")
        if charge["refunded"]:
            raise PayjpFailure(400, "cant_capture_refunded_charge")
        if not charge["paid"]:
            raise PayjpFailure(400, "operation_not_allowed_on_no_authorized_charge")
        amount = _amount(params, "amount") if "amount" in params else charge["amount"]
        if amount > charge["amount"]:
            raise PayjpFailure(400, "capture_amount_gt_net", param="amount")
        charge.update(captured=True, captured_at=int(time.time()), amount_refunded=charge["amount"] - amount)
        self._put("charge", charge)
        self._events.payjp_v1("charge.captured", charge)
        return charge

    def refund(self, charge_id: str, params: Params) -> JSON:
        """Of a captured charge all or a part; of an authorized one all, which releases it."""
        charge = self.get("charge", charge_id)
        if charge["refunded"]:
            raise PayjpFailure(400, "already_refunded")
        if not charge["paid"]:
            raise PayjpFailure(400, "operation_not_allowed_on_no_authorized_charge")
        left = charge["amount"] - charge["amount_refunded"]
        amount = int(params.get("amount") or left)
        if not charge["captured"] and amount != left:
            raise PayjpFailure(400, "invalid_amount_to_not_captured", param="amount")
        if not 0 < amount <= left:
            raise PayjpFailure(400, "refund_amount_gt_net", param="amount")
        charge["amount_refunded"] += amount
        charge.update(refunded=amount == left, refund_reason=params.get("refund_reason"))
        self._put("charge", charge)
        self._events.payjp_v1("charge.refunded", charge)
        return charge

    # -- 3-D Secure --------------------------------------------------------------------------------------------------

    def start(self, charge_id: str, query: str) -> tuple[JSON, str | None]:
        """3-D Secure starts in the customer's browser. Returns the return URL where the bank asks nothing."""
        charge = self.get("charge", charge_id)
        asked = parse_qs(query)
        try:
            back = jwt.decode(asked["back_url"][0], self._key, algorithms=["HS256"])["url"]
        except (KeyError, jwt.InvalidTokenError) as error:
            raise PayjpFailure(400, "invalid_back_url") from error
        if not asked.get("publickey"):
            raise PayjpFailure(400, "invalid_api_key")
        self._expect_waiting(charge)
        charge["_return_url"] = str(back)
        if CARDS[charge["_card"]].challenge:
            return self._put("charge", charge), None
        charge["three_d_secure_status"] = "attempted"
        return self._put("charge", charge), str(back)

    def settle(self, charge_id: str, success: bool) -> JSON:
        """The customer's answer to the bank."""
        charge = self.get("charge", charge_id)
        self._expect_waiting(charge)
        charge["three_d_secure_status"] = "verified" if success else "failed"
        return self._put("charge", charge)

    def finish(self, charge_id: str) -> JSON:
        """Charge the card: that happens only now."""
        charge = self.get("charge", charge_id)
        status = charge["three_d_secure_status"]
        if charge["paid"] or charge["failure_code"] or status is None:
            raise PayjpFailure(400, "not_in_three_d_secure_flow")
        if status == "unverified":
            raise PayjpFailure(400, "three_d_secure_incompleted")
        if status not in {"verified", "attempted"}:
            raise PayjpFailure(400, "three_d_secure_failed")
        return self._pay(charge, alone=False)

    def _expect_waiting(self, charge: JSON) -> None:
        is_late = time.time() - charge["created"] > AUTHENTICATION_SECONDS
        if charge["three_d_secure_status"] != "unverified" or is_late:
            raise PayjpFailure(400, "not_in_three_d_secure_flow")

    # -- shared ------------------------------------------------------------------------------------------------------

    def _pay(self, charge: JSON, *, alone: bool) -> JSON:
        card = CARDS[charge["_card"]]
        refusal = card.decline or (card.later if alone else None)
        if refusal:
            charge.update(failure_code=refusal, failure_message="The card was refused.")
            self._put("charge", charge)
            self._events.payjp_v1("charge.failed", charge)
            raise PayjpFailure(402, refusal, "The card was refused.", worked=True)
        now = int(time.time())
        charge["paid"] = True
        if charge["_capture"]:
            charge.update(captured=True, captured_at=now)
        else:
            charge["expired_at"] = now + charge["_days"] * 86400
        self._put("charge", charge)
        self._events.payjp_v1("charge.succeeded", charge)
        return charge

    def _card_of(self, params: Params) -> JSON:
        """A card of the customer, or a token that the charge uses up."""
        name, customer = str(params.get("card") or ""), params.get("customer")
        if not customer:
            token = self.token(name)
            if token["used"]:
                raise PayjpFailure(400, "token_already_used", param="card")
            self._put("token", {**token, "used": True})
            return dict(token["card"])
        cards = self._cards(str(self.get("customer", str(customer))["id"]))
        found = next((card for card in cards if card["id"] == name or not name), None)
        if found is None:
            raise PayjpFailure(400, "not_customer_card" if name else "missing_card", param="card")
        return found

    def _cards(self, customer_id: str) -> list[JSON]:
        return self._store.list_objects("payjp.v1.card", customer_id)

    def _put(self, kind: str, body: JSON, parent: str | None = None) -> JSON:
        self._store.put(body, parent, kind=f"payjp.v1.{kind}")
        return body


def _card_shown(name: str, card: Card) -> JSON:
    return {
        "object": "card",
        "id": new_id("car"),
        "livemode": False,
        "created": int(time.time()),
        "brand": card.brand,
        "country": card.country,
        "customer": None,
        "cvc_check": "passed",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"print-{name}",
        "last4": card.number[-4:],
        "metadata": {},
        "name": None,
        "three_d_secure_status": None,
        "_card": name,
    }


def _metadata(known: JSON, params: Params) -> JSON:
    """At most 20 names; a name that is given again is replaced (pay.jp/docs/api, "メタデータ")."""
    given: Any = params.get("metadata") or {}
    merged = {**known, **{str(name): str(value) for name, value in given.items()}}
    if len(merged) > MOST_METADATA:
        raise PayjpFailure(400, "too_many_metadata_keys", param="metadata")
    if any(len(name) > 40 or len(value) > 500 for name, value in merged.items()):
        raise PayjpFailure(400, "invalid_metadata_value", param="metadata")
    return merged


def _amount(params: Params, name: str) -> int:
    value = str(params.get(name) or "")
    if not re.fullmatch(r"[0-9]{1,10}", value) or not LEAST <= int(value) <= MOST:
        raise PayjpFailure(400, "invalid_amount", param=name)
    return int(value)


def _listed(url: str, items: list[JSON], has_more: bool = False) -> JSON:
    data = [{name: value for name, value in item.items() if not name.startswith("_")} for item in items]
    return {"object": "list", "url": url, "has_more": has_more, "count": len(data), "data": data}
