"""Payments: opening and reading them, and recording the provider's answers.

Locks are taken in the same order everywhere: booking, payment, refund, claims. A payment changes only under the lock of
its booking, so that it does not change while a decision about the booking is made.
"""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, text

from db.engine.store import Store
from db.messages.notices import NoticeStore
from db.payments.ledger import Entry, LedgerStore
from db.platform.attention import AttentionStore
from db.platform.outbox import OutboxStore
from domain.booking_status import BookingStatus
from domain.errors import Conflict, NotFound
from domain.payments import changes
from domain.payments.changes import (
    Alert,
    Moved,
    PaymentNotice,
    TotalsChange,
    amount_mismatch,
    record_movement,
)
from domain.payments.intents import is_as_requested
from domain.payments.movements import by_provider
from domain.payments.payment import Payment
from domain.payments.provider_events import IntentEvent, PaymentTotals
from domain.payments.status import PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView
from domain.payments.vouchers import Voucher
from domain.payments.without_card import CardDeadline, WithoutCard, first_deadline, known_deadline

COLUMNS = """p.id, p.business_id, p.booking_id, p.provider, p.provider_intent_id, p.status, p.capture_method, p.amount,
    p.authorized, p.captured, p.refunded, p.currency, p.client_secret, p.decline_code, p.created_at,
    p.authorized_until, p.replaces, p.account_id, p.voucher,
    p.checkout_id"""
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
_CARD_DEADLINE = text("""
    SELECT b.start_at, b.card_due, b.card_due_cancels, t.without_card
      FROM bookings b JOIN business_settings t ON t.business_id = b.business_id
     WHERE b.id = :booking_id
""")
# Not for a payment that a new card has replaced meanwhile.
_ASK_UNTIL = text("""
    UPDATE bookings b SET card_due = :at, card_due_cancels = :cancels
     WHERE b.id = :booking_id AND b.card_due IS DISTINCT FROM :at
       AND NOT EXISTS (SELECT FROM booking_payments n
                        WHERE n.replaces = :payment_id AND n.status IN ('authorized', 'captured'))
""")
_CARD_DUE = text("SELECT card_due FROM bookings WHERE id = :booking_id")
_NO_CARD_DUE = text(
    "UPDATE bookings SET card_due = NULL, card_due_cancels = NULL WHERE id = :booking_id AND card_due IS NOT NULL"
)
_UPDATE_TOTALS = text("""
    UPDATE booking_payments SET status = CAST(:status AS text), authorized = :authorized, captured = :captured,
           refunded = :refunded, decline_code = :decline_code,
           authorized_until = :authorized_until,
           closed_at = CASE WHEN :closed THEN coalesce(closed_at, now()) ELSE closed_at END
     WHERE id = :id
""")


#: Fields that are columns as they are.
_SAME = tuple(one.name for one in fields(Payment) if one.name not in {"status", "manual_capture", "voucher"})
_VOUCHER = TypeAdapter(Voucher | None)
_TOTALS = ("id", "authorized", "captured", "refunded", "decline_code", "authorized_until")


