"""Somebody who knows our addresses and no secret: says that payments were made."""

import asyncio
import itertools
import json
import time
from time import monotonic
from typing import Any
from uuid import uuid4

from providers.sandbox.signing import stripe_signature
from runtime.settings import Settings
from tests.chaos.caller import Caller

_PAUSE = 1.0
#: Older than the tolerance of Stripe's signatures (five minutes).
_STALE = 3600
_ADDRESS = "/api/v1/payments/webhook"


async def forge(api: Caller, settings: Settings, seconds: float) -> int:
    """Send forged and stale webhooks for so long; gives how many were refused. One that is taken is wrong."""
    refused, ends = 0, monotonic() + seconds
    for number in itertools.count():
        if monotonic() > ends:
            return refused
        path, body, headers = _forged(number, settings)
        # A repeat after a lost answer must be the same bytes: the signature is over them.
        answer = await api.ask("POST", f"{_ADDRESS}/{path}", body, headers)
        if answer.code == "forged_webhook":
            refused += 1
        else:
            api.heard.wrong.append(f"a forged webhook to {path} was answered with {answer.status} {answer.code}")
        await asyncio.sleep(_PAUSE)
    return refused


def _forged(number: int, settings: Settings) -> tuple[str, Any, dict[str, str]]:
    now = int(time.time())
    match number % 4:
        case 0:
            event = _stripe_event(now)
            return "stripe", event, {"Stripe-Signature": stripe_signature("whsec_guessed", now, json.dumps(event))}
        case 1:
            event, secret = _stripe_event(now - _STALE), settings.stripe_webhook_secret.get_secret_value()
            return "stripe", event, {"Stripe-Signature": stripe_signature(secret, now - _STALE, json.dumps(event))}
        case 2:
            return "payjp", _payjp_event({"created": now}), {"X-Payjp-Webhook-Token": "whook_guessed"}
        case _:
            return "payjp", _payjp_event({"created_at": "2026-11-30T00:00:00Z"}), {}


def _stripe_event(created: int) -> dict[str, Any]:
    intent = {"object": "payment_intent", "id": f"pi_{uuid4().hex}", "status": "succeeded", "amount": 6600}
    return {
        "object": "event",
        "id": f"evt_{uuid4().hex}",
        "type": "payment_intent.succeeded",
        "created": created,
        "data": {"object": intent},
    }


def _payjp_event(times: dict[str, Any]) -> dict[str, Any]:
    charge = {"object": "charge", "id": f"ch_{uuid4().hex}", "paid": True, "captured": True, "amount": 6600}
    return {"object": "event", "id": f"evnt_{uuid4().hex}", "type": "charge.succeeded", "data": charge, **times}
