"""Takes in events of providers, in one round trip where the payment is known by its intent.

The provider waits for the answer, and sends many events at once when it has been away: each round trip to Postgres is
paid while the process waits for its turn. Everything else goes the longer way of `WebhookStore.receive`, with the same
result.
"""

from datetime import UTC, datetime
from uuid import UUID

from db.engine.context import Context
from db.engine.direct import fetch_row
from db.engine.session import Database, Scope
from db.payments.webhooks import stored_event
from domain.payments.provider_events import ProviderEvent
from runtime import tracing

_STATEMENT = "SELECT app_receive_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"


async def take_in_event(
    database: Database,
    context: Context,
    provider: str,
    event_id: str,
    event_type: str,
    intent_id: str | None,
    event: ProviderEvent,
    created: int,
    account_id: UUID | None,
) -> bool:
    """Store one verified event. False when it was stored before. ``created``: the provider's time, in seconds since
    1970. Raises as a unit of work does."""
    at = datetime.fromtimestamp(created, UTC)
    if intent_id is not None:
        refund = event.refund
        row = await fetch_row(
            database.engine,
            _STATEMENT,
            *(provider, event_id, event_type, intent_id, stored_event(event), at, account_id),
            *(refund is not None, refund.refund_id if refund else None, refund.provider_refund_id if refund else None),
            context.request_id,
            tracing.carrier(),
        )
        if row is not None and row[0] is not None:
            return bool(row[0])
    async with database.unit_of_work(Scope.platform(), context) as work:
        return await work.payments.webhooks.receive(provider, event_id, event_type, intent_id, event, at, account_id)
