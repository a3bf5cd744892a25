"""Compares our payments with those of the providers, in both directions, page by page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.payments.payouts import PayoutActivities
    from activities.payments.reconciliation import AccountsInput, Compared, CompareInput, ReconciliationActivities
    from activities.platform.attention import AttentionActivities, AttentionInput
    from workflows.payments.reconciliation import messages
    from workflows.support import options
    from workflows.support.refusals import fail_workflow_task

FAILED = "reconciliation_failed"


@workflow.defn(name=messages.WORKFLOW)
class ReconciliationWorkflow:
    """Started by a schedule, or by an operator for a range. A page that was compared is not compared again after a
    crash; comparing it twice would file the same differences once."""

    def __init__(self) -> None:
        self._payments = 0
        self._differences = 0

    @workflow.run
    async def run(self, start: messages.ReconciliationInput) -> messages.ReconciliationDone:
        """Returns what was compared. A provider that cannot be asked is reported and does not stop the others."""
        until = start.until or workflow.now() - start.settled
        since = start.since or until - timedelta(days=start.days)
        done = []
        for provider in start.providers:
            done.append(await self._reconcile(CompareInput(provider, since, until)))
            for account_id in await self._accounts(provider):
                done.append(await self._reconcile(CompareInput(provider, since, until, account_id=account_id)))
        return messages.ReconciliationDone(tuple(done))

    async def _accounts(self, provider: str) -> list[UUID]:
        asked = AccountsInput(provider)
        with fail_workflow_task("reconciliation.list_accounts"):
            return await workflow.execute_local_activity_method(
                ReconciliationActivities.list_accounts, asked, **options.STEP
            )

    async def _reconcile(self, page: CompareInput) -> messages.ProviderReconciled:
        self._payments = self._differences = 0
        failed = False
        try:
            await self._compare(ReconciliationActivities.compare_theirs, page)
            await self._compare(ReconciliationActivities.compare_ours, page)
            if workflow.patched("payouts"):
                await self._compare(PayoutActivities.compare_payouts, page, is_of_payments=False)
                await self._compare(PayoutActivities.compare_paid_out, page, is_of_payments=False)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            failed = True
            await self._raise_alert(page)
        counts = self._payments, self._differences
        return messages.ProviderReconciled(page.provider, *counts, failed, page.account_id)

    async def _compare(self, step: Callable[..., Any], page: CompareInput, *, is_of_payments: bool = True) -> None:
        with_retries = options.RECONCILE if page.account_id is None else options.RECONCILE_ACCOUNT
        while True:
            workflow.set_current_details(f"{page.provider}: {self._payments} payments compared")
            compared: Compared = await workflow.execute_activity_method(step, page, **with_retries)
            self._payments += compared.payments if is_of_payments else 0
            self._differences += compared.differences
            if compared.cursor is None:
                return
            page = replace(page, cursor=compared.cursor)

    async def _raise_alert(self, page: CompareInput) -> None:
        details = {"provider": page.provider, "run": workflow.info().workflow_id}
        key = f"{FAILED}:{page.provider}"
        if page.account_id is not None:
            details, key = {**details, "account_id": str(page.account_id)}, f"{key}:{page.account_id}"
        alert = AttentionInput(FAILED, key, details=details)
        with fail_workflow_task("attention.file"):
            await workflow.execute_local_activity_method(AttentionActivities.file, alert, **options.STEP)
