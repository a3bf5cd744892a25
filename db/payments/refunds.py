"""Refunds: one row each, whether requested here or in the provider's dashboard."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.payments.ledger import Entry, LedgerStore
from db.payments.payments import PaymentStore
from db.platform.attention import AttentionStore
from db.platform.outbox import START_REFUND, OutboxStore
from domain.booking_status import BookingStatus
from domain.errors import NotFound
from domain.money import Money
from domain.payments.movements import of_refund
from domain.payments.payment import Payment
from domain.payments.provider_events import RefundEvent, after_refunds
from domain.payments.refunds import (
    ABOVE_PAID,
    PHASE_OF,
    UNFINISHED,
    Refund,
    RefundChange,
    RefundReason,
    RefundReport,
    amount_to_refund,
    change_refund,
    may_count,
    refund_status_of,
)
from domain.payments.status import Movement, Phase, RefundStatus
from domain.payments.tasks import MoneyResult, MoneyTask

COLUMNS = """r.id, r.business_id, r.payment_id, r.booking_id, r.status, r.amount, r.currency, r.reason, r.command_id,
    r.provider_refund_id, r.failure_reason, r.created_at"""

_GET = text(f"SELECT {COLUMNS} FROM refunds r WHERE r.id = :id")
_LOCK = text(f"SELECT {COLUMNS} FROM refunds r WHERE r.id = :id FOR NO KEY UPDATE")
_LIST = text(f"SELECT {COLUMNS} FROM refunds r WHERE r.payment_id = :payment_id ORDER BY r.id")
_ASKED = text(f"SELECT {COLUMNS} FROM refunds r WHERE r.payment_id = :payment_id AND r.command_id = :command_id")
_KNOWN = text(f"""
    SELECT {COLUMNS} FROM refunds r
     WHERE r.payment_id = :payment_id AND (r.id = :refund_id OR r.provider_refund_id = :provider_refund_id)
     ORDER BY r.id = :refund_id DESC NULLS LAST LIMIT 1 FOR NO KEY UPDATE
""")
_OURS = text("""
    SELECT r.id FROM refunds r
     WHERE r.payment_id = :payment_id AND (r.id = :refund_id OR r.provider_refund_id = :provider_refund_id)
       AND r.reason <> :by_hand
     ORDER BY r.id = :refund_id DESC NULLS LAST LIMIT 1
""").bindparams(bindparam("refund_id", type_=PgUUID))
_INSERT = text(f"""
    INSERT INTO refunds AS r (business_id, payment_id, booking_id, amount, currency, reason, command_id,
                              provider_refund_id)
    VALUES (:business_id, :payment_id, :booking_id, :amount, :currency, :reason, :command_id, :provider_refund_id)
    RETURNING {COLUMNS}
""")
_ON_THE_WAY = text("""
    SELECT coalesce(sum(amount), 0)::bigint FROM refunds
     WHERE payment_id = :payment_id AND status IN ('requested', 'processing')
""")
_CONFIRMED = text("""
    SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE payment_id = :payment_id AND status = 'succeeded'
""")
_AWAITING = text(f"""
    SELECT {COLUMNS} FROM refunds r WHERE r.payment_id = :payment_id AND r.awaits_capture ORDER BY r.id
""")
_WRITE = text("""
    UPDATE refunds SET status = :status, provider_refund_id = coalesce(:provider_refund_id, provider_refund_id),
           failure_reason = :failure_reason,
           awaits_capture = :awaits_capture OR (awaits_capture AND :status = 'processing')
     WHERE id = :id
