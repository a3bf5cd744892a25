"""Receives a payment provider's webhook: verified over the raw body, stored, and acknowledged."""

from uuid import UUID

from api.access.signed_webhooks import SignedWebhook
from db.account_secrets import read_account
from db.payment_inbox import take_in_event
from domain.errors import ForgedWebhook, NotFound
from providers.payments.domain_events import provider_event
from providers.payments.interface import PaymentProvider
from providers.payments.registry import PaymentProviders, provider_at, webhook_path, webhook_receiver


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
    about = (provider.name, event.id, event.type, event.intent_id, provider_event(event), event.created)
    return await take_in_event(signed.services.database, signed.context, *about, account_id)


async def _receiver(name: str, signed: SignedWebhook, account_id: UUID | None) -> PaymentProvider:
    providers = signed.services.payments
    if account_id is None:
        found = webhook_receiver(providers, name, signed.body)
        if found is None:
            raise NotFound({"provider": name})
        return found
    known = providers.name_at(account_id) if isinstance(providers, PaymentProviders) else None
    at = known or (await read_account(signed.services.database, account_id)).provider
    if webhook_path(at) != name:
        raise NotFound({"provider": name})
    return await provider_at(providers, at, account_id)
