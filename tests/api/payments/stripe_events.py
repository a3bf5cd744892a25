"""Events as Stripe sends them, with their signature."""

import hashlib
import hmac
import json
import time
from typing import Any

SECRET = "whsec_sandbox"


def event(intent_id: str, **changed: Any) -> bytes:
    """Stripe's event that an intent over 6600 yen was paid."""
    intent = {
        "id": intent_id,
        "object": "payment_intent",
        "status": "succeeded",
        "amount": 6600,
        "amount_received": 6600,
        "currency": "jpy",
        "metadata": {},
        **changed,
    }
    body = {
        "id": f"evt_{intent_id}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": int(time.time()),
        "data": {"object": intent},
    }
    return json.dumps(body).encode()


def signature(body: bytes, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    """As Stripe documents it."""
    at = int(time.time()) - age
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={digest}", "Content-Type": "application/json; charset=utf-8"}
