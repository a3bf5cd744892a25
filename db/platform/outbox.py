"""Events, and commands on their way to Temporal: written in the transaction that makes them true."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text

from db.engine.store import Store

# What the relay can be told to do. The payloads are described at `workers.outbox_relay`.
START_BOOKING = "booking.start"
PAYMENT_EVENT = "booking.payment_event"
START_REFUND = "refund.start"
START_NOTICE = "notice.start"
START_ROLLOUT = "flag_rollout.start"
START_MEDIA = "media.start"
START_REACCOMMODATION = "reaccommodation.start"
REACCOMMODATION_DECIDED = "reaccommodation.decided"
CANCEL_STRANDED = "booking.cancel_stranded"
START_EXPORT = "data_export.start"
START_ERASURE = "erasure.start"
START_VERIFICATION = "verification.start"

_ADD = text("""
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id, not_before)
    VALUES (:business_id, :event, :aggregate, CAST(:payload AS jsonb), :command, :request_id,
            coalesce(:not_before, now()))
""")
# The oldest undelivered row of each aggregate, so that what belongs together stays in order. Rows of one aggregate
# behind a leased or a waiting one stay where they are.
_LEASE = text("""
    UPDATE outbox SET leased_until = now() + :lease, attempts = attempts + 1
     WHERE id IN (
        SELECT o.id FROM outbox o
         WHERE o.command IS NOT NULL AND o.delivered_at IS NULL AND o.not_before <= now()
           AND (o.leased_until IS NULL OR o.leased_until < now())
           AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.aggregate = o.aggregate AND e.id < o.id
                              AND e.command IS NOT NULL AND e.delivered_at IS NULL)
         ORDER BY o.id LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id, business_id, event, aggregate, payload, command, request_id, attempts
""")
_DELIVERED = text("UPDATE outbox SET delivered_at = now(), leased_until = NULL, last_error = NULL WHERE id = ANY(:ids)")
_FAILED = text("""
    UPDATE outbox SET leased_until = NULL, last_error = :error, not_before = now() + :pause WHERE id = :id
""")


_ORDER = text("SELECT app_order(:event, :aggregate, CAST(:payload AS jsonb), :command, :request_id)").bindparams(
    bindparam("request_id", type_=Text)
)


@dataclass(frozen=True, slots=True)
class Command:
    """A leased row. ``attempts`` counts this one."""

    id: UUID
    business_id: UUID | None
    event: str
    aggregate: str
    payload: dict[str, Any]
    command: str
    request_id: str | None
    attempts: int


class OutboxStore(Store):
    """Adding belongs to every store that makes something true; leasing to the relay."""

    async def add(
        self,
        event: str,
        aggregate: str,
        business_id: UUID | None,
        payload: Mapping[str, Any],
        command: str | None = None,
        not_before: datetime | None = None,
    ) -> None:
        """Write one event (``booking.confirmed``) of one aggregate (``booking/{id}``); ids and amounts only.

        With a ``command`` the relay delivers the row, not before ``not_before``.
        """
        await self.session.execute(
            _ADD,
            {
                "business_id": business_id,
                "event": event,
                "aggregate": aggregate,
                "payload": json.dumps(payload, default=str),
                "command": command,
                "request_id": self.context.request_id,
                "not_before": not_before,
            },
        )

    async def order(self, event: str, aggregate: str, payload: Mapping[str, Any], command: str) -> None:
        """Write a command that belongs to no business, in any scope; ids and times only."""
        values = {"event": event, "aggregate": aggregate, "command": command, "request_id": self.context.request_id}
        await self.session.execute(_ORDER, {**values, "payload": json.dumps(payload, default=_plain)})

    async def lease(self, limit: int, lease: timedelta) -> list[Command]:
        """Up to ``limit`` deliverable commands, kept from other relays for ``lease``; oldest of each aggregate."""
        rows = await self.session.execute(_LEASE, {"limit": limit, "lease": lease})
        return sorted((Command(**row._mapping) for row in rows), key=lambda command: command.id)

    async def delivered(self, ids: Sequence[UUID]) -> None:
        """Mark as delivered; repeating it changes nothing that matters."""
        await self.session.execute(_DELIVERED, {"ids": list(ids)})

    async def failed(self, row_id: UUID, error: str, pause: timedelta) -> None:
        """Give the row back; it is not tried again before ``pause`` is over."""
        await self.session.execute(_FAILED, {"id": row_id, "error": error[:500], "pause": pause})


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
