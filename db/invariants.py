"""Invariants of the tables, computed from the rows themselves and not from constraints, totals or statuses that the
platform maintains.

Every check reads one page of the keys of one table, so that each statement is short for a table of any size, and
returns what is wrong. The caller opens a read-only transaction with one snapshot for all pages.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from db.customers.invariants import TOTALS
from db.engine.store import Store
from db.reviews.invariants import REVIEWS, STARS
from domain.booking_status import ALLOWED, FINAL, LIVE
from domain.bookings.undo import BACK
from domain.messages.kinds import NoticeStatus

#: Keys per page: few round trips, and within the statement time limit.
PAGE = 2000


@dataclass(frozen=True, slots=True)
class Limits:
    """How long something may be in progress before it counts as lost. Zero for all: nothing is in progress any more.

    ``hold``: past the end of a hold. ``settling``: between a change and what follows from it. ``movement``: between
    asking for a movement of money (or a refund) and its outcome. ``bank``: a refund that the provider is carrying out.
    ``notice``: unsent. ``workflow``: a run's start may be this far behind its row.
    """

    hold: timedelta = timedelta(minutes=15)
    settling: timedelta = timedelta(minutes=5)
    movement: timedelta = timedelta(hours=24)
    bank: timedelta = timedelta(days=10)
    notice: timedelta = timedelta(hours=25)
    workflow: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation of an invariant. ``ids`` name the rows; ``facts`` are amounts, states and times."""

    kind: str
    ids: Mapping[str, str]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One statement over pages of ``table``; its rows are ``kind, ids, facts``."""

    name: str
    table: str
    statement: TextClause


@dataclass(frozen=True, slots=True)
class Expected:
    """A booking or notice that must have a workflow. ``has_command``: an outbox row about it is not delivered yet."""

    id: UUID
    status: str
    changed_at: datetime
    has_command: bool


# Linear in the claims: within a unit, in order of time, each must begin after all before it have ended.
_DOUBLE_CLAIMS = text("""
    WITH live AS (
        SELECT c.id, c.booking_id, c.resource_id, c.unit, c.starts_at, c.ends_at, max(c.ends_at) OVER earlier AS busy
          FROM resource_claims c
         WHERE c.released_at IS NULL AND c.resource_id > :after AND c.resource_id <= :last
        WINDOW earlier AS (PARTITION BY c.resource_id, c.unit ORDER BY c.starts_at, c.id
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
    SELECT 'double_claim' AS kind,
           jsonb_build_object('resource_id', l.resource_id, 'claim_id', l.id, 'booking_id', l.booking_id,
                              'other_claim_id', o.id, 'other_booking_id', o.booking_id) AS ids,
           jsonb_build_object('unit', l.unit, 'starts_at', l.starts_at, 'ends_at', l.ends_at) AS facts
      FROM live l
     CROSS JOIN LATERAL (
        SELECT c.id, c.booking_id FROM resource_claims c
         WHERE c.released_at IS NULL AND c.resource_id = l.resource_id AND c.unit = l.unit AND c.id <> l.id
           AND c.starts_at < l.ends_at AND c.ends_at > l.starts_at
         ORDER BY c.starts_at, c.id LIMIT 1) o
     WHERE l.busy > l.starts_at
""")
_CLAIMS = text("""
    WITH page AS (
        SELECT id, status, hold_expires_at, start_at, end_at FROM bookings WHERE id > :after AND id <= :last),
    claim AS (
        SELECT c.*, b.status, b.hold_expires_at FROM page b
          JOIN resource_claims c ON c.booking_id = b.id AND c.released_at IS NULL)
    SELECT 'item_without_claim' AS kind, jsonb_build_object('booking_id', b.id, 'item_id', i.id) AS ids,
           jsonb_build_object('status', b.status, 'start_at', i.start_at) AS facts
      FROM page b JOIN booking_items i ON i.booking_id = b.id
     WHERE b.status = ANY(:live) AND NOT EXISTS (
        SELECT 1 FROM resource_claims c
         WHERE c.booking_id = b.id AND c.released_at IS NULL AND c.item_position = i.position
           AND c.starts_at = i.start_at - make_interval(mins => i.buffer_before_minutes)
           AND c.ends_at = i.end_at + make_interval(mins => i.buffer_after_minutes))
    UNION ALL
    SELECT 'booking_and_items_differ', jsonb_build_object('booking_id', b.id),
           jsonb_build_object('status', b.status, 'start_at', b.start_at, 'end_at', b.end_at)
      FROM page b LEFT JOIN LATERAL (
        SELECT min(start_at) AS first, max(end_at) AS last FROM booking_items WHERE booking_id = b.id) i ON true
     WHERE (i.first, i.last) IS DISTINCT FROM (b.start_at, b.end_at)
    UNION ALL
    SELECT 'claim_of_another_time', jsonb_build_object('booking_id', c.booking_id, 'claim_id', c.id),
           jsonb_build_object('starts_at', c.starts_at, 'ends_at', c.ends_at)
      FROM claim c
     WHERE c.status = ANY(:live) AND NOT EXISTS (
        SELECT 1 FROM booking_items i WHERE i.booking_id = c.booking_id AND i.position = c.item_position
           AND c.starts_at = i.start_at - make_interval(mins => i.buffer_before_minutes)
           AND c.ends_at = i.end_at + make_interval(mins => i.buffer_after_minutes))
    UNION ALL
    SELECT 'claim_that_lapses', jsonb_build_object('booking_id', c.booking_id, 'claim_id', c.id),
           jsonb_build_object('status', c.status, 'holds_until', c.holds_until)
      FROM claim c WHERE c.status IN ('confirmed', 'checked_in') AND c.holds_until IS NOT NULL
    UNION ALL
    SELECT 'claim_and_hold_differ', jsonb_build_object('booking_id', c.booking_id, 'claim_id', c.id),
           jsonb_build_object('holds_until', c.holds_until, 'hold_expires_at', c.hold_expires_at)
      FROM claim c WHERE c.status = 'pending' AND c.holds_until IS DISTINCT FROM c.hold_expires_at
    UNION ALL
    SELECT 'overbooked_without_record', jsonb_build_object('booking_id', c.booking_id, 'claim_id', c.id),
           jsonb_build_object('unit', c.unit, 'starts_at', c.starts_at)
      FROM claim c
     WHERE c.unit >= 1000 AND NOT EXISTS (
        SELECT 1 FROM booking_history h WHERE h.booking_id = c.booking_id AND h.event = 'overbooked')
    UNION ALL
    SELECT 'claim_of_ended_booking', jsonb_build_object('booking_id', c.booking_id, 'claim_id', c.id),
           jsonb_build_object('status', c.status, 'starts_at', c.starts_at)
      FROM claim c WHERE c.status = ANY(:final)
""")
_HOLDS = text("""
    SELECT 'hold_overdue' AS kind, jsonb_build_object('booking_id', b.id) AS ids,
           jsonb_build_object('hold_expires_at', b.hold_expires_at) AS facts
      FROM bookings b
     WHERE b.id > :after AND b.id <= :last AND b.status = 'pending'
       AND b.hold_expires_at < CAST(:hold AS timestamptz)
       AND NOT EXISTS (SELECT 1 FROM attention a
                        WHERE a.business_id = b.business_id AND a.booking_id = b.id AND a.kind <> ALL(:not_money))
""")
# By id: rows of one booking are written under its lock, and ids are made in the order of writing.
_HISTORY = text("""
    WITH step AS (
        SELECT h.booking_id, h.id, h.event, h.from_status, h.to_status, lag(h.to_status) OVER history AS before,
               row_number() OVER history AS number
          FROM booking_history h WHERE h.booking_id > :after AND h.booking_id <= :last
        WINDOW history AS (PARTITION BY h.booking_id ORDER BY h.id))
    SELECT 'history_broken' AS kind, jsonb_build_object('booking_id', booking_id, 'history_id', id) AS ids,
           jsonb_build_object('event', event, 'from', from_status, 'before', before) AS facts
      FROM step WHERE from_status IS DISTINCT FROM before OR (number = 1 AND to_status <> 'pending')
    UNION ALL
    SELECT 'transition_not_allowed', jsonb_build_object('booking_id', booking_id, 'history_id', id),
           jsonb_build_object('event', event, 'from', from_status, 'to', to_status)
      FROM step WHERE from_status <> to_status AND from_status || '>' || to_status <> ALL(:allowed)
""")
_LAST_HISTORY = text("""
    SELECT 'status_without_history' AS kind, jsonb_build_object('booking_id', b.id) AS ids,
           jsonb_build_object('status', b.status, 'recorded', s.to_status) AS facts
      FROM bookings b
      LEFT JOIN LATERAL (
          SELECT h.to_status FROM booking_history h WHERE h.booking_id = b.id ORDER BY h.id DESC LIMIT 1) s ON true
     WHERE b.id > :after AND b.id <= :last AND s.to_status IS DISTINCT FROM b.status
""")
# `held`: the customer's money that is captured or authorized and not being refunded. `entitled`: what the business may
# keep by the end of the booking; NULL: all of it.
_MONEY = text("""
    WITH payment AS (
        SELECT p.id, p.business_id, p.booking_id, p.status, p.amount, p.authorized, p.captured, p.refunded,
               b.status AS booking_status, b.amount_due, greatest(p.updated_at, b.updated_at) AS changed_at,
               r.all_of_it, r.succeeded, l.captures, l.refunds,
               CASE WHEN p.status = 'authorized' THEN p.authorized
                    ELSE p.captured - p.refunded - r.going END AS held,
               CASE WHEN p.status = 'voided' OR b.status = 'expired' THEN 0
                    WHEN b.status = ANY(:live) OR b.undo_until IS NOT NULL THEN NULL
                    WHEN b.status = 'declined' THEN 0
                    WHEN p.status = 'authorized' THEN 0
                    WHEN b.status IN ('cancelled', 'no_show') THEN coalesce(b.cancellation_penalty, 0) END AS entitled
          FROM booking_payments p JOIN bookings b ON b.id = p.booking_id
         CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount) FILTER (WHERE status IN ('requested', 'processing')), 0) AS going,
                   coalesce(sum(amount) FILTER (WHERE status = 'succeeded'), 0) AS succeeded,
                   coalesce(sum(amount) FILTER (WHERE status <> 'failed'), 0) AS all_of_it
              FROM refunds WHERE payment_id = p.id) r
         CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount) FILTER (WHERE movement = 'capture'), 0) AS captures,
                   coalesce(sum(amount) FILTER (WHERE movement = 'refund'), 0) AS refunds
              FROM payment_transactions WHERE payment_id = p.id AND phase = 'succeeded') l
         WHERE p.id > :after AND p.id <= :last),
    old AS (SELECT * FROM payment WHERE changed_at < CAST(:settling AS timestamptz)),
    found AS (
        SELECT 'money_unaccounted' AS kind, *, true AS is_open FROM old o
         WHERE o.held > o.entitled AND NOT EXISTS (
            SELECT 1 FROM payment_transactions t
             WHERE t.payment_id = o.id AND t.phase = 'intended' AND t.movement IN ('capture', 'void')
               AND t.created_at > CAST(:movement AS timestamptz)
               AND NOT EXISTS (SELECT 1 FROM payment_transactions e
                                WHERE e.movement_id = t.movement_id AND e.phase IN ('succeeded', 'failed')))
        UNION ALL
        SELECT 'wrong_amount', *, true FROM payment WHERE held > 0 AND amount <> amount_due
        UNION ALL
        SELECT 'refunded_more_than_paid', *, refunded <= captured FROM payment
         WHERE refunded > captured OR (captured > 0 AND all_of_it > captured)
        UNION ALL
        SELECT 'refunds_and_total_differ', *, false FROM old WHERE refunded <> succeeded
        UNION ALL
        SELECT 'ledger_and_total_differ', *, false FROM payment WHERE captures <> captured
        UNION ALL
        SELECT 'ledger_and_refunds_differ', *, false FROM payment WHERE refunds <> succeeded)
    SELECT f.kind, jsonb_build_object('payment_id', f.id, 'booking_id', f.booking_id) AS ids,
           jsonb_build_object('status', f.status, 'booking_status', f.booking_status, 'held', f.held,
                              'entitled', f.entitled, 'amount', f.amount, 'amount_due', f.amount_due,
                              'captured', f.captured, 'refunded', f.refunded, 'refunds', f.all_of_it,
                              'succeeded', f.succeeded, 'ledger_captures', f.captures,
                              'ledger_refunds', f.refunds) AS facts
      FROM found f
     WHERE NOT f.is_open OR NOT EXISTS (
        SELECT 1 FROM attention a
         WHERE a.business_id = f.business_id AND (a.payment_id = f.id OR a.booking_id = f.booking_id)
           AND a.kind <> ALL(:not_money))
