"""Payment intents and their charges: Stripe's state machine (docs.stripe.com/payments/paymentintents/lifecycle)."""

import time
from collections.abc import Mapping
from typing import Any

from providers.sandbox import konbini
from providers.sandbox.cards import NUMBERS, PAYMENT_METHODS, Card, Outcome, decline_message
from providers.sandbox.customers import Customers
from providers.sandbox.disputes import open_dispute
from providers.sandbox.konbini import KonbiniClock
from providers.sandbox.store import JSON, Store
from providers.sandbox.webhook_events import WebhookEvents
from providers.sandbox.wire import (
    StripeFailure,
    error_body,
    integer,
    metadata,
    missing,
    new_id,
    required,
    shown,
)

#: Stripe's least charge per currency, in minor units (docs.stripe.com/currencies, "Minimum charge amounts").
MINIMUM = {"jpy": 50, "usd": 50, "eur": 50, "gbp": 30, "aud": 50, "sgd": 50, "hkd": 400, "krw": 500, "twd": 1500}
MAXIMUM = 99_999_999

CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
CANCELABLE = CONFIRMABLE | {"requires_capture"}

Answer = tuple[int, JSON]


class Intents:
    """Every method is one transaction of the caller's. Amounts are minor units."""

    def __init__(
        self, store: Store, events: WebhookEvents, customers: Customers, public_url: str, clock: KonbiniClock
    ) -> None:
        self._store = store
        self._customers = customers
        self._events = events
        self._public_url = public_url
        self._clock = clock

    def get(self, intent_id: str, param: str = "intent") -> JSON:
        intent = self._store.find("payment_intent", intent_id)
        if intent is None:
            raise missing("payment_intent", intent_id, param)
        if konbini.is_over(intent, self._clock.now()):
            self._give_up(intent)
        return intent

    def create(self, params: Mapping[str, Any]) -> Answer:
        if "payment_method_types" in params:
            message = "payment_method_types is no longer supported; use allowed_payment_method_types."
            code = "payment_method_types_no_longer_supported"
            raise StripeFailure(400, message, code=code, param="payment_method_types", is_stored=False)
        required(params, "amount")
        amount, currency = integer(params, "amount") or 0, required(params, "currency").lower()
        _check_amount(amount, currency)
        if "off_session" in params and params.get("confirm") != "true":
            message = "off_session can only be used when confirm is true."
            raise StripeFailure(400, message, param="off_session", is_stored=False)
        if params.get("customer"):
            self._customers.get(str(params["customer"]))
        capture = str(params.get("capture_method", "automatic_async"))
        if capture not in {"automatic", "automatic_async", "manual"}:
            raise StripeFailure(400, "Invalid capture_method", param="capture_method", is_stored=False)
        intent = _new_intent(amount, currency, capture, params)
        self._save(intent)
        self._events.stripe("payment_intent.created", intent)
        if params.get("confirm") == "true":
            return self.confirm(intent["id"], params)
        return 200, intent

    def confirm(self, intent_id: str, params: Mapping[str, Any]) -> Answer:
        intent = self.get(intent_id)
        self._expect(intent, CONFIRMABLE, "confirm")
        self._let_voucher_end(intent)
        if konbini.is_asked(params):
            return self._issue_voucher(intent, params)
        method = _method_of(params) or intent["payment_method"]
        if method is None:
            message = "You cannot confirm this PaymentIntent because it's missing a payment method."
            raise self._unexpected(intent, message)
        method, name = self._customers.use(method, intent)
        card, alone = PAYMENT_METHODS[name], params.get("off_session") == "true"
        intent.update(payment_method=method, last_payment_error=None, next_action=None, _method=name, _alone=alone)
        if alone and card.off_session:
            return self._decline(intent, card, card.off_session)
        match card.outcome:
            case Outcome.DECLINE:
                return self._decline(intent, card)
            case Outcome.ACTION:
                return self._ask_customer(intent, params.get("return_url"))
            case Outcome.PROCESS:
                intent["status"] = "processing"
                self._save(intent)
                self._events.stripe("payment_intent.processing", intent)
            case _:
                self._pay(intent, card)
        return 200, intent

    def settle(self, intent_id: str, success: bool) -> Answer:
        """End a customer's 3-D Secure or a slow payment; called by a button or a test."""
        intent = self.get(intent_id)
        self._expect(intent, frozenset({"requires_action", "processing"}), "settle")
        card = PAYMENT_METHODS[intent["_method"]]
        waited = intent["status"]
        intent["next_action"] = None
        if success and card.decline is None:
            self._pay(intent, card)
        elif success:
            self._decline(intent, card)
        elif waited == "processing":
            self._refuse(intent, _error("card_error", "card_declined", "generic_decline"))
        else:
            code = "payment_intent_authentication_failure"
            error = {"type": "card_error", "code": code, "message": "The customer could not be authenticated."}
            self._refuse(intent, error)
        return 200, intent

    def cancel(self, intent_id: str, params: Mapping[str, Any]) -> Answer:
        intent = self.get(intent_id)
        self._expect(intent, CANCELABLE, "cancel")
        self._let_voucher_end(intent)
        intent.update(
            status="canceled",
            canceled_at=int(time.time()),
            cancellation_reason=params.get("cancellation_reason"),
            amount_capturable=0,
            next_action=None,
        )
        self._save(intent)
        self._events.stripe("payment_intent.canceled", intent)
        return 200, intent

    def capture(self, intent_id: str, params: Mapping[str, Any]) -> Answer:
        """Capture some or all of an authorization. The rest is released, which is no refund."""
        intent = self.get(intent_id)
        self._expect(intent, frozenset({"requires_capture"}), "capture")
        given = integer(params, "amount_to_capture")
        amount = intent["amount_capturable"] if given is None else given
        if amount < 1 or amount > intent["amount_capturable"]:
            message = (
                f"The amount_to_capture must be between 1 and the amount_capturable {intent['amount_capturable']}."
            )
            code = "amount_too_small" if amount < 1 else "amount_too_large"
            raise StripeFailure(400, message, code=code, param="amount_to_capture")
        charge = self._store.find("charge", intent["latest_charge"])
        if charge is None:
            raise missing("charge", str(intent["latest_charge"]))
        charge.update(captured=True, amount_captured=amount)
        self._store.put(charge)
        intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
        self._save(intent)
        self._events.stripe("charge.captured", charge)
        self._events.stripe("payment_intent.succeeded", intent)
        return 200, intent

    def _pay(self, intent: JSON, card: Card) -> None:
        manual = intent["capture_method"] == "manual"
        charge = self._charge(intent, card, captured=not manual)
        if manual:
            intent.update(status="requires_capture", amount_capturable=intent["amount"])
        else:
            intent.update(status="succeeded", amount_received=intent["amount"])
        self._save(intent)
        self._events.stripe("charge.succeeded", charge)
        kind = "payment_intent.amount_capturable_updated" if manual else "payment_intent.succeeded"
        self._events.stripe(kind, intent)
        if card.dispute and not manual:
            open_dispute(self._store, self._events, charge, card.dispute, inquiry=card.inquiry)

    def _decline(self, intent: JSON, card: Card, decline: tuple[str, str] | None = None) -> Answer:
        code, decline_code = decline or card.decline or ("card_declined", "generic_decline")
        charge = self._charge(intent, card, captured=False, failure=(code, decline_code))
        error = _error("card_error", code, decline_code) | {"charge": charge["id"]}
        self._refuse(intent, error)
        self._events.stripe("charge.failed", charge)
        return 402, error_body(
            "card_error",
            str(error["message"]),
            code=code,
            decline_code=decline_code,
            charge=charge["id"],
            payment_intent=shown(intent),
        )

    def _refuse(self, intent: JSON, error: JSON) -> None:
        intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
        self._save(intent)
        self._events.stripe("payment_intent.payment_failed", intent)

    def _ask_customer(self, intent: JSON, return_url: Any) -> Answer:
        url = f"{self._public_url}/sandbox/3ds/{intent['id']}"
        redirect = {"url": url, "return_url": return_url}
        intent.update(
            status="requires_action",
            next_action={"type": "redirect_to_url", "redirect_to_url": redirect},
            _return_url=return_url,
        )
        self._save(intent)
        self._events.stripe("payment_intent.requires_action", intent)
        return 200, intent

    def _charge(self, intent: JSON, card: Card, *, captured: bool, failure: tuple[str, str] | None = None) -> JSON:
        charge: JSON = {
            "id": new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if captured else 0,
            "amount_refunded": 0,
            "balance_transaction": new_id("txn") if captured else None,
            "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
            "captured": captured,
            "created": int(time.time()),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_code": failure[0] if failure else None,
            "failure_message": decline_message(*failure) if failure else None,
            "livemode": False,
            "metadata": intent["metadata"],
            "outcome": _outcome(failure),
            "paid": failure is None,
            "payment_intent": intent["id"],
            "payment_method": intent["payment_method"],
            "payment_method_details": konbini.method_details()
            if card is PAYMENT_METHODS["pm_sandbox_konbini"]
            else {"type": "card", "card": _card_shown(card) | _limit(intent, card)},
            "receipt_url": None,
            "refunded": False,
            "status": "failed" if failure else "succeeded",
            "_method": intent["_method"],
        }
        self._store.put(charge, parent=intent["id"])
        intent["latest_charge"] = charge["id"]
        return charge

    # -- vouchers ----------------------------------------------------------------------------------------------------

    def pay_voucher(self, intent_id: str) -> Answer:
        """The customer pays at the store."""
        intent = self.get(intent_id)
        if not konbini.can_be_paid(intent, self._clock.now()):
            raise self._unexpected(intent, "This voucher cannot be paid any more.")
        intent["next_action"] = None
        self._pay(intent, PAYMENT_METHODS["pm_sandbox_konbini"])
        return 200, intent

    def print_slip(self, intent_id: str) -> Answer:
        """The customer stands at the till with a slip: the payment cannot be stopped."""
        intent = self.get(intent_id)
        if not konbini.can_be_paid(intent, self._clock.now()):
            raise self._unexpected(intent, "This voucher cannot be paid any more.")
        intent["_konbini"]["slip"] = True
        self._save(intent)
        return 200, intent

    def expire_voucher(self, intent_id: str) -> Answer:
        """Stripe gives the voucher up, an hour after its end."""
        intent = self.get(intent_id)
        if konbini.is_open(intent):
            self._give_up(intent)
        return 200, intent

    def _issue_voucher(self, intent: JSON, params: Mapping[str, Any]) -> Answer:
        konbini.issue(intent, params, self._clock.now(), self._public_url)
        self._save(intent)
        self._events.stripe("payment_intent.requires_action", intent)
        if konbini.PAYS_AT_ONCE in intent["_konbini"]["email"]:
            self._pay(dict(intent, next_action=None), PAYMENT_METHODS["pm_sandbox_konbini"])
        elif konbini.EXPIRES_AT_ONCE in intent["_konbini"]["email"]:
            self._give_up(dict(intent))
        return 200, intent

    def _let_voucher_end(self, intent: JSON) -> None:
        """A confirmation with something else, or a cancellation, ends the voucher, unless it is being paid."""
        if konbini.is_open(intent) and intent["_konbini"]["slip"]:
            message = "The Konbini payment cannot be canceled because the customer is paying it."
            raise StripeFailure(400, message, code="payment_intent_konbini_in_progress", intent=shown(intent))

    def _give_up(self, intent: JSON) -> None:
        code = "payment_intent_payment_attempt_expired"
        intent["next_action"] = None
        self._refuse(intent, {"type": "invalid_request_error", "code": code, "message": "The voucher has expired."})

    def _save(self, intent: JSON) -> None:
        self._store.put(intent, parent=intent["id"])

    def _expect(self, intent: JSON, allowed: frozenset[str], verb: str) -> None:
        if intent["status"] not in allowed:
            raise self._unexpected(
                intent, f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
            )

    def _unexpected(self, intent: JSON, message: str) -> StripeFailure:
        return StripeFailure(400, message, code="payment_intent_unexpected_state", intent=shown(intent))


