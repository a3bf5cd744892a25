"""The steps of a refund: record its intent in the ledger, ask the provider, poll while it is pending, record the
result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from activities.support.attempts import is_repeat
from db.engine.context import Context
from db.engine.session import Database, Scope
from domain.payments.movements import metadata, refund_in
from domain.payments.refunds import PHASE_OF
from domain.payments.status import Phase, RefundStatus
from domain.payments.tasks import MoneyResult, MoneyTask
from domain.platform.actor import PROVIDER
from providers.errors import OutcomeUnknown, ProviderRefused
from providers.payments.interface import PaymentProvider, Refund
from providers.payments.registry import provider_at

#: The number of idempotency keys of one refund. Stripe keeps a key for a day.
_KEYS = 10


@dataclass(frozen=True)
class BeginRefundInput:
    """A row of ``refunds``."""

    refund_id: UUID
    business_id: UUID
    booking_id: UUID


@dataclass(frozen=True)
class PollRefundInput:
    """A refund that is pending at the provider; ``provider_ref`` is its id there."""

    task: MoneyTask
    provider_ref: str


@dataclass(frozen=True)
class ApplyRefundEventInput:
    """A stored webhook event that concerns this refund."""

    refund_id: UUID
    business_id: UUID
    webhook_id: UUID


@dataclass(frozen=True)
class RecordRefundInput:
    """The outcome of a refund, or its present state at the provider."""

    refund_id: UUID
    business_id: UUID
    task: MoneyTask
    result: MoneyResult


class RefundActivities:
    """``providers`` by name; ``now`` gives aware UTC time."""

    def __init__(
        self, database: Database, providers: Mapping[str, PaymentProvider], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._providers = providers
        self._now = now

    @activity.defn(name="refunds.begin")
    async def begin(self, refund: BeginRefundInput) -> MoneyTask | None:
        """Record in the ledger that the refund is intended. None when it has already ended."""
        async with self._database.unit_of_work(Scope.tenant(refund.business_id)) as work:
            return await work.payments.refunds.begin(refund.refund_id)

    @activity.defn(name="refunds.perform")
    async def perform(self, task: MoneyTask) -> MoneyResult:
        """Ask the provider for the refund. Phase unknown with a ``provider_ref`` means that it is pending there.

        Safe to repeat: a repeat looks for the refund first, and the movement's id is the idempotency key. The next key
        is used only if the provider replays a stored failure for the one before. ``OutcomeUnknown`` and
        ``ProviderUnavailable`` are retried; a refusal is a result.
        """
        if task.intent_id is None:
            return MoneyResult(task.movement_id, Phase.FAILED, reason="no_intent")
        try:
            provider = await provider_at(self._providers, task.provider, task.account_id)
            refund = await _made(provider, task, task.intent_id)
        except ProviderRefused as refusal:
            return MoneyResult(task.movement_id, Phase.FAILED, intent_id=task.intent_id, reason=refusal.reason)
        return _result(task, refund)

    @activity.defn(name="refunds.poll")
    async def poll(self, question: PollRefundInput) -> MoneyResult:
        """The present state of a pending refund at the provider."""
        provider = await provider_at(self._providers, question.task.provider, question.task.account_id)
        refund = await provider.get_refund(question.provider_ref)
        return _result(question.task, refund)

    @activity.defn(name="refunds.record")
    async def record(self, outcome: RecordRefundInput) -> RefundStatus:
        """Record the provider's answer: ledger, refund, payment totals. Notifies the customer when the
        provider has made the refund; files an attention item when it failed."""
        async with self._database.unit_of_work(Scope.tenant(outcome.business_id)) as work:
            return await work.payments.refunds.record(outcome.refund_id, outcome.result)

    @activity.defn(name="refunds.apply_event")
    async def apply_event(self, event: ApplyRefundEventInput) -> RefundStatus:
        """Apply a stored webhook event once, in any order; returns the refund's status after it."""
        async with self._database.unit_of_work(Scope.platform(), Context(actor=PROVIDER)) as work:
            await work.payments.webhooks.apply(event.webhook_id, self._now())
            return (await work.payments.refunds.get(event.refund_id)).status


async def _made(provider: PaymentProvider, task: MoneyTask, intent_id: str) -> Refund:
    """The one refund of this task. The provider does not recognise a second refund of the same amount as a repeat, so a
    new key may be used only when no call with an older key can still be running: when its stored answer is replayed."""
    refund_id = str(refund_in(task.movement_id))
    about = metadata(task.payment_id, task.booking_id, task.business_id) | {"refund_id": refund_id}
    number = 1
    while True:
        if number > 1 or is_repeat():
            found = await provider.find_refund(intent_id, refund_id)
            if found is not None:
                return found
        key = task.movement_id if number == 1 else f"{task.movement_id}:{number}"
        try:
            return await provider.create_refund(intent_id, task.amount, key, about)
        except OutcomeUnknown as unknown:
            if not unknown.replayed or number == _KEYS:
                raise
        number += 1


def _result(task: MoneyTask, refund: Refund) -> MoneyResult:
    phase = PHASE_OF[refund.status]
    return MoneyResult(
        task.movement_id,
        phase,
        intent_id=refund.intent_id or task.intent_id,
        refunded=refund.amount if phase is Phase.SUCCEEDED else 0,
        provider_ref=refund.id,
        reason=refund.failure_reason,
        answer_by=refund.answer_by,
    )
