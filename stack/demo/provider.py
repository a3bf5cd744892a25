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
        self._payjp_key = settings.payjp_api_key.get_secret_value()

    async def emails(self, to: str) -> Sequence[dict[str, Any]]:
        """Every message in somebody's mailbox, newest first."""
        messages: list[dict[str, Any]] = (await self._ask("GET", "/mailbox.json", params={"to": to}))["messages"]
        return messages

    async def token_in_mail(self, to: str) -> str | None:
        """The token of the newest link that somebody got; None while none has come."""
        for message in await self.emails(to):
            found = re.search(
                r"/(?:bookings|waitlist|verify-email|reset-password|staff/invitation)/([A-Za-z0-9._%-]+)",
                message["text"],
            )
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

    async def say_yes(self, url: str) -> None:
        """Open a page of PAY.JP's 3-D Secure or of PayPay, and press its first button."""
        page = await self._http.get(url)
        expect("the page to open", page.status_code, 200)
        button = page.text.partition('action="')[2].partition('"')[0]
        answer = await self._http.post(button)
        expect("the customer to be sent back", answer.status_code, 303)

    async def pay_with_paypay(self, flow_id: str) -> str:
        """What PAY.JP's form does with PayPay; gives the address of PayPay's page."""
        body = {"payment_method_id": f"pm_paypay_{flow_id}", "return_url": "http://127.0.0.1/back"}
        flow = await self._ask("POST", f"/sandbox/payjp/payment_flows/{flow_id}/confirm", json=body)
        return str(flow["next_action"]["redirect_to_url"]["url"])

    async def pay_at_a_store(self, intent_id: str) -> None:
        """The customer pays a voucher at the till of a convenience store."""
        await self._ask("POST", f"/sandbox/konbini/{intent_id}/pay")

    async def payjp_totals(self, api: str, booking_id: str) -> tuple[int, int]:
        """What PAY.JP took for a booking and what it gave back, in yen, by its own record."""
        if api == "payjp_v1":
            listed = await self._payjp("/payjp/v1/charges")
            charges = [charge for charge in listed if charge["metadata"].get("booking_id") == booking_id]
            captured = sum(charge["amount"] for charge in charges if charge["captured"])
            return captured, sum(charge["amount_refunded"] for charge in charges)
        listed = await self._payjp("/payjp/v2/payment_flows")
        flows = [flow for flow in listed if flow["metadata"].get("booking_id") == booking_id]
        refunds = [one for flow in flows for one in await self._payjp(f"/payjp/v2/payment_flows/{flow['id']}/refunds")]
        returned = sum(one["amount"] for one in refunds if one["status"] == "succeeded")
        return sum(flow["amount_received"] for flow in flows), returned

    async def _payjp(self, path: str) -> Sequence[dict[str, Any]]:
        answer = await self._http.get(path, params={"limit": 100}, auth=(self._payjp_key, ""))
        expect(f"an answer to {path}", answer.status_code, 200)
        listed: list[dict[str, Any]] = answer.json()["data"]
        return listed

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
