"""A person who looks in PAY.JP's dashboard for refunds of v1 that nobody knows about, and makes what is missing.

v1 has no idempotency keys, so a refund that was asked for and cannot be seen is never repeated by the platform
(docs/payments.md, "Calls whose answer is lost").
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from db.engine.session import Database
from domain.errors import Unavailable
from providers.payments.payjp_v1_objects import RefundMark, refund_marks
from runtime.settings import Settings
from tests.support.data import rows

_UNFINISHED = """
    SELECT p.provider_intent_id AS intent_id FROM refunds r JOIN booking_payments p ON p.id = r.payment_id
     WHERE p.provider = 'payjp_v1' AND r.status IN ('requested', 'processing')
"""
#: Longer than our processes wait for the provider: a call that is under way has ended between two looks.
_PAUSE = 8.0


class Person:
    """``refunds``: how many were made by hand."""

    def __init__(self, database: Database, settings: Settings, port: int) -> None:
        self._database = database
        self._auth = (settings.payjp_api_key.get_secret_value(), "")
        self._url = f"http://127.0.0.1:{port}/payjp/v1"
        self.refunds = 0

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Looks again and again as long as the block runs."""
        working = asyncio.create_task(self._work())
        try:
            yield
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def _work(self) -> None:
        async with httpx.AsyncClient(auth=self._auth, trust_env=False) as http:
            before: Mapping[str, tuple[str, RefundMark]] = {}
            while True:
                found = before
                with suppress(Unavailable, httpx.HTTPError):
                    found = await self._missing(http)
                    for name in before.keys() & found.keys():
                        await self._refund(http, *found[name])
                before = found
                await asyncio.sleep(_PAUSE)

    async def _missing(self, http: httpx.AsyncClient) -> dict[str, tuple[str, RefundMark]]:
        """Refunds that were asked for and are not in the charge: name -> (charge, what was noted)."""
        missing = {}
        for row in await rows(self._database, _UNFINISHED):
            for charge in await self._charges(http, str(row["intent_id"])):
                for mark in refund_marks(charge):
                    if mark.sent and not mark.is_made(charge):
                        missing[mark.refund_id] = (str(charge["id"]), mark)
        return missing

    async def _charges(self, http: httpx.AsyncClient, intent_id: str) -> list[dict[str, Any]]:
        answer = await http.get(f"{self._url}/charges", params={"customer": intent_id, "limit": 100})
        charges: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        return charges

    async def _refund(self, http: httpx.AsyncClient, charge_id: str, mark: RefundMark) -> None:
        answer = await http.post(f"{self._url}/charges/{charge_id}/refund", data={"amount": mark.amount})
        answer.raise_for_status()
        self.refunds += 1