""")
_REFUNDS = text("""
    SELECT 'refund_stuck' AS kind,
           jsonb_build_object('refund_id', r.id, 'payment_id', r.payment_id, 'booking_id', r.booking_id) AS ids,
           jsonb_build_object('status', r.status, 'amount', r.amount, 'since', r.updated_at) AS facts
      FROM refunds r
     WHERE r.id > :after AND r.id <= :last
       AND ((r.status = 'requested' AND r.updated_at < CAST(:movement AS timestamptz))
            OR (r.status = 'processing' AND r.updated_at < CAST(:bank AS timestamptz))
            OR (r.status = 'failed' AND r.updated_at < CAST(:settling AS timestamptz)))
       AND NOT EXISTS (SELECT 1 FROM attention a
                        WHERE a.business_id = r.business_id AND a.kind <> ALL(:not_money)
                          AND (a.payment_id = r.payment_id OR a.booking_id = r.booking_id))
       AND NOT EXISTS (SELECT 1 FROM outbox o WHERE r.status = 'requested' AND o.aggregate = 'refund/' || r.id
                          AND o.command IS NOT NULL AND o.delivered_at IS NULL AND o.parked_at IS NULL)
""")
_EVENTS = text("""
    SELECT 'event_not_applied' AS kind,
           jsonb_build_object('webhook_id', w.id, 'payment_id', w.payment_id, 'booking_id', p.booking_id) AS ids,
           jsonb_build_object('event_type', w.event_type, 'received_at', w.received_at) AS facts
      FROM payment_webhooks w LEFT JOIN booking_payments p ON p.id = w.payment_id
     WHERE w.id > :after AND w.id <= :last AND w.applied_at IS NULL
       AND w.received_at < CAST(:settling AS timestamptz)
       AND NOT EXISTS (SELECT 1 FROM outbox o
                        WHERE o.aggregate = ANY('booking/' || p.booking_id
                                                || ARRAY(SELECT 'refund/' || r.id FROM refunds r
                                                          WHERE r.payment_id = p.id))
                          AND o.command IS NOT NULL AND o.delivered_at IS NULL AND o.parked_at IS NULL)
       AND NOT EXISTS (SELECT 1 FROM attention a WHERE a.dedupe_key = 'event_refused:' || w.id)
