"""Taking in a payment provider's webhook: verified over the raw body, stored, acknowledged, and nothing else."""

from datetime import UTC, datetime

from api.payments.news import news_of_event
from api.signed import SignedNews
from domain.errors import NotFound


async def take_in(provider_name: str, signed: SignedNews) -> bool:
    """Whether it was new. Raises NotFound for a provider that is not ours, ForgedWebhook before anything is written."""
    provider = signed.parts.payments.get(provider_name)
    if provider is None:
        raise NotFound({"provider": provider_name})
    event = provider.parse_webhook(signed.body, signed.headers)
    created = datetime.fromtimestamp(event.created, UTC)
    async with signed.work() as work:
        return await work.webhooks.receive(
            provider.name, event.id, event.type, event.intent_id, news_of_event(event), created
        )
