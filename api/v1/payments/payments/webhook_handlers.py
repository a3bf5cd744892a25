"""Receives a payment provider's webhook: verified over the raw body, stored, and acknowledged."""

from datetime import UTC, datetime
from uuid import UUID

from api.access.signed_webhooks import SignedWebhook
from domain.errors import ForgedWebhook, NotFound
from providers.payments.domain_events import provider_event
from providers.payments.interface import PaymentProvider
from providers.payments.registry import provider_at, webhook_path, webhook_receiver


async def take_in(provider_name: str, signed: SignedWebhook, account_id: UUID | None = None) -> bool:
    """Whether it was new. ``account_id``: the business's account that its address names; None: the platform's. Raises
    NotFound for an unknown provider or account, ForgedWebhook before anything is written. The refused ones are
    counted."""
    provider = await _receiver(provider_name, signed, account_id)
    try:
        event = provider.parse_webhook(signed.body, signed.headers)
    except ForgedWebhook as forged:
        signed.metrics.count_refused_webhook(provider.name, str(forged.details.get("reason", "signature")))
        raise
    created = datetime.fromtimestamp(event.created, UTC)
    async with signed.work() as work:
        return await work.payments.webhooks.receive(
            provider.name, event.id, event.type, event.intent_id, provider_event(event), created, account_id
        )


async def _receiver(name: str, signed: SignedWebhook, account_id: UUID | None) -> PaymentProvider:
    providers = signed.services.payments
    if account_id is None:
        found = webhook_receiver(providers, name, signed.body)
        if found is None:
            raise NotFound({"provider": name})
        return found
    async with signed.work() as work:
        account = await work.payments.accounts.get(account_id)
    if webhook_path(account.provider) != name:
        raise NotFound({"provider": name})
    return await provider_at(providers, account.provider, account_id)
