"""Reads the payouts of a provider with what they consist of, stores them, and files what differs from our records."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from temporalio import activity

from activities.payments.reconciliation import Compared, CompareInput
from db.engine.session import Database, Scope
from domain.payments.payouts import PAID_OUT_WITHIN, never_paid_out
from providers.payments.interface import PaymentProvider
from providers.payments.registry import all_entries, provider_at

#: Payments that are in no payout, in one step.
NEVER_PAID_OUT = 100


class PayoutActivities:
    """``providers`` by name; ``now`` gives aware UTC time. A provider that this deployment does not use has nothing to
    compare."""

    def __init__(
        self, database: Database, providers: Mapping[str, PaymentProvider], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._providers = providers
        self._now = now

    @activity.defn(name="reconciliation.compare_payouts")
    async def compare_payouts(self, page: CompareInput) -> Compared:
        """A page of the payouts that the provider made in the range: each is stored with its entries and compared. A
        repeat brings them up to date and files nothing twice."""
        if page.account_id is None and page.provider not in self._providers:
            return Compared(0, 0, None)
        provider = await provider_at(self._providers, page.provider, page.account_id)
        listed = await provider.list_payouts(page.since, page.until, page.cursor)
        differences = 0
        for payout in listed.payouts:
            entries = await all_entries(provider, payout.id)
            activity.heartbeat()
            async with self._database.unit_of_work(Scope.platform()) as work:
                differences += await work.payments.payouts.record(page.provider, page.account_id, payout, entries)
        return Compared(len(listed.payouts), differences, listed.cursor)

    @activity.defn(name="reconciliation.compare_paid_out")
    async def compare_paid_out(self, page: CompareInput) -> Compared:
        """A page of the other direction: payments of ours that should be paid out by now and are in no payout."""
        after = UUID(page.cursor) if page.cursor else None
        since, until = page.since - PAID_OUT_WITHIN, page.until - PAID_OUT_WITHIN
        async with self._database.unit_of_work(Scope.platform()) as work:
            payments = await work.payments.payouts.never_paid_out(
                page.provider, page.account_id, since, until, after, NEVER_PAID_OUT
            )
            for payment in payments:
                found = never_paid_out(payment)
                await work.payments.payouts.file(page.provider, page.account_id, None, found, payment)
        is_last = len(payments) < NEVER_PAID_OUT
        return Compared(len(payments), len(payments), None if is_last else str(payments[-1].id))
