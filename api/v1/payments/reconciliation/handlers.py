"""Runs the proposed action of a difference: the state at the provider goes through the inbox, like a webhook."""

from uuid import UUID

from api.access.callers import ApiServices
from api.access.operators import Operator
from api.http.operation_errors import raises
from db.platform.attention import AttentionItem
from domain.errors import NotFound, RuleBroken, Unavailable, WrongState
from domain.payments.payment import Payment
from domain.payments.provider_events import ProviderEvent
from domain.payments.reconciliation import require_recordable
from providers.errors import ProviderError, ProviderRefused
from providers.payments.domain_events import intent_event
from providers.payments.interface import Intent
from providers.payments.registry import provider_at

_SEEN = "reconciliation"
_NOTE = "record_state"


@raises(WrongState, RuleBroken, NotFound)
async def record_state(services: ApiServices, admin: Operator, attention_id: UUID) -> AttentionItem:
    """Ask the provider, store its answer as an event, and resolve the item. No transaction is open during the call; a
    repeat after a crash stores the same event once.

    Raises WrongState for a resolved item, RuleBroken where nothing can be recorded, Unavailable while the provider does
    not answer.
    """
    async with admin.work() as work:
        item = await work.platform.attention.get(attention_id)
        require_recordable(item.kind, item.details.get("action"), item.resolved_at is not None)
        if item.payment_id is None:
            raise RuleBroken({"rule": "no_action_to_run"})
        payment = await work.payments.get(item.payment_id)
    intent = await _present(services, payment, str(item.details["intent_id"]))
    at = services.now().replace(microsecond=0)
    async with admin.work() as work:
        event = ProviderEvent(intent=intent_event(intent))
        name = f"{_SEEN}:{attention_id}"
        await work.payments.webhooks.receive(payment.provider, name, _SEEN, intent.id, event, at, payment.account_id)
        return await work.platform.attention.resolve(attention_id, admin.id, _NOTE, services.now())


async def _present(services: ApiServices, payment: Payment, intent_id: str) -> Intent:
    if payment.account_id is None and payment.provider not in services.payments:
        raise NotFound({"provider": payment.provider})
    provider = await provider_at(services.payments, payment.provider, payment.account_id)
    try:
        return await provider.get_intent(intent_id)
    except ProviderRefused as refusal:
        raise RuleBroken({"rule": "provider_refused", "reason": refusal.reason}) from refusal
    except ProviderError as error:
        raise Unavailable({"dependency": provider.name, "retry_after": 2}) from error
