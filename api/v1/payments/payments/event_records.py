"""A provider's words read into the platform's own. Ids from metadata are believed only as far as they are ids."""

from collections.abc import Mapping
from uuid import UUID

from domain.payments.provider_events import DisputeEvent, DisputeState, IntentEvent, ProviderEvent, RefundEvent
from providers.payments.interface import Intent, WebhookEvent


def news_of_intent(intent: Intent) -> IntentEvent:
    """How the intent stands."""
    return IntentEvent(
        intent_id=intent.id,
        status=intent.status,
        amount=intent.amount,
        currency=intent.currency,
        captured=intent.captured,
        decline_code=intent.decline_code,
        payment_id=_id(intent.metadata, "payment_id"),
        authorized_until=intent.authorized_until,
    )


def news_of_event(event: WebhookEvent) -> ProviderEvent:
    """What a verified event tells; empty for a kind that concerns no payment."""
    if event.dispute is not None:
        dispute = event.dispute
        state = DisputeState(dispute.status.value)
        return ProviderEvent(dispute=DisputeEvent(dispute.id, state, dispute.amount, dispute.reason))
    if event.refund is not None:
        refund = event.refund
        return ProviderEvent(
            refund=RefundEvent(
                refund.id, refund.status, refund.amount, _id(refund.metadata, "refund_id"), refund.failure_reason
            )
        )
    return ProviderEvent(intent=news_of_intent(event.intent) if event.intent else None)


def _id(metadata: Mapping[str, str], name: str) -> UUID | None:
    try:
        return UUID(metadata.get(name, ""))
    except ValueError:
        return None
