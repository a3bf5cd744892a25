"""A range of days is compared by command, and the exit code says whether there were differences."""

from datetime import datetime
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from runtime.settings import Settings
from stack import reconcile as command
from stack.reconcile import describe, is_equal, reconcile
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.payments.test_reconciliation import Comparison
from workflows.payments.reconciliation.messages import ProviderReconciled, ReconciliationDone
from workflows.payments.reconciliation.workflow import ReconciliationWorkflow
from workflows.support import queues

FIRST, LAST = datetime(2026, 11, 1), datetime(2026, 12, 1)  # noqa: DTZ001  (days of the command line have no zone)


async def test_reconcile_runs_over_the_days_and_joins_a_run_of_the_same_range(
    temporal_time_skipping: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connected(*_: object, **__: object) -> Client:
        return temporal_time_skipping.client

    monkeypatch.setattr(command, "connect", connected)
    comparison = Comparison()
    worker = Worker(
        temporal_time_skipping.client,
        task_queue=queues.PAYMENTS,
        workflows=[ReconciliationWorkflow],
        activities=[
            *(comparison.compare_theirs, comparison.compare_ours, comparison.compare_payouts),
            *(comparison.compare_paid_out, comparison.list_accounts, comparison.file),
        ],
        workflow_runner=workflow_runner(),
    )
    async with worker:
        done = await reconcile(Settings(), FIRST, LAST, ("stripe",))
    assert comparison.ranges == {LAST - FIRST}
    assert describe(done) == "stripe: 307 payments compared, 5 differences"
    assert not is_equal(done)


def test_is_equal_needs_every_account_to_answer() -> None:
    account = uuid4()
    good, away = ProviderReconciled("stripe", 3), ProviderReconciled("payjp_v1", failed=True, account_id=account)
    assert is_equal(ReconciliationDone((good,)))
    assert not is_equal(ReconciliationDone((good, away)))
    lines = describe(ReconciliationDone((good, away))).splitlines()
    assert lines == ["stripe: 3 payments compared, 0 differences", f"payjp_v1 account {account}: could not be asked"]
