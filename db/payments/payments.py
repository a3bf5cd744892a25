"""Payments: opening and reading them, and recording the provider's answers.

Locks are taken in the same order everywhere: booking, payment, refund, claims. A payment changes only under the lock of
its booking, so that it does not change while a decision about the booking is made.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from db.engine.store import Store
from db.messages.notices import NoticeStore
from db.payments.ledger import Entry, LedgerStore
from db.platform.attention import AttentionStore
from db.platform.outbox import OutboxStore
from domain.booking_status import BookingStatus
from domain.errors import Conflict, NotFound
from domain.messages.kinds import NoticeKind
from domain.payments.intents import is_as_requested
from domain.payments.lapse import WITH_CUSTOMER
from domain.payments.movements import by_provider, is_other_card
from domain.payments.provider_events import IntentEvent, PaymentTotals, after_intent, authorized_by
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView

COLUMNS = """p.id, p.business_id, p.booking_id, p.provider, p.provider_intent_id, p.status, p.capture_method, p.amount,
    p.authorized, p.captured, p.refunded, p.currency, p.client_secret, p.decline_code, p.created_at,
    p.authorized_until, p.replaces"""
#: Order for the current payment of a booking: the newest with money, else one that could be paid. A voided one is
#: chosen only if there is no other.
CURRENT_FIRST = """p.status = 'voided', p.status IN ('requires_payment', 'processing', 'failed'), p.id DESC"""

_LOCK_BOOKING = text("""
    SELECT b.id, b.business_id, b.status, b.hold_expires_at, b.amount_due, b.currency, b.payment_mode,
           b.time_zone
      FROM bookings b WHERE b.id = :booking_id FOR NO KEY UPDATE
""")
_BOOKING_OF = text("SELECT booking_id FROM booking_payments WHERE id = :id")
_LOCK = text(f"SELECT {COLUMNS} FROM booking_payments p WHERE p.id = :id FOR NO KEY UPDATE")
_GET = text(f"SELECT {COLUMNS} FROM booking_payments p WHERE p.id = :id")
_LOCK_CURRENT = text(f"""
    SELECT {COLUMNS} FROM booking_payments p WHERE p.booking_id = :booking_id
     ORDER BY {CURRENT_FIRST} LIMIT 1 FOR NO KEY UPDATE
""")
_ATTACH = text("""
    UPDATE booking_payments SET provider_intent_id = :intent_id, client_secret = coalesce(:client_secret, client_secret)
     WHERE id = :id
""")
_UPDATE_TOTALS = text("""
    UPDATE booking_payments SET status = CAST(:status AS text), authorized = :authorized, captured = :captured,
           refunded = :refunded, decline_code = :decline_code,
           authorized_until = :authorized_until,
           closed_at = CASE WHEN :closed THEN coalesce(closed_at, now()) ELSE closed_at END
     WHERE id = :id
""")


@dataclass(frozen=True, slots=True)
class Payment:
    """One intent at the provider for one booking; minor units. ``client_secret`` is only for the customer's browser.
    ``replaces``: the former payment that this one with a new card replaces."""

    id: UUID
    business_id: UUID
    booking_id: UUID
    provider: str
    provider_intent_id: str | None
    status: PaymentStatus
    manual_capture: bool
    amount: int
    authorized: int
    captured: int
    refunded: int
    currency: str
    client_secret: str | None
    decline_code: str | None
    created_at: datetime
    authorized_until: datetime | None = None
    replaces: UUID | None = None

    @property
    def totals(self) -> PaymentTotals:
        """Status and totals."""
        return PaymentTotals(self.status, self.authorized, self.captured, self.refunded)

    def view(self) -> PaymentView:
        """The payment for the booking's workflow."""
        totals = (self.amount, self.authorized, self.captured, self.refunded)
        until = self.authorized_until if self.status is PaymentStatus.AUTHORIZED else None
        return PaymentView(self.id, self.status, *totals, self.manual_capture, until)

    def task(self, movement: Movement, movement_id: str, amount: int) -> MoneyTask:
        """The task for the provider."""
        return MoneyTask(
            movement_id=movement_id,
            movement=movement,
            payment_id=self.id,
            booking_id=self.booking_id,
            business_id=self.business_id,
            provider=self.provider,
            intent_id=self.provider_intent_id,
            amount=amount,
            currency=self.currency,
            amount_due=self.amount,
            manual_capture=self.manual_capture,
        )