def payment_of(row: Row[Any]) -> Payment:
    """A row that has ``COLUMNS`` among its columns."""
    values: dict[str, Any] = {name: row._mapping[name] for name in _SAME}
    voucher = _VOUCHER.validate_python(row.voucher)
    return Payment(
        **values, status=PaymentStatus(row.status), manual_capture=row.capture_method == "manual", voucher=voucher
    )


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
            await self.raise_alerts(payment, amount_mismatch(payment, intent.intent_id, intent.amount, intent.currency))
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

    async def card_deadline(self, payment: Payment, now: datetime) -> CardDeadline:
        """By when another card is needed, and what the business wants without one. What the customer knows already
        stays, unless the deadline has passed; an authorization that is lost already has no end that counts."""
        row = (await self.session.execute(_CARD_DEADLINE, {"booking_id": payment.booking_id})).one()
        setting = WithoutCard(row.without_card)
        if row.card_due is None or row.card_due <= now:
            return first_deadline(setting, row.start_at, payment.view().authorized_until, now)
        return known_deadline(row.card_due, row.card_due_cancels, setting, row.start_at)

    async def ask_until(self, payment: Payment, deadline: CardDeadline) -> None:
        """The customer is asked for another card in this transaction. The booking is locked."""
        asked = {
            "booking_id": payment.booking_id,
            "payment_id": payment.id,
            "at": deadline.at,
            "cancels": deadline.cancels,
        }
        await self.session.execute(_ASK_UNTIL, asked)

    async def card_due(self, booking_id: UUID) -> datetime | None:
        """By when the customer must give another card; None where none is asked for."""
        due: datetime | None = await self.session.scalar(_CARD_DUE, {"booking_id": booking_id})
        return due

    async def end_card_request(self, booking_id: UUID) -> None:
        """A card is there, or the money: none is asked for any more."""
        await self.session.execute(_NO_CARD_DUE, {"booking_id": booking_id})

    async def intend(self, task: MoneyTask) -> None:
        """Write the intended movement into the ledger; a repeat changes nothing."""
        await self._ledger.write(Entry.of(task, Phase.INTENDED))

    async def record(self, task: MoneyTask, result: MoneyResult) -> PaymentView:
        """Record the outcome of a capture or void: ledger, totals, status. A repeat changes nothing."""
        payment, booking_status = await self.lock(task.payment_id)
        if payment.provider_intent_id is None and result.intent_id is not None:
            await self._attach(payment, result.intent_id, None)
            payment = replace(payment, provider_intent_id=result.intent_id)
        record = record_movement(payment, task, result)
        changed = await self._write_change(record.change, booking_status) or payment
        if record.amount is not None:
            entry = replace(Entry.of(task, result.phase), amount=record.amount)
            await self._ledger.write(replace(entry, provider_ref=result.provider_ref, reason=result.reason))
        if record.resolved:
            await AttentionStore(self.session, self.context).close_of_booking(
                payment.booking_id, record.resolved, "captured"
            )
        await self.raise_alerts(payment, *record.alerts)
        return changed.view()

    async def apply_intent(
        self, payment: Payment, booking_status: BookingStatus, intent: IntentEvent, stale: bool = False
    ) -> Payment:
        """Apply what the provider says about the intent of a locked payment; ``stale``: a later event came before."""
        change = changes.apply_intent(payment, intent, stale)
        return await self._write_change(change, booking_status) or payment

    async def apply_totals(self, payment: Payment, totals: PaymentTotals, booking_status: BookingStatus) -> Payment:
        """Write new totals of a locked payment, and the resulting ledger rows, event, notices and alerts."""
        change = changes.change_totals(payment, totals, payment.decline_code)
        return await self._write_change(change, booking_status) or payment

    async def _write_change(self, change: TotalsChange | None, booking_status: BookingStatus) -> Payment | None:
        if change is None:
            return None
        payment = change.after
        requested = [moved.movement for moved in change.movements if await self._record_success(change.before, moved)]
        values: dict[str, Any] = {name: getattr(payment, name) for name in _TOTALS}
        values |= {"status": payment.status.value, "closed": change.is_closed}
        await self.session.execute(_UPDATE_TOTALS, values)
        await self.raise_alerts(payment, *changes.alerts_of(change))
        if change.is_new_status:
            await self._publish_status(payment)
            has_card = payment.status is PaymentStatus.AUTHORIZED and payment.replaces is None
            if payment.manual_capture and (has_card or payment.status is PaymentStatus.CAPTURED):
                await self.end_card_request(payment.booking_id)
        await self.queue_notices(payment, *changes.notices_of(change, booking_status, requested))
        return payment

    async def _record_success(self, payment: Payment, moved: Moved) -> bool:
        """Write that a movement succeeded; True when we requested it. A movement that we requested has the id of its
        task, in whichever order the record and the webhook come; so both are one row."""
        asked = await self._ledger.asked_for(payment.id, moved.movement)
        movement_id = asked or by_provider(payment.id, moved.movement, moved.total)
        task = payment.task(moved.movement, movement_id, moved.amount)
        await self._ledger.write(Entry.of(task, Phase.SUCCEEDED))
        return asked is not None

    async def queue_notices(self, payment: Payment, *notices: PaymentNotice) -> None:
        """Queue notices to the customer about the payment."""
        for one in notices:
            await NoticeStore(self.session, self.context).queue(
                one.kind, payment.booking_id, payment.business_id, one.dedupe_key, dict(one.details)
            )

    async def raise_alerts(self, payment: Payment, *alerts: Alert) -> None:
        """File problems of the payment for a person."""
        for one in alerts:
            await AttentionStore(self.session, self.context).file(
                one.kind,
                one.dedupe_key,
                business_id=payment.business_id,
                booking_id=payment.booking_id,
                payment_id=payment.id,
                details=one.details,
            )

    async def _publish_status(self, payment: Payment) -> None:
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

    async def _attach(self, payment: Payment, intent_id: str, client_secret: str | None) -> None:
        values = {"id": payment.id, "intent_id": intent_id, "client_secret": client_secret}
        await self.session.execute(_ATTACH, values)

    async def _lock_booking(self, booking_id: UUID) -> Row[Any]:
        row = (await self.session.execute(_LOCK_BOOKING, {"booking_id": booking_id})).one_or_none()
        if row is None:
            raise NotFound({"booking_id": str(booking_id)})
        return row

    @property
    def _ledger(self) -> LedgerStore:
        return LedgerStore(self.session, self.context)
