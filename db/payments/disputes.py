"""Disputes: recorded with the events of their provider, with the evidence that is stored about the booking."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.platform.attention import AttentionStore
from db.platform.outbox import START_DISPUTE, OutboxStore
from domain.errors import NotFound
from domain.payments.disputes import DUE, UNSENT, Dispute, after_event, needs_reminder, needs_run
from domain.payments.payment import Payment
from domain.payments.provider_events import DisputeEvent
from domain.payments.status import DisputeStatus

COLUMNS = """d.id, d.business_id, d.payment_id, d.booking_id, d.provider_dispute_id, d.status, d.amount, d.currency,
    d.reason, d.due_at, d.fee, d.evidence, d.closed_at, d.created_at, d.due_said_at, d.fee_said_at,
    d.evidence_sent_at, d.evidence_sent_by"""

_OPEN = text(f"""
    INSERT INTO payment_disputes AS d (business_id, payment_id, booking_id, provider_dispute_id, amount, currency,
                                       reason)
    VALUES (:business_id, :payment_id, :booking_id, :provider_dispute_id, :amount, :currency, :reason)
    ON CONFLICT (payment_id, provider_dispute_id) DO NOTHING RETURNING {COLUMNS}
""")
_KNOWN = text(f"""
    SELECT {COLUMNS} FROM payment_disputes d
     WHERE d.payment_id = :payment_id AND d.provider_dispute_id = :provider_dispute_id FOR NO KEY UPDATE
""")
_LOCK = text(f"SELECT {COLUMNS} FROM payment_disputes d WHERE d.id = :id FOR NO KEY UPDATE")
_LIST = text(f"SELECT {COLUMNS} FROM payment_disputes d WHERE d.payment_id = :payment_id ORDER BY d.id")
_CHANGE = text("""
    UPDATE payment_disputes SET status = :status, amount = :amount, due_at = :due_at, fee = :fee,
           closed_at = :closed_at, due_said_at = :due_said_at, fee_said_at = :fee_said_at
     WHERE id = :id
""")
_GET = text(f"""
    SELECT {COLUMNS} FROM payment_disputes d WHERE d.id = :id AND d.payment_id = :payment_id
""")
_SENT = text("""
    UPDATE payment_disputes SET evidence_sent_at = :now, evidence_sent_by = :by
     WHERE id = :id AND evidence_sent_at IS NULL
""").bindparams(bindparam("by", type_=PgUUID))
_SENDS_BY_ITSELF = text("""
    SELECT coalesce((SELECT send_dispute_evidence FROM business_settings WHERE business_id = :business_id), false)
""")
_KEEP = text("""
    UPDATE payment_disputes SET evidence = CAST(:evidence AS jsonb) WHERE id = :id AND evidence IS NULL
""")
# Stripe's guide "Respond to disputes": the service and its date, the policy that the customer agreed to, what was sent
# and delivered, what was paid and refunded, and the receipt. Ids, codes, amounts and times: names stay where they are.
_EVIDENCE = text("""
    SELECT jsonb_build_object(
        'booking', jsonb_build_object('code', b.code, 'status', b.status, 'start_at', b.start_at, 'end_at', b.end_at,
            'service_on', CAST(b.start_at AT TIME ZONE b.time_zone AS date),
            'price', b.price, 'currency', b.currency, 'policy', b.policy, 'booked_at', b.created_at,
            'contact_proven_at', b.contact_proven_at),
        'history', coalesce((
            SELECT jsonb_agg(jsonb_build_object('at', h.created_at, 'event', h.event, 'by', h.actor_kind) ORDER BY h.id)
              FROM booking_history h WHERE h.booking_id = b.id), '[]'),
        'movements', coalesce((
            SELECT jsonb_agg(jsonb_build_object('at', t.created_at, 'movement', t.movement, 'phase', t.phase,
                             'amount', t.amount, 'reference', t.provider_ref) ORDER BY t.id)
              FROM booking_payments p JOIN payment_transactions t ON t.payment_id = p.id WHERE p.booking_id = b.id),
            '[]'),
        'receipts', coalesce((
            SELECT jsonb_agg(jsonb_build_object('number', r.number, 'kind', r.kind, 'issued_on', r.issued_on,
                             'total', r.total, 'digest', r.digest) ORDER BY r.id)
              FROM receipts r WHERE r.booking_id = b.id), '[]'),
        'messages', coalesce((
            SELECT jsonb_agg(jsonb_build_object('kind', n.kind, 'channel', n.channel, 'status', n.status,
                             'sent_at', n.sent_at, 'delivered_at', n.delivered_at,
                             'reference', n.provider_message_id) ORDER BY n.id)
              FROM notification_outbox n WHERE n.booking_id = b.id AND n.audience = 'customer'), '[]')) AS evidence
      FROM bookings b WHERE b.id = :booking_id
