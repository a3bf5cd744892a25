"""A manager's capture or void: recorded as intended, then executed by the booking's workflow."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from db.payments.payments import COLUMNS, PaymentStore, payment_of
from db.platform.outbox import MOVE_MONEY, OutboxStore
from domain.booking_status import BookingStatus
from domain.money import Money
from domain.payments.limits import ProviderLimits
from domain.payments.movements import by_command, is_surplus
from domain.payments.orders import OrderFacts, amount_to_capture, amount_to_void
from domain.payments.payment import Payment
from domain.payments.status import Movement
from domain.payments.tasks import MoneyTask

_FACTS = text("""
    SELECT coalesce(b.cancellation_penalty, 0) AS fee, b.undo_until IS NOT NULL AS is_undoable,
           EXISTS (SELECT 1 FROM payment_transactions t
                    WHERE t.payment_id = :payment_id AND t.movement IN ('authorize', 'capture', 'void')
                      AND t.phase = 'intended' AND t.movement_id NOT LIKE '%\\:surplus'
                      AND NOT EXISTS (SELECT 1 FROM payment_transactions o
                                       WHERE o.movement_id = t.movement_id
                                         AND o.phase IN ('succeeded', 'failed'))) AS is_moving
      FROM bookings b WHERE b.id = :booking_id
""")
_ORDERED = text(f"""
    SELECT t.movement, t.amount AS ordered, t.provider_ref AS ordered_intent, {COLUMNS}
      FROM payment_transactions t JOIN booking_payments p ON p.id = t.payment_id
     WHERE t.movement_id = :movement_id AND t.phase = 'intended'
       AND NOT EXISTS (SELECT 1 FROM payment_transactions o
                        WHERE o.movement_id = t.movement_id AND o.phase IN ('succeeded', 'failed'))
""")


class OrderStore(PaymentStore):
    """Orders of people about an authorization."""

    async def capture(
        self, payment_id: UUID, asked: Money | None, limits: ProviderLimits, command_id: str
    ) -> tuple[Payment, MoneyTask]:
        """Order the capture of ``asked``, or of all that may be captured. Raises NotFound, and what
        ``amount_to_capture`` raises."""
        payment, booking_status = await self.lock(payment_id)
        facts = await self._order_facts(payment, booking_status)
        return payment, await self._order(
            payment, Movement.CAPTURE, amount_to_capture(facts, asked, limits), command_id
        )

    async def void(self, payment_id: UUID, command_id: str) -> tuple[Payment, MoneyTask]:
        """Order that the authorization is given up; then no other card is wanted either. Raises NotFound, and what
        ``amount_to_void`` raises."""
        payment, booking_status = await self.lock(payment_id)
        facts = await self._order_facts(payment, booking_status)
        current = await self.lock_current(payment.booking_id)
        if current is not None and current.id == payment_id:
            await self.end_card_request(payment.booking_id)
        return payment, await self._order(payment, Movement.VOID, amount_to_void(facts), command_id)

    async def find_order(self, movement_id: str) -> MoneyTask | None:
        """The ordered movement; None when it has its outcome. The void of a surplus intent names that intent, because
        the payment has another one."""
        row = (await self.session.execute(_ORDERED, {"movement_id": movement_id})).one_or_none()
        if row is None:
            return None
        task = payment_of(row).task(Movement(row.movement), movement_id, row.ordered)
        return replace(task, intent_id=row.ordered_intent) if is_surplus(movement_id) else task

    async def _order_facts(self, payment: Payment, booking_status: BookingStatus) -> OrderFacts:
        values = {"payment_id": payment.id, "booking_id": payment.booking_id}
        row = (await self.session.execute(_FACTS, values)).one()
        return OrderFacts(payment.view(), payment.currency, booking_status, row.fee, row.is_moving, row.is_undoable)

    async def _order(self, payment: Payment, movement: Movement, amount: int, command_id: str) -> MoneyTask:
        task = payment.task(movement, by_command(payment.id, movement, command_id), amount)
        await self.intend(task)
        payload: dict[str, Any] = {
            "booking_id": payment.booking_id,
            "business_id": payment.business_id,
            "payment_id": payment.id,
            "movement_id": task.movement_id,
            "amount": amount,
            "currency": payment.currency,
        }
        await OutboxStore(self.session, self.context).add(
            f"payment.{movement.value}_ordered",
            f"booking/{payment.booking_id}",
            payment.business_id,
            payload,
            command=MOVE_MONEY,
        )
        return task
