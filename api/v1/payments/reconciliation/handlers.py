"""Runs the proposed action of a difference: the state at the provider goes through the inbox, like a webhook."""

from datetime import datetime, timedelta
from uuid import UUID

from api.access.callers import ApiServices
from api.access.operators import Operator
from api.http.operation_errors import raises
from db.platform.attention import AttentionItem
from domain.errors import NotFound, RuleBroken, Unavailable, WrongState
from domain.payments.payment import Payment
from domain.payments.provider_events import ProviderEvent
from domain.payments.reconciliation import ProposedAction, action_to_run
from providers.errors import ProviderError, ProviderRefused
from providers.payments.domain_events import intent_event
from providers.payments.interface import Intent, PaymentProvider
from providers.payments.registry import all_entries, provider_at

_SEEN = "reconciliation"
_NOTE = "record_state"
_READ = "read_again"


@raises(WrongState, RuleBroken, NotFound)
async def run_action(services: ApiServices, admin: Operator, attention_id: UUID) -> AttentionItem:
    """Ask the provider, store its answer, and resolve the item: the state of a payment as an event, which is applied
    like a webhook, or a payout with its entries. No transaction is open during the call; a repeat after a crash stores
    the same once.

    Raises WrongState for a resolved item, RuleBroken where nothing can be recorded, Unavailable while the provider does
    not answer.
    """
    async with admin.work() as work:
        item = await work.platform.attention.get(attention_id)
        action = action_to_run(item.kind, item.details.get("action"), item.resolved_at is not None)
    if action is ProposedAction.READ_AGAIN:
        return await _read_again(services, admin, item)
    async with admin.work() as work:
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


async def _read_again(services: ApiServices, admin: Operator, item: AttentionItem) -> AttentionItem:
    """Read a payout with its entries once more. If it still differs, it is filed again."""
    name, payout_id = str(item.details["provider"]), str(item.details["payout_id"])
    account_id = UUID(item.details["account_id"]) if item.details.get("account_id") else None
    made_at = datetime.fromisoformat(str(item.details["made_at"]))
    provider = await _provider(services, name, account_id)
    try:
        page = await provider.list_payouts(made_at, made_at + timedelta(seconds=1), None)
        payout = next((one for one in page.payouts if one.id == payout_id), None)
        entries = await all_entries(provider, payout_id) if payout is not None else []
    except ProviderRefused as refusal:
        raise RuleBroken({"rule": "provider_refused", "reason": refusal.reason}) from refusal
    except ProviderError as error:
        raise Unavailable({"dependency": provider.name, "retry_after": 2}) from error
    if payout is None:
        raise NotFound({"payout_id": payout_id})
    async with admin.work() as work:
        resolved = await work.platform.attention.resolve(item.id, admin.id, _READ, services.now())
        await work.payments.payouts.record(name, account_id, payout, entries)
        return resolved


async def _provider(services: ApiServices, name: str, account_id: UUID | None) -> PaymentProvider:
    if account_id is None and name not in services.payments:
        raise NotFound({"provider": name})
    return await provider_at(services.payments, name, account_id)


async def _present(services: ApiServices, payment: Payment, intent_id: str) -> Intent:
    provider = await _provider(services, payment.provider, payment.account_id)
    try:
        return await provider.get_intent(intent_id)
    except ProviderRefused as refusal:
        raise RuleBroken({"rule": "provider_refused", "reason": refusal.reason}) from refusal
    except ProviderError as error:
        raise Unavailable({"dependency": provider.name, "retry_after": 2}) from error
