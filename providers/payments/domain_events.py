"""Converts objects and events of a provider into values of the domain. Only UUIDs count as ids in metadata."""

from collections.abc import Mapping
from uuid import UUID

from domain.payments.provider_events import DisputeEvent, IntentEvent, ProviderEvent, RefundEvent
from providers.payments.interface import Intent, WebhookEvent


def intent_event(intent: Intent) -> IntentEvent:
    """The intent as an event of the domain."""
    return IntentEvent(
        intent_id=intent.id,
        status=intent.status,
        amount=intent.amount,
        currency=intent.currency,
        captured=intent.captured,
        decline_code=intent.decline_code,
        payment_id=_id(intent.metadata, "payment_id"),
        authorized_until=intent.authorized_until,
        voucher=intent.voucher,
        card=intent.card,
    )


def provider_event(event: WebhookEvent) -> ProviderEvent:
    """The payment event of a verified webhook; empty for a type that concerns no payment."""
    if event.dispute is not None:
        dispute = event.dispute
        return ProviderEvent(
            dispute=DisputeEvent(
                dispute.id, dispute.status, dispute.amount, dispute.reason, dispute.due_at, dispute.fee
            )
        )
    if event.refund is not None:
        refund = event.refund
        return ProviderEvent(
            refund=RefundEvent(
                refund.id,
                refund.status,
                refund.amount,
                _id(refund.metadata, "refund_id"),
                refund.failure_reason,
                refund.answer_by,
            )
        )
    return ProviderEvent(intent=intent_event(event.intent) if event.intent else None)


def _id(metadata: Mapping[str, str], name: str) -> UUID | None:
    try:
        return UUID(metadata.get(name, ""))
    except ValueError:
        return None