#: Fields that are columns as they are.
_SAME = tuple(one.name for one in fields(Payment) if one.name not in {"status", "manual_capture"})


def payment_of(row: Row[Any]) -> Payment:
    """A row that has ``COLUMNS`` among its columns."""
    values: dict[str, Any] = {name: row._mapping[name] for name in _SAME}
    return Payment(**values, status=PaymentStatus(row.status), manual_capture=row.capture_method == "manual")


class PaymentStore(Store):
    """Payments and the ledger of movements."""

    async def attach_intent(self, payment_id: UUID, intent: IntentEvent, client_secret: str | None) -> Payment:
        """Store the provider's answer to the creation of the intent, and its status.

        Raises Conflict when the payment has another intent. For an intent over another amount or currency an attention
        item is filed, and it is not attached: ``provider_intent_id`` stays None and the customer must not get its
        secret.
        """
        payment, booking_status = await self.lock(payment_id)
        if payment.provider_intent_id not in {None, intent.intent_id}:
            raise Conflict({"payment_id": str(payment_id), "rule": "one_intent"})
        if not is_as_requested(payment.amount, payment.currency, intent):
            await self.report_mismatch(payment, intent.intent_id, intent.amount, intent.currency)
            return payment
        await self._attach(payment, intent.intent_id, client_secret)
        attached = replace(
            payment, provider_intent_id=intent.intent_id, client_secret=client_secret or payment.client_secret
        )
        return await self.apply_intent(attached, booking_status, intent)

    async def get(self, payment_id: UUID) -> Payment:
        """Raises NotFound, also for another tenant's."""
        row = (await self.session.execute(_GET, {"id": payment_id})).one_or_none()
        if row is None:
            raise NotFound({"payment_id": str(payment_id)})
        return payment_of(row)

    async def view(self, payment_id: UUID) -> PaymentView:
        """As the booking's workflow sees it. Raises NotFound."""
        return (await self.get(payment_id)).view()

    async def lock(self, payment_id: UUID) -> tuple[Payment, BookingStatus]:
        """Lock the payment's booking, then the payment. Raises NotFound."""
        booking_id = await self.session.scalar(_BOOKING_OF, {"id": payment_id})
        if booking_id is None:
            raise NotFound({"payment_id": str(payment_id)})
        booking = await self._lock_booking(booking_id)
        row = (await self.session.execute(_LOCK, {"id": payment_id})).one()
        return payment_of(row), BookingStatus(booking.status)

    async def lock_current(self, booking_id: UUID) -> Payment | None:
        """The current payment of a locked booking; None if there is none."""
        row = (await self.session.execute(_LOCK_CURRENT, {"booking_id": booking_id})).one_or_none()
        return None if row is None else payment_of(row)

    async def intend(self, task: MoneyTask) -> None:
        """Write the intended movement into the ledger; a repeat changes nothing."""
        await self._ledger.write(Entry.of(task, Phase.INTENDED))

    async def record(self, task: MoneyTask, result: MoneyResult) -> PaymentView:
        """Record the outcome of a capture or void: ledger, totals, status. A repeat changes nothing.

        The provider's status of the intent counts, whatever was requested: if a void finds a paid intent, the payment
        becomes captured. If a capture did not happen, an attention item is filed.
        """
        payment, booking_status = await self.lock(task.payment_id)
        if payment.provider_intent_id is None and result.intent_id is not None:
            await self._attach(payment, result.intent_id, None)
            payment = replace(payment, provider_intent_id=result.intent_id)
        if result.captured > payment.amount:
            await self.report_mismatch(payment, result.intent_id, result.captured, payment.currency)
            return payment.view()
        totals = after_intent(payment.totals, result.status, result.authorized, result.captured)
        changed = await self.apply_totals(payment, totals, booking_status, authorized_until=result.authorized_until)
        moved = task.amount
        if task.movement is Movement.CAPTURE and result.phase is Phase.SUCCEEDED:
            # Earlier amounts have their rows already; the ledger's captures add up to the payment's.
            moved = changed.captured - payment.captured
        await self._ledger.write(
            replace(Entry.of(task, result.phase), amount=moved, provider_ref=result.provider_ref, reason=result.reason)
        )
        if is_other_card(task.movement_id) and result.captured:
            await self._report_double_capture(changed)
        if task.movement is Movement.CAPTURE and result.phase is Phase.SUCCEEDED:
            await self._attention.settle(payment.booking_id, ("capture_failed",), "captured")
        if task.movement is Movement.CAPTURE and result.phase is Phase.FAILED:
            await self._attention.file(
                "capture_failed",
                f"capture_failed:{task.movement_id}",
                business_id=payment.business_id,
                booking_id=payment.booking_id,
                payment_id=payment.id,
                details={"amount": task.amount, "currency": payment.currency, "reason": result.reason},
            )
        return changed.view()

    async def apply_intent(
        self, payment: Payment, booking_status: BookingStatus, intent: IntentEvent, stale: bool = False
    ) -> Payment:
        """Apply what the provider says about the intent of a locked payment; ``stale``: a later event came before."""
        promised = authorized_by(intent.status, intent.amount, intent.captured, payment.manual_capture)
        totals = after_intent(payment.totals, intent.status, promised, intent.captured, stale)
        declined = intent.decline_code if totals.status is PaymentStatus.FAILED else None
        return await self.apply_totals(payment, totals, booking_status, declined, intent.authorized_until)

    async def apply_totals(
        self,
        payment: Payment,
        totals: PaymentTotals,
        booking_status: BookingStatus,
        decline_code: str | None = None,
        authorized_until: datetime | None = None,
    ) -> Payment:
        """Write new totals of a locked payment, and the resulting ledger rows, event and notices.

        If the end of an authorization is unknown, the shortest validity is assumed."""
        if totals == payment.totals and decline_code == payment.decline_code:
            return payment
        await self._write_movements(payment, totals, booking_status)
        until = payment.authorized_until
        if totals.status is PaymentStatus.AUTHORIZED:
            until = authorized_until or until or payment.created_at + WITH_CUSTOMER
        new: dict[str, Any] = {
            "authorized": totals.authorized,
            "captured": totals.captured,
            "refunded": totals.refunded,
            "decline_code": decline_code,
            "authorized_until": until,
        }
        closed = totals.status is PaymentStatus.VOIDED
        await self.session.execute(
            _UPDATE_TOTALS, {"id": payment.id, "status": totals.status.value, "closed": closed, **new}
        )
        changed = replace(payment, status=totals.status, **new)
        if totals.status is not payment.status:
            await self._publish_status(changed, booking_status)
        return changed

    async def _write_movements(self, payment: Payment, totals: PaymentTotals, booking_status: BookingStatus) -> None:
        """One ledger row for each total that grew. A movement that we requested has the id of its task, in whichever
        order the record and the webhook come; so both are one row."""
        if totals.authorized > payment.authorized:
            await self._record_success(payment, Movement.AUTHORIZE, totals.authorized, totals.authorized)
        taken = totals.captured - payment.captured
        if taken:
            asked = await self._record_success(payment, Movement.CAPTURE, taken, totals.captured)
            # The confirmation shows what the customer paid; the notice after the visit shows what is charged then.
            if asked and booking_status is not BookingStatus.COMPLETED:
                await self._queue_receipt_notice(payment, taken)
        if totals.status is PaymentStatus.VOIDED and payment.status is not PaymentStatus.VOIDED:
            await self._record_success(payment, Movement.VOID, totals.authorized, totals.authorized)
        if taken and totals.status is PaymentStatus.VOIDED:
            await self._attention.file(
                "money_after_void",
                f"money_after_void:{payment.id}",
                business_id=payment.business_id,
                booking_id=payment.booking_id,
                payment_id=payment.id,
                details={"captured": totals.captured, "currency": payment.currency},
            )

    async def _record_success(self, payment: Payment, movement: Movement, amount: int, total: int) -> bool:
        """Write that a movement succeeded; True when we requested it."""
        asked = await self._ledger.asked_for(payment.id, movement)
        movement_id = asked or by_provider(payment.id, movement, total)
        await self._ledger.write(Entry.of(payment.task(movement, movement_id, amount), Phase.SUCCEEDED))
        return asked is not None

    async def _queue_receipt_notice(self, payment: Payment, amount: int) -> None:
        await NoticeStore(self.session, self.context).queue(
            NoticeKind.PAYMENT_RECEIVED,
            payment.booking_id,
            payment.business_id,
            f"{NoticeKind.PAYMENT_RECEIVED.value}:{payment.id}",
            {"amount": amount, "currency": payment.currency},
        )

    async def _publish_status(self, payment: Payment, booking_status: BookingStatus) -> None:
        await OutboxStore(self.session, self.context).add(
            f"payment.{payment.status.value}",
            f"payment/{payment.id}",
            payment.business_id,
            {
                "payment_id": payment.id,
                "booking_id": payment.booking_id,
                "authorized": payment.authorized,
                "captured": payment.captured,
                "refunded": payment.refunded,
                "currency": payment.currency,
            },
        )
        if payment.status is PaymentStatus.FAILED and booking_status is BookingStatus.PENDING:
            # Queued once: the customer sees further declines on the screen.
            await NoticeStore(self.session, self.context).queue(
                NoticeKind.PAYMENT_FAILED,
                payment.booking_id,
                payment.business_id,
                f"{NoticeKind.PAYMENT_FAILED.value}:{payment.id}",
                {"amount": payment.amount, "currency": payment.currency, "reason": payment.decline_code},
            )

    async def _attach(self, payment: Payment, intent_id: str, client_secret: str | None) -> None:
        values = {"id": payment.id, "intent_id": intent_id, "client_secret": client_secret}
        await self.session.execute(_ATTACH, values)

    async def _report_double_capture(self, payment: Payment) -> None:
        """Money was captured on a payment other than the current one: file an attention item."""
        await self._attention.file(
            "replaced_intent_captured",
            f"replaced_intent_captured:{payment.id}",
            business_id=payment.business_id,
            booking_id=payment.booking_id,
            payment_id=payment.id,
            details={
                "intent_id": payment.provider_intent_id,
                "captured": payment.captured,
                "currency": payment.currency,
            },
        )

    async def report_mismatch(self, payment: Payment, intent_id: str | None, amount: int, currency: str) -> None:
        """Raise an alert: the provider has another amount or currency than was requested."""
        await self._attention.file(
            "amount_mismatch",
            f"amount_mismatch:{payment.id}",
            business_id=payment.business_id,
            booking_id=payment.booking_id,
            payment_id=payment.id,
            details={
                "intent_id": intent_id,
                "expected": payment.amount,
                "expected_currency": payment.currency,
                "got": amount,
                "got_currency": currency,
            },
        )

    async def _lock_booking(self, booking_id: UUID) -> Row[Any]:
        row = (await self.session.execute(_LOCK_BOOKING, {"booking_id": booking_id})).one_or_none()
        if row is None:
            raise NotFound({"booking_id": str(booking_id)})
        return row

    @property
    def _ledger(self) -> LedgerStore:
        return LedgerStore(self.session, self.context)

    @property
    def _attention(self) -> AttentionStore:
        return AttentionStore(self.session, self.context)
