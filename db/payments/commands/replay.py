"""Delivers stored events of providers again: events that were never applied, and events that nothing matched."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUUID

from db.payments.webhooks import AT_ACCOUNT, WebhookStore
from domain.payments.provider_events import ProviderEvent

_EVENT = TypeAdapter(ProviderEvent)

# An event that was applied or ignored is chosen only by its id: to apply it again changes nothing that is right. Those
# that are about a payment of ours come first: an account that is used for other things, too, has any number of others.
_OF_ACCOUNT = AT_ACCOUNT.format(account="w.account_id")
_CHOSEN = text(f"""
    SELECT w.id, w.provider, w.account_id, w.intent_id, w.event, w.outcome FROM payment_webhooks w
     WHERE w.received_at >= :since AND w.received_at < :until
       AND (CAST(:provider AS text) IS NULL OR w.provider = :provider)
       AND (w.event_id = :event_id OR (CAST(:event_id AS text) IS NULL
            AND (w.applied_at IS NULL OR w.outcome = 'unmatched')))
     ORDER BY (w.payment_id IS NOT NULL
               OR EXISTS (SELECT 1 FROM booking_payments p
                           WHERE p.provider = w.provider AND p.provider_intent_id = w.intent_id
                             AND {_OF_ACCOUNT})
               OR EXISTS (SELECT 1 FROM booking_payments p
                           WHERE p.id = CAST(w.event->'intent'->>'payment_id' AS uuid) AND p.provider = w.provider
                             AND {_OF_ACCOUNT})) DESC,
              w.received_at, w.id
     LIMIT :limit FOR NO KEY UPDATE OF w
""").bindparams(bindparam("provider", type_=Text), bindparam("event_id", type_=Text))
_OPEN_AGAIN = text("""
    UPDATE payment_webhooks SET payment_id = :payment_id, applied_at = NULL, outcome = NULL WHERE id = :id
""").bindparams(bindparam("payment_id", type_=PgUUID))


@dataclass(frozen=True, slots=True)
class ReplayAsked:
    """Which stored events: those received in the half-open range (aware UTC), of one ``provider`` or all; one
    ``event_id`` of the provider, or all that wait or match nothing; ``limit`` of them, those about a payment of ours
    first, then the oldest."""

    since: datetime
    until: datetime
    provider: str | None = None
    event_id: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Replayed:
    """``delivered``: on their way to the runs that apply them. ``unmatched``: still about nothing of ours.
    ``unchanged``: about no payment, or about an intent that was replaced."""

    delivered: int = 0
    unmatched: int = 0
    unchanged: int = 0


class ReplayStore(WebhookStore):
    """Needs the platform's scope."""

    async def replay(self, asked: ReplayAsked) -> Replayed:
        """Deliver the chosen events once more. Each is applied once, however often it is delivered, and totals only
        grow, so a repeat moves no money twice."""
        values = {
            "since": asked.since,
            "until": asked.until,
            "provider": asked.provider,
            "event_id": asked.event_id,
            "limit": asked.limit,
        }
        counts = {"delivered": 0, "unmatched": 0, "unchanged": 0}
        for row in (await self.session.execute(_CHOSEN, values)).all():
            counts[await self._deliver_again(row)] += 1
        return Replayed(**counts)

    async def _deliver_again(self, row: Row[Any]) -> str:
        if row.intent_id is None:
            return "unchanged"
        event = _EVENT.validate_python(row.event, strict=False)
        payment = await self._payment_of(row.provider, row.account_id, row.intent_id, event)
        if payment is None:
            return "unmatched"
        if payment.has_another:
            return "unchanged"
        await self.session.execute(_OPEN_AGAIN, {"id": row.id, "payment_id": payment.id})
        await self._queue_delivery(row.id, payment, event)
        return "delivered"
