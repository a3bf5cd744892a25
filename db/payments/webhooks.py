"""The inbox of provider events: stored first, applied once, in any order."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.engine.store import Store
from db.payments.commands.open import OpeningStore
from db.payments.commands.voucher import VoucherStore
from db.payments.disputes import DisputeStore
from db.payments.ledger import Entry, LedgerStore
from db.payments.payments import PaymentStore
from db.payments.refunds import RefundStore
from db.platform.attention import AttentionStore
from db.platform.outbox import PAYMENT_EVENT, REFUND_EVENT, OutboxStore
from domain.booking_status import BookingStatus
from domain.errors import NotFound
from domain.payments.changes import amount_mismatch, dispute_alert
from domain.payments.intents import CardStep, IntentFacts, IntentStep, card_step, step_for
from domain.payments.movements import of_dispute
from domain.payments.payment import Payment
from domain.payments.provider_events import DisputeEvent, IntentEvent, ProviderEvent, after_disputes
from domain.payments.status import DISPUTE_PHASE, Movement
from domain.payments.tasks import PaymentView

_EVENT = TypeAdapter(ProviderEvent)

# A payment at the account that verified the event, or at another account of the same business: an owner who has
# replaced an account may have removed the address of the former one, and its payments are still refunded there.
AT_ACCOUNT = """(p.account_id IS NOT DISTINCT FROM {account} OR EXISTS (
    SELECT 1 FROM payment_accounts heard JOIN payment_accounts paid USING (business_id, provider)
     WHERE heard.id = {account} AND paid.id = p.account_id))"""

# If the answer to the creation of an intent was lost, the payment id in its metadata identifies it; so it does for
# intents of a payment whose authorization was renewed. Two accounts may have equal ids: the payment at the account that
# verified the event comes first, and what names another payment is not about one at another account.
_PAYMENT_OF = text(f"""
    SELECT p.id, p.booking_id, p.business_id,
           coalesce(p.provider_intent_id <> :intent_id, false) AS has_another
      FROM booking_payments p
     WHERE {AT_ACCOUNT.format(account=":account_id")}
       AND ((p.provider = :provider AND p.provider_intent_id = :intent_id)
         OR (p.provider = :provider AND p.id = :payment_id
             AND (p.provider_intent_id IS NULL
                  OR EXISTS (SELECT 1 FROM payment_transactions t WHERE t.payment_id = p.id
                                AND t.movement = 'authorize' AND t.phase = 'intended'))))
       AND (p.account_id IS NOT DISTINCT FROM :account_id OR coalesce(:payment_id, p.id) = p.id)
     ORDER BY p.account_id IS NOT DISTINCT FROM :account_id DESC,
              coalesce(p.provider_intent_id = :intent_id, false) DESC
     LIMIT 1
""").bindparams(bindparam("payment_id", type_=PgUUID), bindparam("account_id", type_=PgUUID))
# The payment that an event names although it is at another account. An event about the payment's own intent comes from
# an account that two businesses share; nobody shares the platform's.
_NAMED_ELSEWHERE = text("""
    SELECT p.id, p.booking_id, p.business_id FROM booking_payments p
     WHERE p.id = :payment_id
       AND NOT (p.account_id IS NOT NULL AND p.provider = :provider
                AND coalesce(p.provider_intent_id = :intent_id, false))
""").bindparams(bindparam("payment_id", type_=PgUUID))
_STORE = text("""
    INSERT INTO payment_webhooks (provider, event_id, event_type, intent_id, payment_id, event, event_created_at,
                                  account_id, applied_at, outcome)
    VALUES (:provider, :event_id, :event_type, :intent_id, :payment_id, CAST(:event AS jsonb), :created_at,
            :account_id,
            CASE WHEN CAST(:outcome AS text) IS NULL THEN NULL ELSE now() END, :outcome)
    ON CONFLICT (provider, event_id, account_id) DO NOTHING RETURNING id
""").bindparams(bindparam("payment_id", type_=PgUUID), bindparam("account_id", type_=PgUUID))
_LOCK = text("""
    SELECT id, provider, event_id, event_type, intent_id, payment_id, event, event_created_at, applied_at
      FROM payment_webhooks WHERE id = :id FOR NO KEY UPDATE
""")
_LATER = text("""
    SELECT EXISTS (SELECT 1 FROM payment_webhooks WHERE payment_id = :payment_id AND applied_at IS NOT NULL
                      AND intent_id = :intent_id AND event_created_at > :created_at AND event->'intent' IS NOT NULL)
