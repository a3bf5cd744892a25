"""Events, and commands for Temporal: written in the transaction of the change that they report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.platform.attention import AttentionStore

# The commands that the relay delivers. Each has a descriptor in `workflows/<area>/<process>/start.py`.
START_BOOKING = "booking.start"
PAYMENT_EVENT = "booking.payment_event"
MOVE_MONEY = "booking.move_money"
START_REFUND = "refund.start"
REFUND_EVENT = "refund.event"
START_DISPUTE = "dispute.start"
START_NOTICE = "notice.start"
START_ROLLOUT = "flag_rollout.start"
START_MEDIA = "media.start"
START_REACCOMMODATION = "reaccommodation.start"
REACCOMMODATION_DECIDED = "reaccommodation.decided"
CANCEL_STRANDED = "booking.cancel_stranded"
START_EXPORT = "data_export.start"
START_BUSINESS_ARCHIVE = "business_archive.start"
START_CUSTOMER_IMPORT = "customer_import.start"
START_ERASURE = "erasure.start"
START_VERIFICATION = "verification.start"
START_TWO_FACTOR_RESET = "two_factor_reset.start"
COMPUTE_DAYS = "analytics.compute"
START_ANALYTICS_EXPORT = "analytics_export.start"
REVIEW_CHANGED = "review.changed"
START_CAMPAIGN = "campaign.start"
AUTOMATION_CHANGED = "automation.changed"
#: Also written by the SQL function ``app_wake_waitlist``.
WAKE_WAITLIST = "waitlist.wake"

_ADD = text("""
    INSERT INTO outbox (business_id, event, aggregate, payload, command, request_id, not_before)
    VALUES (:business_id, :event, :aggregate, CAST(:payload AS jsonb), :command, :request_id,
            coalesce(:not_before, now()))
""")
# The oldest undelivered row of each aggregate, so that rows of one aggregate stay in order. Rows behind a leased or a
# waiting row of their aggregate wait; a parked row blocks none. A subquery and no anti-join: before the table has been
# analysed, Postgres expects one open row and joins by reading all of them once for each.
_DUE = """
    SELECT o.id FROM outbox o
     WHERE o.command IS NOT NULL AND o.delivered_at IS NULL AND o.parked_at IS NULL AND o.not_before <= now()
       AND (o.leased_until IS NULL OR o.leased_until < now())
       AND o.id = (SELECT e.id FROM outbox e WHERE e.aggregate = o.aggregate AND e.command IS NOT NULL
                      AND e.delivered_at IS NULL AND e.parked_at IS NULL ORDER BY e.id LIMIT 1)
"""
_LAG = text("""
    SELECT count(*) FILTER (WHERE parked_at IS NULL) AS waiting, count(parked_at) AS parked,
           now() - min(greatest(not_before, created_at)) FILTER (WHERE parked_at IS NULL) AS age
      FROM outbox
     WHERE command IS NOT NULL AND delivered_at IS NULL AND (parked_at IS NOT NULL OR not_before <= now())
""")
# A batch has three parts: rows that never failed, from the oldest; such rows from the newest, so that a fresh row is in
# the next batch however many bad ones were written before it; and rows that failed before.
_LEASE = text(f"""
    WITH oldest AS ({_DUE} AND o.failures = 0 ORDER BY o.not_before, o.id LIMIT :oldest FOR UPDATE SKIP LOCKED),
         newest AS ({_DUE} AND o.failures = 0 ORDER BY o.not_before DESC, o.id DESC LIMIT :newest
                    FOR UPDATE SKIP LOCKED),
         failed AS ({_DUE} AND o.failures > 0 ORDER BY o.not_before, o.id LIMIT :failed FOR UPDATE SKIP LOCKED)
    UPDATE outbox SET leased_until = now() + :lease, attempts = attempts + 1
     WHERE id IN (SELECT id FROM oldest UNION SELECT id FROM newest UNION SELECT id FROM failed)
    RETURNING id, business_id, event, aggregate, payload, command, request_id, attempts, failures, trace_context
""")
_DELIVERED = text("UPDATE outbox SET delivered_at = now(), leased_until = NULL, last_error = NULL WHERE id = ANY(:ids)")
_FAILED = text("""
    UPDATE outbox o SET leased_until = NULL, last_error = f.error, failures = f.failures,
                        not_before = now() + make_interval(secs => f.pause),
                        parked_at = CASE WHEN f.parked THEN now() END
      FROM unnest(CAST(:ids AS uuid[]), CAST(:errors AS text[]), CAST(:failures AS integer[]),
                  CAST(:pauses AS double precision[]), CAST(:parked AS boolean[]))
           AS f(id, error, failures, pause, parked)
     WHERE o.id = f.id
