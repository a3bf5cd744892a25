"""The rows that must have a run of Temporal, by process, and the commands that start runs that are missing.

After a restore of Postgres or of Temporal the two do not fit: runs are lost, older than their rows, or about rows that
are lost. ``omotenashi runs restore`` compares them. A run is described by its workflow id alone; what it starts with is
read when the command is delivered, so that it is never older than the row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from db.engine.store import Store
from db.payments.payments import CURRENT_FIRST

#: The command of an outbox row that starts a missing run; `workers.outbox_dispatcher` delivers it.
RESTORE_RUN = "run.restore"
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class OpenRow:
    """``run``: the workflow id. ``payload``: what the run starts with, as an outbox row has it. ``must_be_open``: a run
    that has ended is not enough."""

    id: UUID
    run: str
    business_id: UUID | None
    must_be_open: bool
    payload: Mapping[str, Any]


class OpenRows:
    """How the rows of one process that must have a run are listed.

    Args:
        rows: a ``FROM`` with its ``WHERE``. ``key`` is the UUID that orders them, and ``run`` the workflow id, in SQL.
        business: the column of the business; NULL where they belong to none.
        payload: a JSON object in SQL.
        must_be_open: a condition in SQL: a run that has ended is not enough.
        known: table and column of the first UUID in the workflow id. A run whose UUID is not there has no row.
    """

    def __init__(
        self,
        rows: str,
        *,
        key: str,
        run: str,
        payload: str,
        known: str,
        business: str = "NULL::uuid",
        must_be_open: str = "true",
    ) -> None:
        columns = f"""SELECT {key} AS id, {run} AS run, {business} AS business_id,
            {must_be_open} AS must_be_open, {payload} AS payload {rows}"""
        self.page: TextClause = text(f"{columns} AND {key} > :after ORDER BY {key} LIMIT :size")
        self.one: TextClause = text(f"{columns} AND {key} = :id")
        table, column = known.split(".")
        self.known: TextClause = text(f"SELECT {column} FROM {table} WHERE {column} = ANY(CAST(:ids AS uuid[]))")


_MOVING = """EXISTS (
    SELECT 1 FROM booking_payments p JOIN payment_transactions t ON t.payment_id = p.id
     WHERE p.booking_id = b.id AND t.phase = 'intended' AND t.movement IN ('capture', 'void')
       AND NOT EXISTS (SELECT 1 FROM payment_transactions o
                        WHERE o.movement_id = t.movement_id AND o.phase IN ('succeeded', 'failed')))"""

# A booking that has ended needs a run while its end can be undone, or money of it is moving.
BOOKINGS = OpenRows(
    f"""FROM bookings b
     WHERE (b.status IN ('pending', 'confirmed', 'checked_in') OR b.undo_until IS NOT NULL OR {_MOVING})""",
    key="b.id",
    run="'booking/' || b.id",
    business="b.business_id",
    payload="jsonb_build_object('booking_id', b.id, 'business_id', b.business_id)",
    known="bookings.id",
)
REFUNDS = OpenRows(
    # A refund that was made at the provider has no run.
    "FROM refunds r WHERE r.status IN ('requested', 'processing') AND r.reason <> 'provider'",
    key="r.id",
    run="'refund/' || r.id",
    business="r.business_id",
    payload="jsonb_build_object('refund_id', r.id, 'business_id', r.business_id, 'booking_id', r.booking_id)",
    known="refunds.id",
)
DISPUTES = OpenRows(
    "FROM payment_disputes d WHERE d.status = 'open' AND (d.evidence IS NULL OR d.due_at > now())",
    key="d.id",
    run="""'dispute/' || d.id
           || coalesce('/' || to_char(d.due_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"'), '')""",
    business="d.business_id",
    payload="""jsonb_build_object('dispute_id', d.id, 'business_id', d.business_id, 'booking_id', d.booking_id,
                                  'due_at', d.due_at)""",
    # Its run ends with the last reminder.
    must_be_open="false",
    known="payment_disputes.id",
)
REACCOMMODATIONS = OpenRows(
    "FROM reaccommodations a WHERE a.status = 'open'",
    key="a.id",
    run="'reaccommodation/' || a.booking_id || '/' || a.number",
    business="a.business_id",
    payload="""jsonb_build_object('reaccommodation_id', a.id, 'business_id', a.business_id, 'booking_id', a.booking_id,
                                  'number', a.number, 'remind_at', a.remind_at, 'decide_by', a.decide_by)""",
    known="bookings.id",
)
# Between two turns a waitlist without an open offer has no run.
WAITLISTS = OpenRows(
    """FROM businesses s
     WHERE EXISTS (SELECT 1 FROM waitlist w
                    WHERE w.business_id = s.id AND w.status IN ('unproven', 'waiting', 'offered'))""",
    key="s.id",
    run="'waitlist/' || s.id",
    business="s.id",
    payload="jsonb_build_object('business_id', s.id)",
    must_be_open="EXISTS (SELECT 1 FROM waitlist w WHERE w.business_id = s.id AND w.status = 'offered')",
    known="businesses.id",
)
# As long as a new message is tried; a reminder until the visit begins.
NOTICES = OpenRows(
    """FROM notification_outbox n LEFT JOIN bookings b ON b.id = n.booking_id
     WHERE n.status = 'queued' AND n.channel <> 'in_app'""",
    key="n.id",
    run="'notice/' || n.id",
    business="n.business_id",
    payload="""jsonb_build_object('notice_id', n.id, 'business_id', n.business_id, 'kind', n.kind, 'give_up_at',
        CASE WHEN n.kind = 'booking_reminder'
             THEN least(greatest(b.start_at, now()), greatest(n.due_at, now()) + interval '24 hours')
             ELSE greatest(n.due_at, now()) + interval '24 hours' END)""",
    known="notification_outbox.id",
)
ROLLOUTS = OpenRows(
    """FROM flag_rollouts r JOIN feature_flags f ON f.id = r.flag_id WHERE r.status IN ('running', 'paused')""",
    key="r.id",
    run="'flag-rollout/' || r.id",
    payload="""jsonb_build_object('rollout_id', r.id, 'flag', f.name, 'plan', r.plan,
                                  'first_step', greatest(r.step, 1))""",
    known="flag_rollouts.id",
)
MEDIA = OpenRows(
    "FROM business_media m WHERE m.status = 'processing' AND m.deleted_at IS NULL",
    key="m.id",
    run="'media/' || m.id",
    business="m.business_id",
    payload="jsonb_build_object('media_id', m.id, 'business_id', m.business_id)",
    known="business_media.id",
)
EXPORTS = OpenRows(
    "FROM data_exports e WHERE e.status IN ('queued', 'ready')",
    key="e.id",
    run="'export/' || e.id",
    payload="jsonb_build_object('export_id', e.id, 'user_id', e.user_id)",
    known="data_exports.id",
)
IMPORTS = OpenRows(
    "FROM customer_imports i WHERE i.finished_at IS NULL",
    key="i.id",
    run="'customer-import/' || i.id",
    business="i.business_id",
    payload="""jsonb_build_object('import_id', i.id, 'business_id', i.business_id, 'taken', (
        SELECT count(*) FROM customer_import_rows l WHERE l.import_id = i.id AND l.outcome <> 'waiting'))""",
    known="customer_imports.id",
)
ARCHIVES = OpenRows(
    "FROM business_archives a WHERE a.status IN ('queued', 'ready')",
    key="a.id",
    run="'business-archive/' || a.id",
    business="a.business_id",
    payload="jsonb_build_object('archive_id', a.id, 'business_id', a.business_id)",
    known="business_archives.id",
)
ANALYTICS_EXPORTS = OpenRows(
    "FROM analytics_exports a WHERE a.status IN ('queued', 'ready')",
    key="a.id",
    run="'analytics-export/' || a.id",
    business="a.business_id",
    payload="jsonb_build_object('export_id', a.id, 'business_id', a.business_id)",
    known="analytics_exports.id",
)
ERASURES = OpenRows(
    "FROM erasures e WHERE (e.completed_at IS NULL OR e.address IS NOT NULL)",
    key="e.id",
    run="'erasure/' || e.user_id",
    payload="jsonb_build_object('erasure_id', e.id, 'user_id', e.user_id, 'delete_at', e.delete_at)",
    known="erasures.user_id",
)
TWO_FACTOR_RESETS = OpenRows(
    "FROM user_two_factors t WHERE t.reset_id IS NOT NULL",
    key="t.reset_id",
    run="'two-factor-reset/' || t.reset_id",
    payload="jsonb_build_object('reset_id', t.reset_id, 'user_id', t.user_id, 'reset_at', t.reset_at)",
    known="user_two_factors.reset_id",
)
VERIFICATIONS = OpenRows(
    "FROM business_verifications v WHERE v.status IN ('waiting', 'info_requested')",
    key="v.id",
    run="'verification/' || v.business_id",
    business="v.business_id",
    payload="""jsonb_build_object('verification_id', v.id, 'business_id', v.business_id, 'status', v.status,
        'since', coalesce((SELECT max(d.created_at) FROM business_decisions d WHERE d.verification_id = v.id),
                          v.created_at),
        'round', 1 + (SELECT count(*) FROM business_decisions d
                       WHERE d.verification_id = v.id AND d.decision = 'resubmitted'))""",
    known="businesses.id",
)
REVIEWS = OpenRows(
    """FROM reviews v
     WHERE v.deleted_at IS NULL
       AND (v.status = 'pending' OR EXISTS (SELECT 1 FROM review_moderations m
                                             WHERE m.review_id = v.id AND m.decided_at IS NULL))""",
    key="v.id",
    run="'review/' || v.id",
    business="v.business_id",
    payload="jsonb_build_object('review_id', v.id, 'business_id', v.business_id)",
    known="reviews.id",
)
CAMPAIGNS = OpenRows(
    "FROM campaigns g WHERE g.status IN ('scheduled', 'running', 'paused')",
    key="g.id",
    run="'campaign/' || g.id",
    business="g.business_id",
    payload="jsonb_build_object('campaign_id', g.id, 'business_id', g.business_id, 'status', g.status)",
    known="campaigns.id",
)
AUTOMATIONS = OpenRows(
    "FROM automations a WHERE a.enabled AND a.deleted_at IS NULL",
    key="a.id",
    run="'automation/' || a.id",
    business="a.business_id",
    payload="jsonb_build_object('automation_id', a.id, 'business_id', a.business_id)",
    known="automations.id",
)

# A row that waits in the outbox about the same aggregate starts the run, or asks for the start.
_ORDER = text("""
    INSERT INTO outbox (business_id, event, aggregate, payload, command)
    SELECT a.business_id, 'run.restored', a.run, jsonb_build_object('process', CAST(:process AS text), 'row_id', a.id),
           :command
      FROM unnest(CAST(:ids AS uuid[]), CAST(:runs AS text[]), CAST(:businesses AS uuid[])) AS a(id, run, business_id)
     WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.aggregate = a.run AND o.command IS NOT NULL
                          AND o.delivered_at IS NULL AND o.parked_at IS NULL)
    RETURNING aggregate
""")
_WAITING = text("""
    SELECT DISTINCT o.aggregate FROM outbox o
     WHERE o.aggregate = ANY(:runs) AND o.command IS NOT NULL AND o.delivered_at IS NULL AND o.parked_at IS NULL
""")
# The movements that the ledger has as intended, of a booking that is not held: a hold asks for its own at its end.
_ORDERED_MONEY = text("""
    SELECT t.movement_id FROM booking_payments p
      JOIN bookings b ON b.id = p.booking_id
      JOIN payment_transactions t ON t.payment_id = p.id
     WHERE p.booking_id = :booking_id AND b.status <> 'pending' AND t.phase = 'intended'
       AND t.movement IN ('capture', 'void')
       AND NOT EXISTS (SELECT 1 FROM payment_transactions o
                        WHERE o.movement_id = t.movement_id AND o.phase IN ('succeeded', 'failed'))
     ORDER BY t.id
""")
_CURRENT_PAYMENT = text(f"""
    SELECT p.id FROM booking_payments p WHERE p.booking_id = :booking_id ORDER BY {CURRENT_FIRST} LIMIT 1
""")
# When it was confirmed for its present time: a reminder that was due later is sent, even if late.
_ARMED_AT = text("""
    SELECT coalesce((SELECT max(h.created_at) FROM booking_history h
                      WHERE h.booking_id = b.id AND (h.event = 'rescheduled'
                            OR h.to_status = 'confirmed' AND h.from_status <> 'confirmed')), b.created_at)
      FROM bookings b WHERE b.id = :booking_id
""")


class OpenRowStore(Store):
    """Needs the platform's scope."""

    async def page(self, rows: OpenRows, after: UUID | None, size: int) -> list[OpenRow]:
        """The next rows that must have a run, in the order of their keys."""
        found = await self.session.execute(rows.page, {"after": after or _FIRST, "size": size})
        return [OpenRow(**row) for row in found.mappings()]

    async def find(self, rows: OpenRows, key: UUID) -> OpenRow | None:
        """One row; None if it needs no run any more."""
        row = (await self.session.execute(rows.one, {"id": key})).mappings().one_or_none()
        return None if row is None else OpenRow(**row)

    async def known(self, rows: OpenRows, ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of the ids for which there is a row, open or not."""
        return frozenset(await self.session.scalars(rows.known, {"ids": list(ids)}))

    async def waiting(self, runs: Sequence[str]) -> frozenset[str]:
        """Those of the runs about which a row of the outbox waits to be delivered."""
        return frozenset(await self.session.scalars(_WAITING, {"runs": list(runs)}))

    async def order(self, process: str, rows: Sequence[OpenRow]) -> list[str]:
        """Ask the relay to start the runs of these rows; gives the runs that it was not asked for before."""
        values = {
            "process": process,
            "command": RESTORE_RUN,
            "ids": [row.id for row in rows],
            "runs": [row.run for row in rows],
            "businesses": [row.business_id for row in rows],
        }
        return list(await self.session.scalars(_ORDER, values))

    async def ordered_money(self, booking_id: UUID) -> list[str]:
        """The ids of the movements of a booking that were asked for and have no outcome."""
        return list(await self.session.scalars(_ORDERED_MONEY, {"booking_id": booking_id}))

    async def current_payment(self, booking_id: UUID) -> UUID | None:
        """The payment of a booking that counts."""
        found: UUID | None = await self.session.scalar(_CURRENT_PAYMENT, {"booking_id": booking_id})
        return found

    async def armed_at(self, booking_id: UUID) -> datetime:
        """When the booking was confirmed for its present time, aware UTC."""
        found: datetime = (await self.session.execute(_ARMED_AT, {"booking_id": booking_id})).scalar_one()
        return found