""")
_APPLIED = text("UPDATE payment_webhooks SET applied_at = :now, outcome = :outcome WHERE id = :id")

#: The kind of the attention item about an event that names a payment of another account.
NAMED_ELSEWHERE = "payment_named_elsewhere"

Applied = tuple[UUID | None, BookingStatus | None, PaymentView | None]


def stored_event(event: ProviderEvent) -> str:
    """As it is stored, JSON."""
    return json.dumps(_EVENT.dump_python(event, mode="json", exclude_none=True))


class WebhookStore(Store):
    """Needs the platform's scope: a provider's event does not name the tenant."""

    async def receive(
        self,
        provider: str,
        event_id: str,
        event_type: str,
        intent_id: str | None,
        event: ProviderEvent,
        created_at: datetime,
        account_id: UUID | None = None,
    ) -> bool:
        """Store one verified event, with the outbox row that delivers it to its run. False when it was stored before.

        ``created_at`` is the provider's time (aware UTC). An event about an intent that is not ours is only stored,
        with an alert if money moved. So is one about an intent that was or will be replaced by another: it does not
        concern the payment, unless it was paid.

        ``account_id``: whose secret verified it; None for the platform's account. An event is only about payments at
        that account, or at another one of the same business, so that a business cannot say anything about the payments
        of others. What a business's account
        does for other purposes is stored without an alert, unless it names a payment of ours at another account: then
        a person looks which of the two has the money. Two businesses can have the same account at the provider:
        it sends the same event to the addresses of both, and each is stored.
        """
        payment = await self._payment_of(provider, account_id, intent_id, event) if intent_id else None
        replaced = payment is not None and payment.has_another
        unknown = "unmatched" if intent_id else "ignored"
        outcome = IntentStep.REPLACED.value if replaced else (None if payment else unknown)
        stored = await self.session.execute(
            _STORE,
            {
                "provider": provider,
                "event_id": event_id,
                "event_type": event_type,
                "intent_id": intent_id,
                "account_id": account_id,
                "payment_id": payment.id if payment else None,
                "event": stored_event(event),
                "created_at": created_at,
                "outcome": outcome,
            },
        )
        if (webhook_id := stored.scalar()) is None:
            return False
        if payment is not None and not replaced:
            await self._queue_delivery(webhook_id, payment, event)
        elif intent_id and account_id is None and (_is_paid(event) if replaced else event.about_money):
            await self._report_unmatched(provider, intent_id, event_id, event_type)
        elif intent_id and account_id is not None and event.about_money:
            await self._report_named_elsewhere(provider, account_id, intent_id, event, event_id)
        return True

    async def apply(self, webhook_id: UUID, now: datetime) -> Applied:
        """Apply one event; returns (booking id, booking status, current payment) after it, or three times None for an
        event that is not ours. If it was applied before, it only returns. Raises NotFound."""
        row = (await self.session.execute(_LOCK, {"id": webhook_id})).one_or_none()
        if row is None:
            raise NotFound({"webhook_id": str(webhook_id)})
        if row.payment_id is None:
            return None, None, None
        payment, booking_status = await PaymentStore(self.session, self.context).lock(row.payment_id)
        if row.applied_at is None:
            outcome = await self._apply(row, payment, booking_status, now)
            await self.session.execute(_APPLIED, {"id": webhook_id, "now": now, "outcome": outcome})
        current = await PaymentStore(self.session, self.context).lock_current(payment.booking_id)
        return payment.booking_id, booking_status, current.view() if current else None

    async def _report_unmatched(self, provider: str, intent_id: str, event_id: str, event_type: str) -> None:
        await AttentionStore(self.session, self.context).file(
            "unmatched_payment",
            f"unmatched_payment:{provider}:{intent_id}",
            details={"provider": provider, "intent_id": intent_id, "event_id": event_id, "event_type": event_type},
        )

    async def _report_named_elsewhere(
        self, provider: str, account_id: UUID, intent_id: str, event: ProviderEvent, event_id: str
    ) -> None:
        if event.intent is None or event.intent.payment_id is None:
            return
        asked = {"provider": provider, "intent_id": intent_id, "payment_id": event.intent.payment_id}
        named = (await self.session.execute(_NAMED_ELSEWHERE, asked)).one_or_none()
        if named is None:
            return
        await AttentionStore(self.session, self.context).file(
            NAMED_ELSEWHERE,
            f"{NAMED_ELSEWHERE}:{account_id}:{intent_id}",
            business_id=named.business_id,
            booking_id=named.booking_id,
            payment_id=named.id,
            details={
                "provider": provider,
                "intent_id": intent_id,
                "event_id": event_id,
                "account_id": str(account_id),
                "amount": event.intent.amount,
                "captured": event.intent.captured,
                "currency": event.intent.currency,
            },
        )

    async def _payment_of(
        self, provider: str, account_id: UUID | None, intent_id: str, event: ProviderEvent
    ) -> Row[Any] | None:
        asked = {
            "provider": provider,
            "account_id": account_id,
            "intent_id": intent_id,
            "payment_id": event.intent.payment_id if event.intent else None,
        }
        return (await self.session.execute(_PAYMENT_OF, asked)).one_or_none()

    async def _queue_delivery(self, webhook_id: UUID, payment: Row[Any], event: ProviderEvent) -> None:
        """To the run that waits for it: a refund that we requested has its own, everything else is for the
        booking's."""
        about = {"booking_id": payment.booking_id, "business_id": payment.business_id, "webhook_id": webhook_id}
        refund_id = None
        if event.refund is not None:
            refund_id = await RefundStore(self.session, self.context).find_own(payment.id, event.refund)
        if refund_id is None:
            aggregate, command = f"booking/{payment.booking_id}", PAYMENT_EVENT
        else:
            aggregate, command = f"refund/{refund_id}", REFUND_EVENT
            about["refund_id"] = refund_id
        await OutboxStore(self.session, self.context).add(
            "payment.event", aggregate, payment.business_id, about, command=command
        )

    async def _apply(self, row: Row[Any], payment: Payment, booking_status: BookingStatus, now: datetime) -> str:
        """Returns the outcome's code."""
        event = _EVENT.validate_python(row.event, strict=False)
        if event.intent is not None:
            return await self._apply_intent(row, payment, booking_status, event.intent, now)
        if event.refund is not None:
            status = await RefundStore(self.session, self.context).apply_event(payment, booking_status, event.refund)
            return f"refund_{status.value}"
        if event.dispute is not None:
            return await self._apply_dispute(payment, booking_status, event.dispute, row.event_created_at, now)
        return "ignored"

    async def _apply_intent(
        self, row: Row[Any], payment: Payment, booking_status: BookingStatus, intent: IntentEvent, now: datetime
    ) -> str:
        payments = OpeningStore(self.session, self.context)
        renewing = await LedgerStore(self.session, self.context).asked_for(payment.id, Movement.AUTHORIZE)
        facts = IntentFacts(payment.provider_intent_id, payment.amount, payment.currency, renewing is not None)
        step = step_for(facts, row.intent_id, intent)
        if step is IntentStep.REPLACED and intent.captured:
            await self._report_unmatched(row.provider, row.intent_id, row.event_id, row.event_type)
        if step is IntentStep.MISMATCH:
            await payments.raise_alerts(
                payment, amount_mismatch(payment, intent.intent_id, intent.amount, intent.currency)
            )
        if step is not IntentStep.APPLY:
            return step.value
        after = await self._write_intent(row, payment, booking_status, intent, now)
        match card_step(payment.status, after.status):
            case CardStep.REPLACE:
                await payments.replace_payment(after, booking_status)
            case CardStep.REQUEST_CARD:
                await payments.ask_for_card(after, booking_status, now)
        return "unchanged" if after.totals == payment.totals else f"now_{after.status.value}"

    async def _write_intent(
        self, row: Row[Any], payment: Payment, booking_status: BookingStatus, intent: IntentEvent, now: datetime
    ) -> Payment:
        payments = PaymentStore(self.session, self.context)
        if payment.provider_intent_id is None:
            payment = await payments.attach_intent(payment.id, intent, None)
        created = {"payment_id": payment.id, "intent_id": row.intent_id, "created_at": row.event_created_at}
        later = bool(await self.session.scalar(_LATER, created))
        after = await payments.apply_intent(payment, booking_status, intent, stale=later)
        after = await VoucherStore(self.session, self.context).follow(after, booking_status, intent, now, stale=later)
        return await RefundStore(self.session, self.context).recount(after, booking_status)

    async def _apply_dispute(
        self, payment: Payment, booking_status: BookingStatus, event: DisputeEvent, said_at: datetime, now: datetime
    ) -> str:
        """Each phase of a dispute is one row of the ledger, so that "closed" may come before "opened"."""
        ledger = LedgerStore(self.session, self.context)
        task = payment.task(Movement.DISPUTE, of_dispute(payment.id, event.dispute_id), event.amount)
        entry = Entry.of(task, DISPUTE_PHASE[event.status])
        await ledger.write(replace(entry, provider_ref=event.dispute_id, reason=event.reason))
        totals = after_disputes(payment.totals, await ledger.disputed(payment.id))
        payments = PaymentStore(self.session, self.context)
        after = await payments.apply_totals(payment, totals, booking_status)
        is_changed = await DisputeStore(self.session, self.context).record(payment, event, said_at, now)
        alert = dispute_alert(after, event) if is_changed else None
        if alert is not None:
            await payments.raise_alerts(payment, alert)
        return f"dispute_{event.status.value}"


def _is_paid(event: ProviderEvent) -> bool:
    return bool(event.refund or event.dispute or (event.intent and event.intent.captured))
