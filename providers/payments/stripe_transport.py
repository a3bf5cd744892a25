"""Requests to Stripe: one pooled httpx client with our time limits, and errors that say whether the request was sent.

The SDK's own httpx client sends every time limit as one number and has one class for all network errors; the
difference between "not sent" and "no answer" decides whether a charge may have happened.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Any

import httpx
import stripe

from providers.tls import tls_context

#: A connection takes milliseconds or fails; the rest of the time limit is for the answer.
CONNECT_LIMIT_SECONDS = 5.0


class NoAnswer(stripe.APIConnectionError):
    """No answer came. ``sent``: whether the request may have reached Stripe."""

    def __init__(self, reason: str, sent: bool) -> None:
        super().__init__(reason)  # type: ignore[no-untyped-call]  # the SDK's errors are not annotated
        self.sent = sent


class Transport(stripe.HTTPClient):
    """The asynchronous half of the SDK's client protocol. Never retries: the workflow does."""

    name = "httpx"

    def __init__(self, timeout: timedelta) -> None:
        """``timeout`` is the longest wait for each of: a free connection, sending, and the answer."""
        super().__init__()
        seconds = timeout.total_seconds()
        self._client = httpx.AsyncClient(
            verify=tls_context(),
            timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_LIMIT_SECONDS)),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30),
        )

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Status, headers and body of any answer of Stripe; ``NoAnswer`` otherwise."""
        try:
            response = await self._client.request(method, url, headers=dict(headers), content=post_data or None)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            failure = NoAnswer(type(error).__name__, sent=False)
        except httpx.HTTPError as error:
            failure = NoAnswer(type(error).__name__, sent=True)
        else:
            return response.content, response.status_code, response.headers
        # Raised outside the handler: the httpx error holds the request, and that holds the API key.
        raise failure

    def sleep_async(self, secs: float) -> Awaitable[None]:
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()