""")
_PARKED = text("""
    SELECT id, business_id, event, aggregate, command, attempts, last_error, parked_at FROM outbox
     WHERE parked_at IS NOT NULL AND delivered_at IS NULL
       AND (CAST(:command AS text) IS NULL OR command = :command)
     ORDER BY id LIMIT :limit
""")
_RELEASE = text("""
    UPDATE outbox SET parked_at = NULL, failures = 0, attempts = 0, not_before = now()
     WHERE id IN (SELECT id FROM outbox WHERE parked_at IS NOT NULL AND delivered_at IS NULL
                     AND (CAST(:id AS uuid) IS NULL OR id = :id)
                     AND (CAST(:command AS text) IS NULL OR command = :command)
                   ORDER BY id LIMIT :limit FOR UPDATE)
    RETURNING id
""").bindparams(bindparam("id", type_=PgUUID))


_QUEUE_COMMAND = text(
    "SELECT app_queue_command(:event, :aggregate, CAST(:payload AS jsonb), :command, :request_id)"
).bindparams(bindparam("request_id", type_=Text))


@dataclass(frozen=True, slots=True)
class Command:
    """A leased row. ``attempts`` counts this try; ``failures`` counts earlier tries that failed because of the row;
    ``trace_context`` is the step of a trace that wrote it."""

    id: UUID
    business_id: UUID | None
    event: str
    aggregate: str
    payload: dict[str, Any]
    command: str
    request_id: str | None
    attempts: int
    failures: int = 0
    trace_context: str | None = None


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """One try that failed. ``failures``: how many tries failed because of the row, with this one. The row is tried
    again after ``pause``, or, when ``parked``, not before an operator releases it."""

    id: UUID
    error: str
    failures: int
    pause: timedelta
    parked: bool = False


@dataclass(frozen=True, slots=True)
class ParkedCommand:
    """A row that could not be delivered and waits to be released; ``last_error`` is the error of the last try."""

    id: UUID
    business_id: UUID | None
    event: str
    aggregate: str
    command: str
    attempts: int
    last_error: str | None
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class OutboxLag:
    """How many rows are due and not delivered, since when the oldest of them is, and how many rows are parked."""

    waiting: int
    age: timedelta
    parked: int


class OutboxStore(Store):
    """Every store adds rows; the relay leases them."""

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

    async def add_platform_command(self, event: str, aggregate: str, payload: Mapping[str, Any], command: str) -> None:
        """Write a command that belongs to no business, in any scope; ids and times only."""
        values = {"event": event, "aggregate": aggregate, "command": command, "request_id": self.context.request_id}
        await self.session.execute(_QUEUE_COMMAND, {**values, "payload": json.dumps(payload, default=_plain)})

    async def lease(self, limit: int, lease: timedelta) -> list[Command]:
        """Up to ``limit`` due commands, the oldest of each aggregate; other relays do not get them for ``lease``."""
        share = limit // 4
        shares = {"oldest": limit - 2 * share, "newest": share, "failed": share}
        rows = await self.session.execute(_LEASE, {**shares, "lease": lease})
        return sorted((Command(**row._mapping) for row in rows), key=lambda command: command.id)

    async def delivered(self, ids: Sequence[UUID]) -> None:
        """Mark as delivered; repeating it is harmless."""
        await self.session.execute(_DELIVERED, {"ids": list(ids)})

    async def failed(self, failures: Sequence[FailedDelivery]) -> None:
        """End the leases of rows whose delivery failed; each waits for its pause, or is parked."""
        values = {
            "ids": [each.id for each in failures],
            "errors": [each.error[:500] for each in failures],
            "failures": [each.failures for each in failures],
            "pauses": [each.pause.total_seconds() for each in failures],
            "parked": [each.parked for each in failures],
        }
        await self.session.execute(_FAILED, values)

    async def lag(self) -> OutboxLag:
        """What is due and not delivered yet, and what is parked."""
        row = (await self.session.execute(_LAG)).one()
        return OutboxLag(row.waiting, row.age or timedelta(), row.parked)

    async def parked(self, limit: int, command: str | None = None) -> list[ParkedCommand]:
        """Up to ``limit`` parked rows, the oldest first; of one ``command``, or of all."""
        rows = await self.session.execute(_PARKED, {"limit": limit, "command": command})
        return [ParkedCommand(**row._mapping) for row in rows]

    async def release(self, limit: int, *, row_id: UUID | None = None, command: str | None = None) -> list[UUID]:
        """Let the relay try up to ``limit`` parked rows again, and close their attention items. Returns their ids."""
        rows = await self.session.execute(_RELEASE, {"limit": limit, "id": row_id, "command": command})
        released = list(rows.scalars())
        await AttentionStore(self.session, self.context).close([parked_key(each) for each in released], "released")
        return released


def parked_key(row_id: UUID) -> str:
    """The key that keeps one open attention item per parked row."""
    return f"outbox_stuck:{row_id}"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
