"""PAY.JP's webhooks. Both APIs send the account's token in a header; nothing is signed.

docs.pay.jp/v1/webhook and docs.pay.jp/v2/guide/developers/event-webhook: ``X-Payjp-Webhook-Token``. The body is
therefore protected by the connection alone, and an event has no age that could be checked: a repeated one is recognized
by its id, and totals never become smaller.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from domain.errors import ForgedWebhook

TOKEN_HEADER = "x-payjp-webhook-token"  # noqa: S105  the header's name


def verified_event(body: bytes, headers: Mapping[str, str], tokens: Sequence[SecretStr]) -> dict[str, Any]:
    """The event in ``body``. ``tokens``: the account's token, and the one before while it is exchanged; empty ones do
    not count. Raises ForgedWebhook without one of them, also where none is set."""
    given = headers.get(TOKEN_HEADER, "").encode()
    known = [token.get_secret_value().encode() for token in tokens if token.get_secret_value()]
    if not any(hmac.compare_digest(given, token) for token in known):
        raise ForgedWebhook({"reason": "signature"})
    try:
        event = json.loads(body)
    except ValueError as error:
        raise ForgedWebhook({"reason": "unreadable"}) from error
    if not isinstance(event, dict) or event.get("object") != "event" or not isinstance(event.get("data"), dict):
        raise ForgedWebhook({"reason": "unreadable"})
    return event


def is_v2(body: bytes) -> bool:
    """Whether an unverified body has the form of v2: its times are ``created_at``, those of v1 ``created``."""
    try:
        event = json.loads(body)
    except ValueError:
        return False
    return isinstance(event, dict) and "created_at" in event
