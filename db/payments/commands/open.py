"""Opens a payment: the first one of a booking, or one with a new card after its authorization was lost.

A new card has its own payment, which ``replaces`` the former one. The former one stays until the new card is
authorized, so that opening a form loses nothing; then it is voided. Never are both captured.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.messages.notices import NoticeStore
from db.payments.payments import COLUMNS, PaymentStore, payment_of
from db.platform.attention import AttentionStore
from domain.booking_status import VISITING, BookingStatus
from domain.messages.kinds import NoticeKind
from domain.payments.changes import secure_new_card
from domain.payments.intents import requests_card
from domain.payments.opening import Opening, OpeningFacts, opening
from domain.payments.payment import Payment
from domain.payments.status import Movement, PaymentMode, PaymentStatus
from domain.payments.tasks import MoneyTask

_OPEN = text(f"""
    INSERT INTO booking_payments AS p (business_id, booking_id, provider, capture_method, amount, currency, replaces,
                                       account_id)
    SELECT b.business_id, b.id, s.payment_provider, :capture_method, b.amount_due, b.currency, :replaces, a.id
      FROM bookings b JOIN businesses s ON s.id = b.business_id
      LEFT JOIN payment_accounts a ON a.business_id = s.id AND a.provider = s.payment_provider AND a.replaced_at IS NULL
     WHERE b.id = :booking_id
    RETURNING {COLUMNS}
""").bindparams(bindparam("replaces", type_=PgUUID(as_uuid=True)))
_REPLACEMENT = text(f"SELECT {COLUMNS} FROM booking_payments p WHERE p.replaces = :id AND p.status <> 'voided'")
_RENEWAL_FAILED = text("""
    SELECT EXISTS (
        SELECT 1 FROM payment_transactions f
         WHERE f.payment_id = :id AND f.movement = 'authorize' AND f.phase = 'failed'
           AND NOT EXISTS (SELECT 1 FROM payment_transactions s
                            WHERE s.payment_id = f.payment_id AND s.movement = 'authorize' AND s.phase = 'succeeded'
                              AND s.id > f.id))
""")
_TO_VOID = text(f"""
    SELECT t.movement_id, {COLUMNS}
      FROM booking_payments p JOIN payment_transactions t ON t.payment_id = p.id
     WHERE p.booking_id = :booking_id AND t.movement = 'void' AND t.phase = 'intended'
       AND t.movement_id LIKE '%\\:other-card'
       AND NOT EXISTS (SELECT 1 FROM payment_transactions o
                        WHERE o.movement_id = t.movement_id AND o.phase IN ('succeeded', 'failed'))
     ORDER BY t.id LIMIT 1
""")
_WEBSITE = text("SELECT website FROM businesses WHERE id = :id AND deleted_at IS NULL")


class OpeningStore(PaymentStore):
    """Opens payments, and lets a new card replace the former payment."""

    async def open_intent(self, booking_id: UUID, now: datetime) -> Payment:
        """The payment that a customer can pay now: the open one, else a new one over the amount due.

        `domain.payments.opening.opening` decides; raises what it raises.
        A new row has no ``provider_intent_id`` yet: create the intent with the payment's id as key and
        ``movements.metadata``, then ``attach_intent``. The row may also be paid already; its status says so.
        """
        booking = await self._lock_booking(booking_id)
        current = await self.lock_current(booking_id)
        step = opening(await self._facts(booking, current), now)
        if current is None or step is Opening.FIRST:
            return await self._open(booking, None)
        if step is Opening.CURRENT:
            return current
        opened = (await self.session.execute(_REPLACEMENT, {"id": current.id})).one_or_none()
        return payment_of(opened) if opened is not None else await self._open(booking, current.id)

    async def find_website(self, business_id: UUID) -> str | None:
        """The website of the business, to which its customers may return after a payment; None without one."""
        website: str | None = await self.session.scalar(_WEBSITE, {"id": business_id})
        return website

    async def replace_payment(self, payment: Payment, booking_status: BookingStatus) -> None:
        """A payment with a new card has just been secured; its booking is locked. Writes what `secure_new_card`
        decides; ``find_void`` returns the void."""
        if payment.replaces is None:
            return
        decided = secure_new_card(payment, await self.get(payment.replaces), booking_status)
        if decided.resolved:
            await AttentionStore(self.session, self.context).close_of_booking(
                payment.booking_id, decided.resolved, "new_card"
            )
        if booking_status in VISITING:
            await self.end_card_request(payment.booking_id)
        if decided.void is not None:
            await self.intend(decided.void)
        if decided.alert is not None:
            await self.raise_alerts(decided.surplus, decided.alert)

    async def find_void(self, booking_id: UUID) -> MoneyTask | None:
        """The void that ``replace_payment`` decided and that has not ended yet."""
        row = (await self.session.execute(_TO_VOID, {"booking_id": booking_id})).one_or_none()
        if row is None:
            return None
        payment = payment_of(row)
        return payment.task(Movement.VOID, row.movement_id, payment.authorized)

    async def ask_for_card(self, payment: Payment, booking_status: BookingStatus, now: datetime) -> None:
        """An authorization was just lost: ask the customer for another card, unless they were asked when it could not
        be renewed, another card is already authorized, or a manager has given it up."""
        current = await self.lock_current(payment.booking_id)
        failed = await self._renewal_failed(payment.id)
        given_up = await self._ledger.intended(payment.id, Movement.VOID)
        if not requests_card(booking_status, failed, current.status if current else None, given_up):
            return
        deadline = await self.card_deadline(payment, now)
        await self.ask_until(payment, deadline)
        await NoticeStore(self.session, self.context).queue(
            NoticeKind.PAYMENT_RENEW,
            payment.booking_id,
            payment.business_id,
            f"{NoticeKind.PAYMENT_RENEW.value}:{payment.id}",
            {"amount": payment.amount, "currency": payment.currency, "reason": "authorization_lost"} | deadline.details,
        )

    async def _facts(self, booking: Row[Any], current: Payment | None) -> OpeningFacts:
        facts = OpeningFacts(
            BookingStatus(booking.status),
            PaymentMode(booking.payment_mode),
            booking.amount_due,
            booking.hold_expires_at,
            booking.time_zone,
        )
        if current is None:
            return facts
        failed = current.status is PaymentStatus.AUTHORIZED and await self._renewal_failed(current.id)
        return replace(facts, current=current.status, replaces=current.replaces is not None, renewal_failed=failed)

    async def _open(self, booking: Row[Any], replaces: UUID | None) -> Payment:
        capture = "manual" if booking.payment_mode == PaymentMode.CARD_HOLD else "automatic"
        values = {"booking_id": booking.id, "capture_method": capture, "replaces": replaces}
        return payment_of((await self.session.execute(_OPEN, values)).one())

    async def _renewal_failed(self, payment_id: UUID) -> bool:
        return bool(await self.session.scalar(_RENEWAL_FAILED, {"id": payment_id}))
