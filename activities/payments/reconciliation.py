"""Compares our payments with those of a provider, page by page, in both directions, and files each difference."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope, UnitOfWork
from db.payments.reconciliation import KnownPayment
from domain.payments.reconciliation import KIND, Finding, Side, compare
from providers.errors import ProviderRefused
from providers.payments.interface import Intent, IntentPage, PaymentProvider
from providers.payments.registry import provider_at

#: Payments of ours in one step.
PAGE = 100
#: Between two heartbeats while a provider lists: PAY.JP v2 may need two hundred calls for a page.
HEARTBEAT = timedelta(seconds=10)


@dataclass(frozen=True)
class CompareInput:
    """One page of one direction. ``since`` and ``until``: when the payments were opened, aware UTC, half-open.
    ``cursor``: where the page begins; None for the first one. ``account_id``: a business's own account; None: the
    platform's."""

    provider: str
    since: datetime
    until: datetime
    cursor: str | None = None
    account_id: UUID | None = None


@dataclass(frozen=True)
class AccountsInput:
    """Whose accounts are asked for."""

    provider: str


@dataclass(frozen=True)
class Compared:
    """``cursor``: of the next page, None after the last one."""

    payments: int
    differences: int
    cursor: str | None


class ReconciliationActivities:
    """``providers`` by name; ``now`` gives aware UTC time. A provider that this deployment does not use has nothing to
    compare."""

    def __init__(
        self, database: Database, providers: Mapping[str, PaymentProvider], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._providers = providers
        self._now = now

    @activity.defn(name="reconciliation.list_accounts")
    async def list_accounts(self, asked: AccountsInput) -> list[UUID]:
        """Accounts of businesses with payments at this provider."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            return list(await work.payments.reconciliation.accounts(asked.provider))

    @activity.defn(name="reconciliation.compare_theirs")
    async def compare_theirs(self, page: CompareInput) -> Compared:
        """Every payment that the provider lists. A difference that is already on the list is not added again. What a
        business's account took for something else than our bookings is no difference."""
        if page.account_id is None and page.provider not in self._providers:
            return Compared(0, 0, None)
        provider = await provider_at(self._providers, page.provider, page.account_id)
        listed = await _listed(provider.list_intents(page.since, page.until, page.cursor))
        differences = 0
        async with self._database.unit_of_work(Scope.platform()) as work:
            ids = [one.id for one in listed.intents]
            known = await work.payments.reconciliation.by_intents(page.provider, page.account_id, ids)
            for intent in listed.intents:
                ours = _of_intent(known.get(intent.id), page.account_id, intent)
                if ours is None and page.account_id is not None and "payment_id" not in intent.metadata:
                    continue
                differences += await _file(work, page, intent.id, ours, intent)
        return Compared(len(listed.intents), differences, listed.cursor)

    @activity.defn(name="reconciliation.compare_ours")
    async def compare_ours(self, page: CompareInput) -> Compared:
        """Every payment of ours with money: the provider is asked for each one."""
        if page.account_id is None and page.provider not in self._providers:
            return Compared(0, 0, None)
        after = UUID(page.cursor) if page.cursor else None
        async with self._database.unit_of_work(Scope.platform()) as work:
            payments = await work.payments.reconciliation.with_money(
                page.provider, page.account_id, page.since, page.until, after, PAGE
            )
        differences = 0
        for payment in payments:
            intent = await self._intent(page, payment.intent_id)
            activity.heartbeat()
            async with self._database.unit_of_work(Scope.platform()) as work:
                # Read again: it may have changed while the provider was asked.
                ids = [payment.intent_id]
                known = await work.payments.reconciliation.by_intents(page.provider, page.account_id, ids)
                differences += await _file(work, page, payment.intent_id, known.get(payment.intent_id), intent)
        cursor = str(payments[-1].id) if len(payments) == PAGE else None
        return Compared(len(payments), differences, cursor)

    async def _intent(self, page: CompareInput, intent_id: str) -> Intent | None:
        """None: the provider does not know it."""
        provider = await provider_at(self._providers, page.provider, page.account_id)
        try:
            return await provider.get_intent(intent_id)
        except ProviderRefused:
            return None


async def _listed(listing: Coroutine[Any, Any, IntentPage]) -> IntentPage:
    """The page, with heartbeats while it is listed."""
    task = asyncio.create_task(listing)
    try:
        while not task.done():
            activity.heartbeat()
            await asyncio.wait({task}, timeout=HEARTBEAT.total_seconds())
    finally:
        task.cancel()
    activity.heartbeat()
    return task.result()


def _of_intent(ours: KnownPayment | None, account_id: UUID | None, intent: Intent) -> KnownPayment | None:
    """Two accounts may have equal ids: a payment at another account is meant only where the intent names it."""
    if ours is None or ours.account_id == account_id or intent.metadata.get("payment_id") == str(ours.id):
        return ours
    return None


async def _file(
    work: UnitOfWork, page: CompareInput, intent_id: str, ours: KnownPayment | None, theirs: Intent | None
) -> bool:
    """Whether the two differ; then it is on the attention list."""
    side = _side(theirs) if theirs else None
    finding = compare(ours.side if ours else None, side)
    if finding is None:
        return False
    at_account = f"{page.account_id}:" if page.account_id else ""
    await work.platform.attention.file(
        KIND,
        f"{KIND}:{page.provider}:{at_account}{intent_id}:{finding.difference.value}",
        business_id=ours.business_id if ours else None,
        booking_id=ours.booking_id if ours else None,
        payment_id=ours.id if ours else None,
        details=_details(page.provider, intent_id, finding, ours, side),
    )
    return True


def _side(intent: Intent) -> Side:
    return Side(intent.status, intent.amount, intent.currency, intent.captured, intent.refunded)


def _details(
    provider: str, intent_id: str, finding: Finding, ours: KnownPayment | None, theirs: Side | None
) -> dict[str, object]:
    return {
        "provider": provider,
        "intent_id": intent_id,
        "difference": finding.difference.value,
        "action": finding.action.value,
        "ours": _shown(ours.side if ours else None),
        "theirs": _shown(theirs),
    }


def _shown(side: Side | None) -> dict[str, object] | None:
    if side is None:
        return None
    return {
        "status": side.status.value,
        "amount": side.amount,
        "currency": side.currency,
        "captured": side.captured,
        "refunded": side.refunded,
    }
