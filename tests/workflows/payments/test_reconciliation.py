"""A reconciliation: all pages in both directions, and a provider that is away does not stop the others."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.payments.reconciliation import AccountsInput, Compared, CompareInput
from activities.platform.attention import AttentionInput
from tests.support.workflow_sandbox import workflow_runner
from workflows.payments.reconciliation import messages
from workflows.payments.reconciliation.workflow import ReconciliationWorkflow
from workflows.support import queues

_NEXT = {None: "2", "2": "3", "3": None}


@dataclass
class Comparison:
    """Three pages of their payments and one of ours, at each provider. ``away``: one that cannot be asked, or the
    account that cannot. ``account``: one of a business at Stripe."""

    away: str | None = None
    account: UUID | None = None
    pages: list[tuple[str, str, str | None]] = field(default_factory=list)
    ranges: set[timedelta] = field(default_factory=set)
    filed: list[str] = field(default_factory=list)

    @activity.defn(name="reconciliation.compare_theirs")
    async def compare_theirs(self, page: CompareInput) -> Compared:
        if self.away in {page.provider, str(page.account_id)}:
            raise ApplicationError("unavailable", type="ProviderUnavailable", non_retryable=True)
        self.pages.append(("theirs", page.provider, page.cursor))
        self.ranges.add(page.until - page.since)
        return Compared(100, 1, _NEXT[page.cursor])

    @activity.defn(name="reconciliation.compare_ours")
    async def compare_ours(self, page: CompareInput) -> Compared:
        self.pages.append(("ours", page.provider, page.cursor))
        return Compared(7, 2, None)

    @activity.defn(name="reconciliation.compare_payouts")
    async def compare_payouts(self, page: CompareInput) -> Compared:
        self.pages.append(("payouts", page.provider, page.cursor))
        return Compared(1, 0, _NEXT[page.cursor] if page.cursor != "2" else None)

    @activity.defn(name="reconciliation.compare_paid_out")
    async def compare_paid_out(self, page: CompareInput) -> Compared:
        self.pages.append(("paid_out", page.provider, page.cursor))
        return Compared(0, 0, None)

    @activity.defn(name="reconciliation.list_accounts")
    async def list_accounts(self, asked: AccountsInput) -> list[UUID]:
        return [self.account] if self.account and asked.provider == "stripe" else []

    @activity.defn(name="attention.file")
    async def file(self, item: AttentionInput) -> bool:
        self.filed.append(item.dedupe_key)
        return True


@contextlib.asynccontextmanager
async def reconciling(env: WorkflowEnvironment, comparison: Comparison) -> AsyncIterator[WorkflowHandle]:
    """A run that is started without skipping."""
    worker = Worker(
        env.client,
        task_queue=queues.PAYMENTS,
        workflows=[ReconciliationWorkflow],
        activities=[
            *(comparison.compare_theirs, comparison.compare_ours, comparison.compare_payouts),
            *(comparison.compare_paid_out, comparison.list_accounts, comparison.file),
        ],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        with env.with_time_skipping_disabled():
            yield await env.client.start_workflow(
                messages.WORKFLOW,
                messages.ReconciliationInput(),
                id=f"reconciliation/{uuid4()}",
                task_queue=queues.PAYMENTS,
                result_type=messages.ReconciliationDone,
            )


async def test_reconciliation_compares_all_pages_of_both_directions(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    comparison = Comparison()
    async with reconciling(temporal_time_skipping, comparison) as handle:
        done = await handle.result()
    assert [page for page in comparison.pages if page[1] == "stripe"] == [
        ("theirs", "stripe", None),
        ("theirs", "stripe", "2"),
        ("theirs", "stripe", "3"),
        ("ours", "stripe", None),
        ("payouts", "stripe", None),
        ("payouts", "stripe", "2"),
        ("paid_out", "stripe", None),
    ]
    assert [(one.provider, one.payments, one.differences, one.failed) for one in done.providers] == [
        (name, 307, 5, False) for name in messages.ReconciliationInput().providers
    ]
    assert comparison.ranges == {timedelta(days=3)}
    assert comparison.filed == []


async def test_reconciliation_goes_on_after_a_provider_that_is_away(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    comparison = Comparison(away="stripe")
    async with reconciling(temporal_time_skipping, comparison) as handle:
        done = await handle.result()
    assert {one.provider: one.failed for one in done.providers} == {
        name: name == "stripe" for name in messages.ReconciliationInput().providers
    }
    assert comparison.filed == ["reconciliation_failed:stripe"]


async def test_reconciliation_compares_each_account_and_goes_on_after_one_that_fails(
    temporal_time_skipping: WorkflowEnvironment,
) -> None:
    comparison = Comparison(account=uuid4())
    comparison.away = str(comparison.account)
    async with reconciling(temporal_time_skipping, comparison) as handle:
        done = await handle.result()
    found = [(one.provider, one.account_id, one.failed) for one in done.providers]
    assert found[:2] == [("stripe", None, False), ("stripe", comparison.account, True)]
    assert {one[1:] for one in found[2:]} == {(None, False)}
    assert comparison.filed == [f"reconciliation_failed:stripe:{comparison.account}"]


async def test_reconciliation_asks_an_account_a_few_times_only(temporal_time_skipping: WorkflowEnvironment) -> None:
    """The keys of an account may be revoked: the accounts after it do not wait for hours."""
    comparison = Comparison(account=uuid4())
    async with reconciling(temporal_time_skipping, comparison) as handle:
        await handle.result()
        events = (await handle.fetch_history()).events
    scheduled = [event.activity_task_scheduled_event_attributes for event in events]
    attempts = [one.retry_policy.maximum_attempts for one in scheduled if one.activity_type.name]
    of_stripe = 7
    assert attempts[: 2 * of_stripe] == [0] * of_stripe + [4] * of_stripe
    assert set(attempts[2 * of_stripe :]) == {0}
