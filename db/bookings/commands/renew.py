"""Renews the authorization of a card until the visit: a new authorization replaces the one that expires.

The payment row stays and gets the id of the new intent. The ledger has both ids: ``intended`` has the replaced intent,
``succeeded`` the new one.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import text

from db.bookings.commands.transition import TransitionStore
from db.messages.notices import NoticeStore
from db.payments.ledger import Entry, LedgerStore
from db.payments.payments import Payment, PaymentStore
from db.platform.attention import AttentionStore
from domain.booking_status import VISITING, BookingStatus
from domain.bookings import decisions
from domain.bookings.commands import BookingCommand, BookingOutcome
from domain.messages.kinds import NoticeKind
from domain.payments.movements import by_command, of_surplus
from domain.payments.status import Movement, PaymentStatus, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView

_REPLACE = text("""
    UPDATE booking_payments SET provider_intent_id = :intent_id, authorized_until = :until, client_secret = NULL
     WHERE id = :id
""")


class RenewalStore(TransitionStore):
    """A renewal is a movement ``authorize``. After a success, the surplus intent must be voided."""

    async def begin_renewal(self, command: BookingCommand, now: datetime) -> BookingOutcome:
        """The authorization expires before the visit ends: ``money`` authorizes the same amount again. None if the
        booking has ended or nothing is authorized; then nothing is written. The status does not change."""
        booking, _ = await self._enter(command)
        payment, amount = booking.payment, decisions.renewal_amount(booking.facts())
        if payment is None or amount is None:
            return booking.outcome()
        movement_id = by_command(payment.id, Movement.AUTHORIZE, command.command_id)
        task = payment.task(Movement.AUTHORIZE, movement_id, amount)
        await self._ledger.write(replace(Entry.of(task, Phase.INTENDED), provider_ref=task.intent_id))
        return booking.outcome(task)

    async def record_renewal(self, task: MoneyTask, result: MoneyResult) -> PaymentView:
        """Record the result of a renewal; a repeat changes nothing.

        Succeeded: the payment gets the new intent, and a void of the other one is intended (of the new one if the old
        one was captured or voided in the meantime). Failed: the customer is asked for a card, an attention item is
        filed, and the payment gets the status of the old intent at the provider.
        """
        payments = PaymentStore(self.session, self.context)
        payment, booking_status = await payments.lock(task.payment_id)
        if result.phase is not Phase.SUCCEEDED or result.intent_id is None:
            if result.phase is Phase.FAILED and result.captured == 0:
                await self._ask_customer(payment, booking_status, task, result)
            return await payments.record(task, result)
        is_current = payment.status is PaymentStatus.AUTHORIZED
        await self._ledger.write(replace(Entry.of(task, Phase.SUCCEEDED), provider_ref=result.intent_id))
        surplus = task.intent_id if is_current else result.intent_id
        void = replace(task, movement=Movement.VOID, movement_id=of_surplus(task.movement_id), intent_id=surplus)
        await self._ledger.write(replace(Entry.of(void, Phase.INTENDED), provider_ref=surplus))
        if is_current and payment.provider_intent_id == task.intent_id:
            named = {"id": payment.id, "intent_id": result.intent_id, "until": result.authorized_until}
            await self.session.execute(_REPLACE, named)
        return await payments.view(payment.id)

    async def record_surplus(self, task: MoneyTask, result: MoneyResult) -> PaymentView:
        """Record the void of a replaced intent. The payment does not change; if money was captured on the replaced
        intent, an attention item is filed."""
        payments = PaymentStore(self.session, self.context)
        payment, _ = await payments.lock(task.payment_id)
        entry = replace(Entry.of(task, result.phase), provider_ref=task.intent_id, reason=result.reason)
        await self._ledger.write(entry)
        if result.captured:
            await AttentionStore(self.session, self.context).file(
                "replaced_intent_captured",
                f"replaced_intent_captured:{payment.id}:{task.intent_id}",
                business_id=payment.business_id,
                booking_id=payment.booking_id,
                payment_id=payment.id,
                details={"intent_id": task.intent_id, "captured": result.captured, "currency": payment.currency},
            )
        return payment.view()

    async def _ask_customer(
        self, payment: Payment, booking_status: BookingStatus, task: MoneyTask, result: MoneyResult
    ) -> None:
        if booking_status not in VISITING:
            return
        await NoticeStore(self.session, self.context).queue(
            NoticeKind.PAYMENT_RENEW,
            payment.booking_id,
            payment.business_id,
            f"{NoticeKind.PAYMENT_RENEW.value}:{task.movement_id}",
            {"amount": task.amount, "currency": payment.currency, "reason": result.reason},
        )
        await AttentionStore(self.session, self.context).file(
            "authorize_failed",
            f"authorize_failed:{task.movement_id}",
            business_id=payment.business_id,
            booking_id=payment.booking_id,
            payment_id=payment.id,
            details={"amount": task.amount, "currency": payment.currency, "reason": result.reason},
        )

    @property
    def _ledger(self) -> LedgerStore:
        return LedgerStore(self.session, self.context)