""")
_NOTICES = text("""
    WITH notice AS (
        SELECT n.id, n.business_id, n.booking_id, n.kind AS message, n.status, n.updated_at, a.accepted
          FROM notification_outbox n
         CROSS JOIN LATERAL (SELECT coalesce(max(c.calls), 0) AS accepted
                               FROM (SELECT count(*) AS calls FROM notification_attempts
                                      WHERE notice_id = n.id AND outcome = 'accepted' GROUP BY channel) c) a
         WHERE n.id > :after AND n.id <= :last AND n.channel <> 'in_app'),
    found AS (
        SELECT 'notice_sent_twice' AS kind, * FROM notice WHERE accepted > 1
        UNION ALL
        SELECT 'notice_never_accepted', * FROM notice WHERE accepted = 0 AND status = ANY(:sent)
        UNION ALL
        SELECT 'notice_sent_but_not_noted', * FROM notice WHERE accepted > 0 AND status <> ALL(:sent)
        UNION ALL
        SELECT 'notice_overdue', * FROM notice n
         WHERE status = 'queued' AND accepted = 0 AND updated_at < CAST(:notice AS timestamptz)
           AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.aggregate = 'notice/' || n.id AND o.command IS NOT NULL
                              AND o.delivered_at IS NULL AND o.parked_at IS NULL
                              AND o.not_before > CAST(:notice AS timestamptz)))
    SELECT kind, jsonb_build_object('notice_id', id, 'booking_id', booking_id) AS ids,
           jsonb_build_object('message', message, 'status', status, 'accepted', accepted, 'since', updated_at) AS facts
      FROM found
