"""PAY.JP's webhooks. Both APIs send the account's token in a header; nothing is signed.

docs.pay.jp/v1/webhook and docs.pay.jp/v2/guide/developers/event-webhook: ``X-Payjp-Webhook-Token``. The body is
therefore protected by the connection alone, and an event has no age that could be checked: a repeated one is recognized
by its id, and totals never become smaller.
"""

import hmac
import json
from collections.abc import Mapping
from typing import Any

from domain.errors import ForgedWebhook

TOKEN_HEADER = "x-payjp-webhook-token"  # noqa: S105  the header's name


def verified_event(body: bytes, headers: Mapping[str, str], token: str) -> dict[str, Any]:
    """The event in ``body``. Raises ForgedWebhook without the account's token, also where none is set."""
    given = headers.get(TOKEN_HEADER, "")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise ForgedWebhook
    try:
        event = json.loads(body)
    except ValueError as error:
        raise ForgedWebhook from error
    if not isinstance(event, dict) or event.get("object") != "event" or not isinstance(event.get("data"), dict):
        raise ForgedWebhook
    return event


def is_v2(body: bytes) -> bool:
    """Whether an unverified body has the form of v2: its times are ``created_at``, those of v1 ``created``."""
    try:
        event = json.loads(body)
    except ValueError:
        return False
    return isinstance(event, dict) and "created_at" in event
