"""The provider sandbox as the demo uses it: its mailbox, its 3-D Secure page, its faults, its refunds."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import httpx

from runtime.settings import Settings
from stack.demo.expectations import Unexpected, expect


class Provider:
    """``http`` has the sandbox's address as its base; ``settings`` have the key of its APIs."""

    def __init__(self, http: httpx.AsyncClient, settings: Settings) -> None:
        self._http = http
        self._key = settings.stripe_api_key.get_secret_value()

    async def emails(self, to: str) -> Sequence[dict[str, Any]]:
        """Every message in somebody's mailbox, newest first."""
        messages: list[dict[str, Any]] = (await self._ask("GET", "/mailbox.json", params={"to": to}))["messages"]
        return messages

    async def token_in_mail(self, to: str) -> str | None:
        """The token of the newest link that somebody got; None while none has come."""
        for message in await self.emails(to):
            found = re.search(r"(?:#token=|/bookings/|/waitlist/)([A-Za-z0-9._%-]+)", message["text"])
            if found:
                return unquote(found.group(1))
        return None

    async def open_page(self, url: str) -> None:
        """Open a 3-D Secure address, as the customer's browser does."""
        page = await self._http.get(url)
        expect("the 3-D Secure page to open", page.status_code, 200)

    async def authorize(self, url: str) -> str:
        """The button "authorize" of a 3-D Secure page; gives where the browser is sent back to."""
        answer = await self._http.post(f"{url}/authorize")
        expect("the bank to send the customer back", answer.status_code, 303)
        return answer.headers["location"]

    async def refunds(self, intent_id: str) -> Sequence[dict[str, Any]]:
        """The refunds of an intent as the provider recorded them."""
        headers = {"Authorization": f"Bearer {self._key}"}
        page = await self._ask("GET", "/v1/refunds", params={"payment_intent": intent_id}, headers=headers)
        refunds: list[dict[str, Any]] = page["data"]
        return refunds

    async def webhooks_under_way(self) -> int:
        """How many webhooks it has not delivered yet."""
        return int((await self._ask("GET", "/sandbox/state"))["webhooks_pending"])

    async def calls(self, operation: str) -> int:
        """How often the operation was called."""
        return int((await self._ask("GET", "/sandbox/state"))["calls"].get(operation, 0))

    async def take_time(self, operation: str, seconds: float) -> None:
        """The next call of this name is delayed by so many seconds."""
        await self._ask("POST", "/sandbox/faults", json={"operation": operation, "kind": "delay", "seconds": seconds})

    @asynccontextmanager
    async def failing(self, operation: str) -> AsyncIterator[None]:
        """A context in which every such call is answered with 500 and does nothing."""
        await self._ask("POST", "/sandbox/faults", json={"operation": operation, "kind": "error_500", "times": None})
        try:
            yield
        finally:
            await self._ask("DELETE", "/sandbox/faults")

    async def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        response = await self._http.request(method, path, **arguments)
        if response.status_code >= 300:
            raise Unexpected(f"the sandbox to accept {method} {path}", f"{response.status_code} {response.text[:200]}")
        return response.json()
