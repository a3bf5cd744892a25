"""Sends the queued webhooks to the platform until it answers 2xx. The queue is in the file, so it survives a restart.
Several are sent at once: their order is not guaranteed, as with the providers themselves."""

import asyncio
import json
import sqlite3
import time
from typing import Any

import httpx

from providers.sandbox.config import SandboxConfig
from providers.sandbox.signing import SendGridKey, stripe_signature, twilio_signature
from providers.sandbox.store import Store

AT_ONCE = 8
ANSWER_SECONDS = 15.0
LONGEST_PAUSE = 60.0


class Deliveries:
    """``run`` is the one background task of the server."""

    def __init__(self, store: Store, config: SandboxConfig, key: SendGridKey) -> None:
        self._store = store
        self._config = config
        self._key = key
        self._wake = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Look for due deliveries now."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
            try:
                while True:
                    self._wake.clear()
                    pause = self._start_due(client)
                    try:
                        await asyncio.wait_for(self._wake.wait(), pause)
                    except TimeoutError:
                        continue
            finally:
                tasks = list(self._under_way.values())
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def list_(self, limit: int = 200) -> list[dict[str, Any]]:
        """Newest first, without bodies."""
        rows = self._store.db.execute(
            "SELECT seq, target, event_id, event_type, state, attempts, due_at, held, last_status FROM deliveries "
            "ORDER BY seq DESC LIMIT ?",
            (limit,),
        )
        return [dict(row) for row in rows]

    def pending(self) -> int:
        """How many are not sent yet."""
        row = self._store.db.execute("SELECT count(*) FROM deliveries WHERE state = 'pending'").fetchone()
        return int(row[0])

    def again(self, event_id: str) -> int:
        """Queue all deliveries of an event once more, dropped ones too; gives their number."""
        cursor = self._store.db.execute(
            "UPDATE deliveries SET state = 'pending', attempts = 0, held = 0, due_at = ? WHERE event_id = ?",
            (time.time(), event_id),
        )
        self.wake()
        return int(cursor.rowcount)

    def _start_due(self, client: httpx.AsyncClient) -> float | None:
        """Start what is due; give the seconds until the next is, or None."""
        now = time.time()
        rows = self._store.db.execute(
            "SELECT * FROM deliveries WHERE state = 'pending' ORDER BY due_at, seq LIMIT ?", (AT_ONCE * 4,)
        ).fetchall()
        for row in rows:
            if row["seq"] in self._under_way:
                continue
            if row["due_at"] > now:
                return float(row["due_at"]) - now
            if len(self._under_way) >= AT_ONCE:
                return None
            self._under_way[row["seq"]] = asyncio.create_task(self._deliver(client, row))
        return None

    async def _deliver(self, client: httpx.AsyncClient, row: sqlite3.Row) -> None:
        try:
            status = await self._post(client, row)
            if status is not None and 200 <= status < 300:
                self._delivered(row, status)
            else:
                self._failed(row, status)
        finally:
            del self._under_way[row["seq"]]
            self.wake()

    async def _post(self, client: httpx.AsyncClient, row: sqlite3.Row) -> int | None:
        """The status that came back, or None. Signed again at every attempt; PAY.JP sends its token."""
        if row["target"] == "twilio":
            return await self._post_status(client, json.loads(row["body"]))
        url = self._store.find_target(row["target"])
        if not url:
            return None
        body, now = row["body"], int(time.time())
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if row["target"] == "stripe":
            headers["Stripe-Signature"] = stripe_signature(self._config.stripe_webhook_secret, now, body)
        elif row["target"] == "payjp":
            headers["X-Payjp-Webhook-Token"] = self._config.payjp_webhook_token
        else:
            headers["X-Twilio-Email-Event-Webhook-Timestamp"] = str(now)
            headers["X-Twilio-Email-Event-Webhook-Signature"] = self._key.sign(str(now), body)
        try:
            response = await client.post(url, content=body.encode(), headers=headers)
        except httpx.HTTPError:
            return None
        return response.status_code

    async def _post_status(self, client: httpx.AsyncClient, callback: dict[str, Any]) -> int | None:
        """One status callback of Twilio, to the address that came with its message."""
        url, form = callback["url"], callback["form"]
        headers = {"X-Twilio-Signature": twilio_signature(self._config.twilio_auth_token, url, form)}
        try:
            return (await client.post(url, data=form, headers=headers)).status_code
        except httpx.HTTPError:
            return None

    def _delivered(self, row: sqlite3.Row, status: int) -> None:
        with self._store.transaction():
            self._store.db.execute(
                "UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, last_status = ? WHERE seq = ?",
                (status, row["seq"]),
            )
            # A reordered one is sent now that a newer one has arrived.
            self._store.db.execute(
                "UPDATE deliveries SET held = 0, due_at = ? "
                "WHERE held = 1 AND state = 'pending' AND target = ? AND seq < ?",
                (time.time(), row["target"], row["seq"]),
            )

    def _failed(self, row: sqlite3.Row, status: int | None) -> None:
        attempts = row["attempts"] + 1
        pause = min(LONGEST_PAUSE, self._config.webhook_pause * 2.0 ** min(attempts - 1, 10))
        state = "failed" if attempts >= self._config.webhook_attempts else "pending"
        self._store.db.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, last_status = ?, due_at = ? WHERE seq = ?",
            (state, attempts, status, time.time() + pause, row["seq"]),
        )
