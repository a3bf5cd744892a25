"""What is still under way, and waiting until nothing is."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import Any

from db.engine.session import Database
from domain.errors import Unavailable
from tests.chaos.caller import Caller, NoAnswer
from tests.support.data import rows

#: What must be empty, and the rows that are not yet: name -> statement that gives ``id`` and ``about``.
WAITING: Mapping[str, str] = {
    "outbox rows not delivered": """
        SELECT id, command || ' of ' || aggregate || ', attempt ' || attempts || ', ' || coalesce(last_error, '')
               AS about FROM outbox WHERE command IS NOT NULL AND delivered_at IS NULL""",
    "bookings pending": """
        SELECT id, 'hold until ' || hold_expires_at AS about FROM bookings WHERE status = 'pending'""",
    "provider events not applied": """
        SELECT id, event_type || ' of payment ' || payment_id AS about FROM payment_webhooks
         WHERE applied_at IS NULL""",
    "refunds under way": """
        SELECT id, status || ' since ' || updated_at AS about FROM refunds
         WHERE status IN ('requested', 'processing')""",
    "intents that can be paid for bookings that are over": """
        SELECT p.id, p.status || ', the booking is ' || b.status AS about
          FROM booking_payments p JOIN bookings b ON b.id = p.booking_id
         WHERE p.status IN ('requires_payment', 'processing', 'failed', 'authorized')
           AND b.status IN ('expired', 'cancelled', 'declined')""",
    "messages not sent": """
        SELECT n.id, n.kind || ', attempts ' || (SELECT count(*) || ', the last ' || coalesce(max(started_at)::text,
               'never') FROM notification_attempts WHERE notice_id = n.id) AS about
          FROM notification_outbox n WHERE n.status = 'queued'""",
}
_LOOK_EVERY = 0.5
_SHOWN = 5


class Stuck(Exception):
    """The backlog did not drain: what is left, and for how long it was waited."""


class Backlog:
    """Looks at the tables as the application's role, and at the webhooks that the provider has still to deliver."""

    def __init__(self, database: Database, sandbox: Caller) -> None:
        self._database = database
        self._sandbox = sandbox

    async def look(self) -> dict[str, list[str]]:
        """What is waiting, by its name; empty when nothing is. Raises Unavailable and NoAnswer."""
        found: dict[str, list[str]] = {}
        for name, statement in WAITING.items():
            waiting: list[dict[str, Any]] = await rows(self._database, statement)
            if waiting:
                found[name] = [f"{row['id']}: {row['about']}" for row in waiting]
        state = await self._sandbox.ask("GET", "/sandbox/state", form=False)
        if pending := state.body["webhooks_pending"]:
            found["webhooks to be delivered"] = [f"{pending} at the provider"]
        return found

    async def drain(self, within: timedelta) -> dict[str, float]:
        """The seconds until each kind of backlog was gone for good. Raises Stuck."""
        began, last_seen = monotonic(), dict.fromkeys((*WAITING, "webhooks to be delivered"), 0.0)
        while True:
            found: dict[str, list[str]] = {"nobody answers": []}
            try:
                found = await self.look()
            except (Unavailable, NoAnswer) as error:
                found["nobody answers"] = [repr(error)]
            passed = monotonic() - began
            if not found:
                return last_seen
            for name in found:
                last_seen[name] = passed
            if passed > within.total_seconds():
                raise Stuck(f"after {passed:.0f} s there is still\n{_shown(found)}")
            await asyncio.sleep(_LOOK_EVERY)


def _shown(found: Mapping[str, list[str]]) -> str:
    lines = []
    for name, waiting in found.items():
        lines.append(f"  {len(waiting)} {name}")
        lines += [f"    {one}" for one in waiting[:_SHOWN]]
    return "\n".join(lines)
