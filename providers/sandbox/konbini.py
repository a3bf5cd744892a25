"""Konbini: a payment with cash at a convenience store (docs.stripe.com/payments/konbini/accept-a-payment).

The confirmation makes a voucher with codes for four chains. Until its last second it can be paid; a slip that the
store's machine printed in time can be paid at the till after that too, and while it is out nothing can be cancelled.
About an hour after the end Stripe reports the failure. Unlike Stripe's test mode, a voucher is paid when a button or a
test says so, and not by itself after three minutes.
"""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from providers.sandbox.store import JSON
from providers.sandbox.wire import StripeFailure, integer, required

LEAST, MOST = 120, 300_000
STORES = ("familymart", "lawson", "ministop", "seicomart")
SOONEST, LATEST = 30 * 60, 60 * 86400
#: Stripe reports an unpaid voucher "typically about an hour after its expiration deadline".
BUFFER = 3600
DAY = 86400
JAPAN = 9 * 3600
#: E-mail addresses of Stripe's documentation that decide what happens ("Test the integration").
PAYS_AT_ONCE, EXPIRES_AT_ONCE = "succeed_immediately", "expire_immediately"


class KonbiniClock:
    """Real time, moved by ``ahead`` seconds, so that tests need not wait for the end of a day."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return int(time.time()) + self.ahead


def is_asked(params: Mapping[str, Any]) -> bool:
    """Whether a confirmation asks for a voucher."""
    return bool((params.get("payment_method_data") or {}).get("type") == "konbini")


def issue(intent: JSON, params: Mapping[str, Any], now: int, public_url: str) -> None:
    """Make the voucher of ``intent``; an earlier one ends with that."""
    _check(intent, params)
    details = params["payment_method_data"].get("billing_details") or {}
    name, email = required(details, "name"), required(details, "email")
    options = (params.get("payment_method_options") or {}).get("konbini") or {}
    expires_at = _end(options, now)
    if EXPIRES_AT_ONCE in email:
        expires_at = now
    number = str(options.get("confirmation_number") or _digits(11))
    if not set(number) - {"0"}:
        raise StripeFailure(400, "The confirmation number is invalid.", param="payment_method_options[konbini]")
    stores = {store: {"confirmation_number": number, "payment_code": _digits(6)} for store in STORES}
    intent.update(
        status="requires_action",
        payment_method=None,
        payment_method_types=["konbini"],
        payment_method_options={
            "konbini": {
                "confirmation_number": options.get("confirmation_number"),
                "expires_after_days": integer(options, "expires_after_days"),
                "expires_at": integer(options, "expires_at"),
                "product_description": options.get("product_description"),
            }
        },
        last_payment_error=None,
        next_action={
            "type": "konbini_display_details",
            "konbini_display_details": {
                "expires_at": expires_at,
                "hosted_voucher_url": f"{public_url}/sandbox/konbini/{intent['id']}",
                "stores": stores,
            },
        },
        _method="pm_sandbox_konbini",
        _alone=False,
        _konbini={"email": email, "name": name, "expires_at": expires_at, "slip": False},
    )


def is_open(intent: JSON) -> bool:
    """Whether the intent waits for the payment of its voucher."""
    action = intent.get("next_action") or {}
    return bool(intent["status"] == "requires_action" and action.get("type") == "konbini_display_details")


def can_be_paid(intent: JSON, now: int) -> bool:
    """Until the last second, and with a slip that was printed before it."""
    return is_open(intent) and (now <= intent["_konbini"]["expires_at"] or intent["_konbini"]["slip"])


def is_over(intent: JSON, now: int) -> bool:
    """Whether Stripe has given up an unpaid voucher."""
    return is_open(intent) and now > intent["_konbini"]["expires_at"] + BUFFER


def method_details() -> JSON:
    """``payment_method_details`` of the charge."""
    return {"type": "konbini", "konbini": {"store": {"chain": "familymart"}}}


def account_asked(intent: JSON, now: int) -> JSON:
    """The fields of a refund that waits for the customer's bank account: 45 days, then it fails."""
    sent = {"email_sent_at": now, "email_sent_to": intent["_konbini"]["email"]}
    details = {"email_sent": sent, "expires_at": now + 45 * DAY}
    return {
        "instructions_email": intent["_konbini"]["email"],
        "next_action": {"type": "display_details", "display_details": details},
    }


def _check(intent: JSON, params: Mapping[str, Any]) -> None:
    allowed = params.get("allowed_payment_method_types") or intent["allowed_payment_method_types"] or []
    if "konbini" not in allowed:
        message = "The PaymentMethod provided (konbini) is not allowed for this PaymentIntent."
        raise StripeFailure(400, message, code="payment_intent_incompatible_payment_method")
    if intent["currency"] != "jpy" or intent["capture_method"] == "manual":
        raise StripeFailure(400, "konbini needs jpy and no manual capture.", param="payment_method_data[type]")
    if not LEAST <= intent["amount"] <= MOST:
        code = "amount_too_small" if intent["amount"] < LEAST else "amount_too_large"
        raise StripeFailure(400, f"Amount must be between {LEAST} and {MOST} jpy for konbini.", code=code)


def _end(options: Mapping[str, Any], now: int) -> int:
    asked, days = integer(options, "expires_at"), integer(options, "expires_after_days")
    if asked is not None and days is not None:
        raise StripeFailure(400, "Only one of expires_after_days or expires_at may be set.")
    if asked is None:
        midnight = (now + JAPAN) // DAY * DAY - JAPAN
        return midnight + ((3 if days is None else days) + 1) * DAY - 1
    if not SOONEST <= asked - now <= LATEST:
        message = "expires_at must be more than 30 minutes and less than 60 days ahead."
        raise StripeFailure(400, message, param="payment_method_options[konbini][expires_at]")
    return asked


def _digits(count: int) -> str:
    return str(secrets.randbelow(9) + 1) + "".join(str(secrets.randbelow(10)) for _ in range(count - 1))