""")

_OFFERS = text("""
    WITH page AS (
        SELECT o.id, o.entry_id, o.status, o.start_at, o.expires_at, w.status AS entry_status, (
                   SELECT count(*) FROM resource_claims c WHERE c.offer_id = o.id AND c.released_at IS NULL) AS claims
          FROM waitlist_offers o JOIN waitlist w ON w.id = o.entry_id WHERE o.id > :after AND o.id <= :last)
    SELECT 'offer_without_claim' AS kind, jsonb_build_object('offer_id', id, 'entry_id', entry_id) AS ids,
           jsonb_build_object('start_at', start_at) AS facts
      FROM page WHERE status = 'open' AND claims = 0
    UNION ALL
    SELECT 'claim_of_ended_offer', jsonb_build_object('offer_id', id, 'entry_id', entry_id),
           jsonb_build_object('status', status, 'start_at', start_at)
      FROM page WHERE status <> 'open' AND claims > 0
    UNION ALL
    SELECT 'offer_overdue', jsonb_build_object('offer_id', id, 'entry_id', entry_id),
           jsonb_build_object('expires_at', expires_at)
      FROM page WHERE status = 'open' AND expires_at < CAST(:hold AS timestamptz)
    UNION ALL
    SELECT 'offer_of_another_state', jsonb_build_object('offer_id', id, 'entry_id', entry_id),
           jsonb_build_object('status', status, 'entry_status', entry_status)
      FROM page WHERE status = 'open' AND entry_status <> 'offered'
