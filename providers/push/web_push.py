"""Web push by RFC 8030 (delivery), RFC 8291 (encryption) and RFC 8292 (VAPID). The encryption is that of ``http-ece``;
the token is a JWT of PyJWT.

Every browser names its own push service, so the address of the call is what a person sent: only known hosts are
called.
"""

import base64
import json
import os
import time
from urllib.parse import urlsplit

import http_ece
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from providers.errors import ProviderRefused
from providers.http_calls import call, client_for, failure
from providers.push.interface import ENDED, PushMessage, Subscription
from runtime.settings import Settings

#: A VAPID token is valid for 24 hours at most (RFC 8292, 2).
TOKEN_SECONDS = 12 * 3600


class WebPush:
    """Built once per process; ``aclose`` at the end."""

    name = "web_push"

    def __init__(self, settings: Settings) -> None:
        """Raises ValueError for a private key that is none."""
        secret = int.from_bytes(_bytes(settings.vapid_private_key.get_secret_value()), "big")
        self._key = ec.derive_private_key(secret, ec.SECP256R1())
        self.public_key = _text(
            self._key.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
        )
        self._subject = settings.vapid_subject or f"mailto:{settings.support_email}"
        self._hosts = settings.push_hosts
        self._schemes = {"https", "http"} if settings.push_insecure else {"https"}
        self._client = client_for("", settings.provider_timeout.total_seconds())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def takes(self, endpoint: str) -> bool:
        """Whether the endpoint is one of a known push service."""
        try:
            parts = urlsplit(endpoint)
            port = parts.port
        except ValueError:
            return False
        host = (parts.hostname or "").lower()
        plain = parts.username is None and parts.password is None and (port in {None, 443} or "http" in self._schemes)
        known = any(host == one or (one.startswith(".") and host.endswith(one)) for one in self._hosts)
        return plain and known and parts.scheme in self._schemes

    async def send(self, subscription: Subscription, message: PushMessage) -> str:
        """Send to one browser. A push service answers 201; 404 and 410 say that the subscription has ended (RFC 8030,
        7.3)."""
        if not self.takes(subscription.endpoint):
            raise ProviderRefused(ENDED)
        payload = {
            "title": message.title,
            "body": message.text,
            "url": message.url,
            "tag": message.tag,
            "lang": message.language,
        }
        try:
            body = http_ece.encrypt(
                json.dumps(payload, ensure_ascii=False).encode(),
                salt=os.urandom(16),
                private_key=ec.generate_private_key(ec.SECP256R1()),
                dh=_bytes(subscription.p256dh),
                auth_secret=_bytes(subscription.auth),
                version="aes128gcm",
            )
        except ValueError:
            raise ProviderRefused(ENDED) from None
        headers = {
            "Authorization": self._authorization(subscription.endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(message.seconds),
            "Urgency": "high",
            # A repeat replaces what the service has not delivered yet (RFC 8030, 5.4): 32 base64url characters.
            "Topic": message.tag.replace("-", "")[:32],
        }
        response = await call(self._client, "POST", subscription.endpoint, content=body, headers=headers)
        if response.status_code in {404, 410}:
            raise ProviderRefused(ENDED)
        if not 200 <= response.status_code < 300:
            raise failure(response.status_code)
        return str(response.headers.get("location", ""))[-200:]

    def _authorization(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(time.time()) + TOKEN_SECONDS,
            "sub": self._subject,
        }
        return f"vapid t={jwt.encode(claims, self._key, algorithm='ES256')}, k={self.public_key}"


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