def _new_intent(amount: int, currency: str, capture: str, params: Mapping[str, Any]) -> JSON:
    intent_id = new_id("pi")
    method = _method_of(params)
    return {
        "id": intent_id,
        "object": "payment_intent",
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": capture,
        "client_secret": f"{intent_id}_secret_{new_id('x')[2:]}",
        "confirmation_method": "automatic",
        "created": int(time.time()),
        "currency": currency,
        "customer": params.get("customer"),
        "description": params.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": metadata(params),
        "next_action": None,
        "payment_method": method,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "setup_future_usage": params.get("setup_future_usage"),
        "shipping": None,
        "status": "requires_confirmation" if method else "requires_payment_method",
    }


def _check_amount(amount: int, currency: str) -> None:
    least = MINIMUM.get(currency)
    if least is None:
        raise StripeFailure(400, f"Invalid currency: {currency}", param="currency", is_stored=False)
    if amount < least:
        message = f"Amount must be at least {least} {currency}"
        raise StripeFailure(400, message, code="amount_too_small", param="amount", is_stored=False)
    if amount > MAXIMUM:
        message = f"Amount must be no more than {MAXIMUM} {currency}"
        raise StripeFailure(400, message, code="amount_too_large", param="amount", is_stored=False)


def _method_of(params: Mapping[str, Any]) -> str | None:
    """A named payment method, or the one of a test card number."""
    named = params.get("payment_method")
    if named:
        return str(named)
    card = (params.get("payment_method_data") or {}).get("card") or {}
    number = str(card.get("number") or "").replace(" ", "")
    if not number:
        return None
    if number not in NUMBERS:
        raise StripeFailure(402, "Your card number is incorrect.", code="incorrect_number", kind="card_error")
    return NUMBERS[number]


def _error(kind: str, code: str, decline_code: str) -> JSON:
    message = decline_message(code, decline_code)
    return {"type": kind, "code": code, "decline_code": decline_code, "message": message}


def _outcome(failure: tuple[str, str] | None) -> JSON:
    if failure is None:
        return {"network_status": "approved_by_network", "risk_level": "normal", "type": "authorized"}
    return {"network_status": "declined_by_network", "reason": failure[1], "type": "issuer_declined"}


def _limit(intent: JSON, card: Card) -> JSON:
    """Until when it must be captured (Stripe, "Place a hold on a payment method")."""
    if intent["capture_method"] != "manual":
        return {}
    lasts = 4 * 86400 + 18 * 3600 if intent.get("_alone") and card.brand == "visa" else 7 * 86400
    return {"capture_before": int(time.time()) + lasts}


def _card_shown(card: Card) -> JSON:
    return {"brand": card.brand, "last4": card.number[-4:], "exp_month": 12, "exp_year": 2034, "country": "JP"}