""")


def _refund_of(row: Row[Any]) -> Refund:
    return Refund(**{**row._mapping, "status": RefundStatus(row.status), "reason": RefundReason(row.reason)})


class RefundStore(Store):
    """Refunds of payments."""

    async def request(self, payment_id: UUID, asked: Money | None, reason: RefundReason, command_id: str) -> Refund:
        """Refund ``asked``, or all that is left; the outbox starts the refund's workflow.

        The same ``command_id`` returns the same refund. Raises NotFound, and what ``amount_to_refund`` raises.
        """
        payment, _ = await PaymentStore(self.session, self.context).lock(payment_id)
        command = {"payment_id": payment_id, "command_id": command_id}
        known = (await self.session.execute(_ASKED, command)).one_or_none()
        if known is not None:
            return _refund_of(known)
        amount = amount_to_refund(payment.view(), payment.currency, asked, await self.on_the_way(payment_id))
        refund = await self._insert(payment, amount, reason, command_id)
        await OutboxStore(self.session, self.context).add(
            "refund.requested",
            f"refund/{refund.id}",
            refund.business_id,
            {
                "refund_id": refund.id,
                "business_id": refund.business_id,
                "booking_id": refund.booking_id,
                "payment_id": refund.payment_id,
                "amount": refund.amount,
                "currency": refund.currency,
            },
            command=START_REFUND,
        )
        return refund

    async def get(self, refund_id: UUID) -> Refund:
        """Raises NotFound, also for another tenant's."""
        row = (await self.session.execute(_GET, {"id": refund_id})).one_or_none()
        if row is None:
            raise NotFound({"refund_id": str(refund_id)})
        return _refund_of(row)

    async def find_own(self, payment_id: UUID, event: RefundEvent) -> UUID | None:
        """The id of the event's refund. None: it was made in the provider's dashboard and has no run."""
        values = {
            "payment_id": payment_id,
            "refund_id": event.refund_id,
            "provider_refund_id": event.provider_refund_id,
            "by_hand": RefundReason.PROVIDER.value,
        }
        refund_id: UUID | None = await self.session.scalar(_OURS, values)
        return refund_id

    async def list_(self, payment_id: UUID) -> Sequence[Refund]:
        """All refunds of one payment, oldest first."""
        return [_refund_of(row) for row in await self.session.execute(_LIST, {"payment_id": payment_id})]

    async def on_the_way(self, payment_id: UUID) -> int:
        """Minor units of refunds in progress."""
        return int(await self.session.scalar(_ON_THE_WAY, {"payment_id": payment_id}) or 0)

    async def begin(self, refund_id: UUID) -> MoneyTask | None:
        """requested -> processing, with the intended row in the ledger. None when the refund has ended."""
        payment, _, refund = await self._lock(refund_id)
        if refund.status not in UNFINISHED:
            return None
        task = _task(payment, refund)
        await PaymentStore(self.session, self.context).intend(task)
        await self._write(refund, RefundChange(RefundStatus.PROCESSING, is_written=True))
        return task

    async def record(self, refund_id: UUID, result: MoneyResult) -> RefundStatus:
        """Record the provider's answer to ``begin``'s task; phase unknown means pending. A repeat changes nothing."""
        payment, booking_status, refund = await self._lock(refund_id)
        if result.phase is Phase.UNKNOWN:
            unknown = Entry.of(_task(payment, refund), Phase.UNKNOWN)
            await self._ledger.write(replace(unknown, provider_ref=result.provider_ref, reason=result.reason))
        status = refund_status_of(result.phase)
        report = RefundReport(status, result.provider_ref, result.reason, answer_by=result.answer_by)
        return await self._apply(payment, booking_status, refund, report)

    async def apply_event(self, payment: Payment, booking_status: BookingStatus, event: RefundEvent) -> RefundStatus:
        """Apply a provider's event about a refund of a locked payment; a refund that we did not request gets a row."""
        known = await self.session.execute(
            _KNOWN,
            {
                "payment_id": payment.id,
                "refund_id": event.refund_id,
                "provider_refund_id": event.provider_refund_id,
            },
        )
        row = known.one_or_none()
        if row is not None:
            refund = _refund_of(row)
        else:
            reason = RefundReason.PROVIDER
            command_id = f"{reason.value}:{event.provider_refund_id}"
            refund = await self._insert(payment, event.amount, reason, command_id, event.provider_refund_id)
        report = RefundReport(
            event.status, event.provider_refund_id, event.failure_reason, event.amount, event.answer_by
        )
        return await self._apply(payment, booking_status, refund, report)

    async def _apply(
        self, payment: Payment, booking_status: BookingStatus, refund: Refund, report: RefundReport
    ) -> RefundStatus:
        left = payment.captured - await self._confirmed(payment.id)
        change = change_refund(refund, report, left)
        await self._write_change(payment, refund, change, report)
        if change.ended is Phase.SUCCEEDED:
            await self.recount(payment, booking_status)
        return change.status

    async def _write_change(self, payment: Payment, refund: Refund, change: RefundChange, report: RefundReport) -> None:
        payments = PaymentStore(self.session, self.context)
        await payments.raise_alerts(payment, *change.alerts)
        if change.is_written:
            await self._write(refund, change, report.provider_refund_id)
        if change.ended is not None:
            await self._record_end(payment, refund, change, report)
        await payments.queue_notices(payment, *change.notices)

    async def _record_end(self, payment: Payment, refund: Refund, change: RefundChange, report: RefundReport) -> None:
        """The ledger's row and the event of a refund that has ended."""
        entry = Entry.of(_task(payment, refund), PHASE_OF[change.status])
        await self._ledger.write(replace(entry, provider_ref=report.provider_refund_id, reason=report.reason))
        await OutboxStore(self.session, self.context).add(
            f"refund.{change.status.value}",
            f"refund/{refund.id}",
            refund.business_id,
            {
                "refund_id": refund.id,
                "booking_id": refund.booking_id,
                "payment_id": refund.payment_id,
                "amount": refund.amount,
                "currency": refund.currency,
                "reason": refund.reason.value,
            },
        )

    async def recount(self, payment: Payment, booking_status: BookingStatus) -> Payment:
        """Set a locked payment's ``refunded`` to the confirmed sum: the event of a refund may have come before the
        event of the capture, and counts now."""
        confirmed = await self._confirmed(payment.id)
        for row in (await self.session.execute(_AWAITING, {"payment_id": payment.id})).all():
            refund, left = _refund_of(row), payment.captured - confirmed
            if may_count(refund, left):
                report = RefundReport(RefundStatus.SUCCEEDED, refund.provider_refund_id)
                await self._write_change(payment, refund, change_refund(refund, report, left), report)
                await AttentionStore(self.session, self.context).close([f"{ABOVE_PAID}:{refund.id}"], "captured")
                confirmed += refund.amount
        totals = after_refunds(payment.totals, confirmed)
        return await PaymentStore(self.session, self.context).apply_totals(payment, totals, booking_status)

    async def _lock(self, refund_id: UUID) -> tuple[Payment, BookingStatus, Refund]:
        refund = await self.get(refund_id)
        payment, booking_status = await PaymentStore(self.session, self.context).lock(refund.payment_id)
        row = (await self.session.execute(_LOCK, {"id": refund_id})).one()
        return payment, booking_status, _refund_of(row)

    async def _insert(
        self,
        payment: Payment,
        amount: int,
        reason: RefundReason,
        command_id: str,
        provider_refund_id: str | None = None,
    ) -> Refund:
        row = await self.session.execute(
            _INSERT,
            {
                "business_id": payment.business_id,
                "payment_id": payment.id,
                "booking_id": payment.booking_id,
                "amount": amount,
                "currency": payment.currency,
                "reason": reason.value,
                "command_id": command_id,
                "provider_refund_id": provider_refund_id,
            },
        )
        return _refund_of(row.one())

    async def _confirmed(self, payment_id: UUID) -> int:
        return int(await self.session.scalar(_CONFIRMED, {"payment_id": payment_id}) or 0)

    async def _write(self, refund: Refund, change: RefundChange, provider_refund_id: str | None = None) -> None:
        await self.session.execute(
            _WRITE,
            {
                "id": refund.id,
                "status": change.status.value,
                "provider_refund_id": provider_refund_id,
                "failure_reason": change.failure_reason,
                "awaits_capture": change.awaits_capture,
            },
        )

    @property
    def _ledger(self) -> LedgerStore:
        return LedgerStore(self.session, self.context)


def _task(payment: Payment, refund: Refund) -> MoneyTask:
    return payment.task(Movement.REFUND, of_refund(payment.id, refund.id), refund.amount)