""")


class DisputeStore(Store):
    """Disputes of payments."""

    async def record(self, payment: Payment, event: DisputeEvent, said_at: datetime, now: datetime) -> bool:
        """Record an event about a dispute of a locked payment; whether it is opened or ended by it. A new dispute
        starts its run, which gathers the evidence and reminds; so does another deadline of an open one. ``said_at``:
        when the provider made the event, aware UTC."""
        values: dict[str, Any] = {
            "business_id": payment.business_id,
            "payment_id": payment.id,
            "booking_id": payment.booking_id,
            "provider_dispute_id": event.dispute_id,
            "amount": event.amount,
            "currency": payment.currency,
            "reason": event.reason,
        }
        opened = (await self.session.execute(_OPEN, values)).one_or_none()
        known = _dispute_of(opened if opened is not None else (await self.session.execute(_KNOWN, values)).one())
        after = after_event(known, event, said_at, now)
        if after != known:
            await self._change(after)
        if after.status is not DisputeStatus.OPEN and known.status is DisputeStatus.OPEN:
            await AttentionStore(self.session, self.context).close([f"{DUE}:{after.id}"], after.status.value)
        if needs_run(known, after, is_new=opened is not None):
            about = {"dispute_id": after.id, "business_id": after.business_id, "booking_id": after.booking_id}
            more = {"due_at": after.due_at.isoformat() if after.due_at else None}
            await OutboxStore(self.session, self.context).add(
                "dispute.opened" if opened is not None else "dispute.due",
                f"dispute/{after.id}",
                after.business_id,
                about | more,
                command=START_DISPUTE,
            )
        return opened is not None or after.status is not known.status

    async def list_(self, payment_id: UUID) -> Sequence[Dispute]:
        """The disputes of one payment, oldest first."""
        return [_dispute_of(row) for row in await self.session.execute(_LIST, {"payment_id": payment_id})]

    async def gather(self, dispute_id: UUID) -> None:
        """Store what is known of the booking, once: the evidence is that of the opening. Raises NotFound."""
        dispute = await self._lock(dispute_id)
        if dispute.evidence is not None:
            return
        evidence = await self.session.scalar(_EVIDENCE, {"booking_id": dispute.booking_id})
        await self.session.execute(_KEEP, {"id": dispute_id, "evidence": json.dumps(evidence, ensure_ascii=False)})

    async def get(self, payment_id: UUID, dispute_id: UUID) -> Dispute:
        """One dispute of a payment. Raises NotFound."""
        row = (await self.session.execute(_GET, {"id": dispute_id, "payment_id": payment_id})).one_or_none()
        if row is None:
            raise NotFound({"dispute_id": str(dispute_id)})
        return _dispute_of(row)

    async def find_to_send(self, dispute_id: UUID, due_at: datetime | None) -> Dispute | None:
        """The dispute, if the business has chosen that its evidence is sent by itself, nobody has sent it, it is open,
        and ``due_at`` is still its deadline. Raises NotFound."""
        dispute = await self._lock(dispute_id)
        is_current = dispute.status is DisputeStatus.OPEN and dispute.due_at == due_at
        if not is_current or dispute.evidence is None or dispute.evidence_sent_at is not None:
            return None
        wanted = await self.session.scalar(_SENDS_BY_ITSELF, {"business_id": dispute.business_id})
        return dispute if wanted else None

    async def mark_sent(self, dispute: Dispute, by: UUID | None, now: datetime) -> None:
        """The provider has the evidence: note who sent it, once, and close the reminder. ``by`` None: the setting."""
        await self.session.execute(_SENT, {"id": dispute.id, "by": by, "now": now})
        keys = [f"{DUE}:{dispute.id}", f"{UNSENT}:{dispute.id}"]
        await AttentionStore(self.session, self.context).close(keys, "evidence_sent")

    async def remind(self, dispute_id: UUID, now: datetime, due_at: datetime | None = None) -> bool:
        """File the deadline for a person. False: the dispute has ended, its deadline is over, or it is not ``due_at``,
        that of the run that asks, any more. Raises NotFound."""
        dispute = await self._lock(dispute_id)
        if not needs_reminder(dispute, now, due_at):
            return False
        await AttentionStore(self.session, self.context).file(
            DUE,
            f"{DUE}:{dispute.id}",
            business_id=dispute.business_id,
            booking_id=dispute.booking_id,
            payment_id=dispute.payment_id,
            details={
                "dispute_id": dispute.provider_dispute_id,
                "amount": dispute.amount,
                "currency": dispute.currency,
                "reason": dispute.reason,
                "due_at": dispute.due_at.isoformat() if dispute.due_at else None,
            },
        )
        return True

    async def _lock(self, dispute_id: UUID) -> Dispute:
        row = (await self.session.execute(_LOCK, {"id": dispute_id})).one_or_none()
        if row is None:
            raise NotFound({"dispute_id": str(dispute_id)})
        return _dispute_of(row)

    async def _change(self, after: Dispute) -> None:
        values = {"id": after.id, "status": after.status.value, "amount": after.amount}
        more = {"due_at": after.due_at, "fee": after.fee, "closed_at": after.closed_at}
        said = {"due_said_at": after.due_said_at, "fee_said_at": after.fee_said_at}
        await self.session.execute(_CHANGE, values | more | said)


def _dispute_of(row: Row[Any]) -> Dispute:
    return Dispute(**{**row._mapping, "status": DisputeStatus(row.status)})
