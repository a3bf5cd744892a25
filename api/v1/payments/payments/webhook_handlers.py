"""Receives a payment provider's webhook: verified over the raw body, stored, and acknowledged."""

from datetime import UTC, datetime

from api.access.signed_webhooks import SignedWebhook
from domain.errors import ForgedWebhook, NotFound
from providers.payments.domain_events import provider_event
from providers.payments.registry import webhook_receiver


async def take_in(provider_name: str, signed: SignedWebhook) -> bool:
    """Whether it was new. Raises NotFound for an unknown provider, ForgedWebhook before anything is written. The
    refused ones are counted."""
    provider = webhook_receiver(signed.services.payments, provider_name, signed.body)
    if provider is None:
        raise NotFound({"provider": provider_name})
    try:
        event = provider.parse_webhook(signed.body, signed.headers)
    except ForgedWebhook as forged:
        signed.metrics.count_refused_webhook(provider.name, str(forged.details.get("reason", "signature")))
        raise
    created = datetime.fromtimestamp(event.created, UTC)
    async with signed.work() as work:
        return await work.payments.webhooks.receive(
            provider.name, event.id, event.type, event.intent_id, provider_event(event), created
        )
