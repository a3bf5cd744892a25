"""LINE's Messaging API and LINE Login behind ``LineProvider``, by their REST API with httpx: ``line-bot-sdk`` would
bring two more HTTP clients for three calls.

Sources: developers.line.biz/en/docs/messaging-api/retrying-api-request ("409: already accepted", header
``x-line-accepted-request-id``), …/reference/messaging-api (push message, profile, ``x-line-signature``),
…/docs/line-login/verify-id-token ("POST /oauth2/v2.1/verify").
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence

from domain.errors import ForgedWebhook
from providers.errors import ProviderRefused
from providers.http_calls import call, client_for, failure, json_of
from providers.line.interface import LineMessage
from runtime.settings import Settings

SIGNATURE_HEADER = "x-line-signature"
#: Characters of a buttons template without a picture, of its label, and of the text that lists of chats show
#: (reference, "Template messages").
TEXT_LENGTH, LABEL_LENGTH, ALT_LENGTH = 160, 20, 400


class LineMessagingApi:
    """Built once per process; ``aclose`` at the end."""

    name = "line"

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.line_channel_secret.get_secret_value()
        self._login_channel = settings.line_login_channel_id
        self._authorization = {"Authorization": f"Bearer {settings.line_access_token.get_secret_value()}"}
        self._client = client_for(settings.line_base_url, settings.provider_timeout.total_seconds())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, message: LineMessage) -> str:
        """Send one message. A repeat with its key within 24 hours is answered 409 where LINE has accepted it before."""
        headers = {**self._authorization, "X-Line-Retry-Key": message.retry_key}
        body = {"to": message.to, "messages": [_message(message)]}
        response = await call(self._client, "POST", "/v2/bot/message/push", json=body, headers=headers)
        if response.status_code == 409:
            return str(response.headers.get("x-line-accepted-request-id", ""))
        if response.status_code == 429 and "monthly limit" in str(json_of(response).get("message")):
            # It does not pass in a day, so the message goes on to the next channel.
            raise ProviderRefused("line_monthly_limit")
        if response.status_code != 200:
            raise failure(response.status_code)
        return str(response.headers.get("x-line-request-id", ""))

    async def verify_login(self, id_token: str, nonce: str) -> str | None:
        """LINE checks signature, expiry, channel and nonce of the token."""
        form = {"id_token": id_token, "client_id": self._login_channel, "nonce": nonce}
        response = await call(self._client, "POST", "/oauth2/v2.1/verify", data=form)
        if response.status_code == 400:
            return None
        if response.status_code != 200:
            raise failure(response.status_code)
        claims = json_of(response)
        is_ours = claims.get("aud") == self._login_channel and claims.get("nonce") == nonce
        return str(claims["sub"]) if is_ours and claims.get("sub") else None

    async def is_friend(self, user_id: str) -> bool:
        """LINE answers 404 for people who have not added the account, or have blocked it."""
        response = await call(self._client, "GET", f"/v2/bot/profile/{user_id}", headers=self._authorization)
        if response.status_code in {200, 404}:
            return response.status_code == 200
        raise failure(response.status_code)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Sequence[str]:
        """The signature is base64 of HMAC-SHA256 over the body with the channel's secret."""
        expected = base64.b64encode(hmac.digest(self._secret.encode(), body, hashlib.sha256))
        if not self._secret or not hmac.compare_digest(expected, headers.get(SIGNATURE_HEADER, "").encode()):
            raise ForgedWebhook({"reason": "signature"})
        try:
            events = json.loads(body)["events"]
            return [str(one["source"]["userId"]) for one in events if one["type"] == "unfollow"]
        except (ValueError, KeyError, TypeError):
            raise ForgedWebhook({"reason": "signature"}) from None


def _message(message: LineMessage) -> dict[str, object]:
    label, url = message.button
    return {
        "type": "template",
        "altText": message.text[:ALT_LENGTH],
        "template": {
            "type": "buttons",
            "text": message.text[:TEXT_LENGTH],
            "actions": [{"type": "uri", "label": label[:LABEL_LENGTH], "uri": url}],
        },
    }
