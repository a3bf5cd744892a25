"""Records the renewal of an authorization: a new intent on the same card replaces the one that expires.

The payment row stays and gets the id of the new intent. The ledger has both ids: ``intended`` has the replaced intent,
``succeeded`` the new one.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import text

from db.payments.ledger import Entry
from db.payments.payments import PaymentStore
from domain.payments.changes import card_request, renew, surplus_captured
from domain.payments.movements import of_surplus
from domain.payments.status import Movement, Phase
from domain.payments.tasks import MoneyResult, MoneyTask, PaymentView

_REPLACE = text("""
    UPDATE booking_payments SET provider_intent_id = :intent_id, authorized_until = :until, client_secret = NULL
     WHERE id = :id
""")


class RenewalRecordStore(PaymentStore):
    """The provider's answers to a renewal, and to the void of the intent that it replaced."""

    async def record_renewal(self, task: MoneyTask, result: MoneyResult, now: datetime) -> PaymentView:
        """Record the result of a renewal; a repeat changes nothing.

        Succeeded: the payment gets the new intent, and a void of the other one is intended (of the new one if the old
        one was captured or voided in the meantime). Failed: the customer is asked for a card, an attention item is
        filed, and the payment gets the status of the old intent at the provider; ``card_due`` of the answer is the
        deadline in the message.
        """
        payment, booking_status = await self.lock(task.payment_id)
        renewal = renew(payment, task, result)
        if renewal is None:
            deadline = await self.card_deadline(payment, now)
            request = card_request(payment, booking_status, task, result, deadline)
            if request is None:
                return await self.record(task, result)
            notice, alert = request
            await self.ask_until(payment, deadline)
            await self.queue_notices(payment, notice)
            await self.raise_alerts(payment, alert)
            return replace(await self.record(task, result), card_due=deadline.at)
        await self._ledger.write(replace(Entry.of(task, Phase.SUCCEEDED), provider_ref=result.intent_id))
        void = replace(
            task, movement=Movement.VOID, movement_id=of_surplus(task.movement_id), intent_id=renewal.surplus
        )
        await self._ledger.write(replace(Entry.of(void, Phase.INTENDED), provider_ref=renewal.surplus))
        if renewal.replaces:
            named = {"id": payment.id, "intent_id": result.intent_id, "until": result.authorized_until}
            await self.session.execute(_REPLACE, named)
        return await self.view(payment.id)

    async def record_surplus(self, task: MoneyTask, result: MoneyResult) -> PaymentView:
        """Record the void of a replaced intent. The payment does not change; if money was captured on the replaced
        intent, an attention item is filed."""
        payment, _ = await self.lock(task.payment_id)
        entry = replace(Entry.of(task, result.phase), provider_ref=task.intent_id, reason=result.reason)
        await self._ledger.write(entry)
        alert = surplus_captured(payment, task, result)
        if alert is not None:
            await self.raise_alerts(payment, alert)
        return payment.view()