""")

CHECKS: Sequence[Check] = (
    Check("double claims", "resources", _DOUBLE_CLAIMS),
    Check("claims of bookings", "bookings", _CLAIMS),
    Check("holds", "bookings", _HOLDS),
    Check("offers of the waitlist", "waitlist_offers", _OFFERS),
    Check("history", "bookings", _HISTORY),
    Check("last history", "bookings", _LAST_HISTORY),
    Check("money", "booking_payments", _MONEY),
    Check("refunds", "refunds", _REFUNDS),
    Check("provider events", "payment_webhooks", _EVENTS),
    Check("notices", "notification_outbox", _NOTICES),
    Check("reviews", "reviews", REVIEWS),
    Check("totals of customers", "customers", TOTALS),
    Check("stars", "businesses", STARS),
)

#: Attention items that say nothing about where money is.
NOT_MONEY = ("visit_unattended", "rebook")

_SENT = (NoticeStatus.SENT, NoticeStatus.DELIVERED, NoticeStatus.BOUNCED)
_FIRST = UUID(int=0)
_PAGE_OF = {
    table: text(f"""
        SELECT id FROM (SELECT id FROM {table} WHERE id > :after ORDER BY id LIMIT :size) page
         ORDER BY id DESC LIMIT 1
    """)
    for table in {check.table for check in CHECKS}
}
_EXPECTED_BOOKINGS = text("""
    SELECT b.id, b.status, b.updated_at AS changed_at,
           EXISTS (SELECT 1 FROM outbox o WHERE o.aggregate = 'booking/' || b.id AND o.command IS NOT NULL
                      AND o.delivered_at IS NULL AND o.parked_at IS NULL) AS has_command
      FROM bookings b
     WHERE b.id > :after AND (b.status <> ALL(:final) OR b.updated_at > CAST(:ended_after AS timestamptz))
     ORDER BY b.id LIMIT :size
""")
_EXPECTED_NOTICES = text("""
    SELECT n.id, n.status, n.updated_at AS changed_at,
           EXISTS (SELECT 1 FROM outbox o WHERE o.aggregate = 'notice/' || n.id AND o.command IS NOT NULL
                      AND o.delivered_at IS NULL AND o.parked_at IS NULL) AS has_command
      FROM notification_outbox n
     WHERE n.id > :after AND n.status = 'queued' ORDER BY n.id LIMIT :size
""")
# Postgres expects one row between two keys (UUIDs have no scale), plans for it, and joins a page with itself row by
# row: 5 s instead of 0.05 s for each 2,000 of 1,000,000 bookings. A plan that is made for any keys expects thousands.
_PLAN_ONCE = text("SET LOCAL plan_cache_mode = force_generic_plan")


class InvariantStore(Store):
    """Reads only. Needs the platform's scope."""

    async def run(self, check: Check, now: datetime, limits: Limits, size: int = PAGE) -> AsyncIterator[Finding]:
        """The findings of a check, page by page, in the order of the table's keys."""
        values: dict[str, Any] = {
            "live": [status.value for status in LIVE],
            "final": [status.value for status in FINAL],
            "allowed": [f"{a.value}>{b.value}" for table in (ALLOWED, BACK) for a, to in table.items() for b in to],
            "sent": [status.value for status in _SENT],
            "not_money": list(NOT_MONEY),
            # Rows that are older than these instants are overdue.
            **{name: now - limit for name, limit in asdict(limits).items()},
        }
        await self.session.execute(_PLAN_ONCE)
        asked = check.statement.compile().params.keys() & values.keys()
        values = {name: values[name] for name in asked}
        after = _FIRST
        while last := await self.session.scalar(_PAGE_OF[check.table], {"after": after, "size": size}):
            rows = await self.session.execute(check.statement, {**values, "after": after, "last": last})
            for row in rows:
                yield Finding(row.kind, row.ids, row.facts)
            after = last

    async def expected_bookings(self, after: UUID | None, ended_after: datetime, size: int) -> list[Expected]:
        """The next bookings that must have a workflow: those not over, and those that ended after ``ended_after``."""
        values = {"after": after or _FIRST, "ended_after": ended_after, "size": size}
        values |= {"final": [status.value for status in FINAL]}
        return [Expected(**row) for row in (await self.session.execute(_EXPECTED_BOOKINGS, values)).mappings()]

    async def expected_notices(self, after: UUID | None, size: int) -> list[Expected]:
        """The next notices that must have a running workflow: the queued ones."""
        rows = await self.session.execute(_EXPECTED_NOTICES, {"after": after or _FIRST, "size": size})
        return [Expected(**row) for row in rows.mappings()]
