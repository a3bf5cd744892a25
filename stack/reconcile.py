"""``omotenashi reconcile``: the nightly comparison with the providers, for another range."""

from datetime import datetime
from zoneinfo import ZoneInfo

from temporalio.common import WorkflowIDConflictPolicy

from runtime.settings import Settings
from runtime.temporal import connect
from workflows.payments.reconciliation import messages
from workflows.support import queues

#: Days are those of Japan, where the providers settle.
ZONE = ZoneInfo("Asia/Tokyo")


async def reconcile(
    settings: Settings, since: datetime, until: datetime, providers: tuple[str, ...]
) -> messages.ReconciliationDone:
    """Start the run, or join the one of the same range, and wait for its result. ``since`` and ``until``: midnights
    without a zone. Raises RPCError and RuntimeError when Temporal does not answer."""
    client = await connect(settings, process="reconcile")
    asked = messages.ReconciliationInput(providers, since.replace(tzinfo=ZONE), until.replace(tzinfo=ZONE))
    handle = await client.start_workflow(
        messages.WORKFLOW,
        asked,
        id=f"reconciliation/{since:%Y-%m-%d}/{until:%Y-%m-%d}/{'+'.join(providers)}",
        task_queue=queues.PAYMENTS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        result_type=messages.ReconciliationDone,
    )
    done: messages.ReconciliationDone = await handle.result()
    return done


def is_equal(done: messages.ReconciliationDone) -> bool:
    """Whether every provider could be asked and says what we say."""
    return not any(one.failed or one.differences for one in done.providers)


def describe(done: messages.ReconciliationDone) -> str:
    """One line for each account."""
    return "\n".join(_line(one) for one in done.providers)


def _line(one: messages.ProviderReconciled) -> str:
    account = f" account {one.account_id}" if one.account_id else ""
    if one.failed:
        return f"{one.provider}{account}: could not be asked"
    return f"{one.provider}{account}: {one.payments} payments compared, {one.differences} differences"
