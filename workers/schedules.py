"""All schedules, and their creation in Temporal."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from domain.platform.retention import RetainedData
from workflows.analytics.daily import messages as analytics
from workflows.payments.reconciliation import messages as reconciliation
from workflows.platform.maintenance import messages as maintenance
from workflows.support import queues

_ZONE = "Asia/Tokyo"
#: A run that never ends would prevent the next ones.
_AT_MOST = timedelta(hours=6)


@dataclass(frozen=True)
class ScheduledWorkflow:
    """One schedule. ``catch_up``: runs that were missed in an outage of Temporal are started late if they are not
    older."""

    id: str
    summary: str
    at: ScheduleCalendarSpec
    workflow: str
    start: object
    catch_up: timedelta
    queue: str = queues.PLATFORM


def _hourly(minute: int) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(minute=[ScheduleRange(minute)], hour=[ScheduleRange(0, 23)])


def _daily(hour: int, minute: int) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(minute=[ScheduleRange(minute)], hour=[ScheduleRange(hour)])


SCHEDULES: tuple[ScheduledWorkflow, ...] = (
    ScheduledWorkflow(
        "analytics/daily",
        "computes the figures of business days that ended or changed",
        _daily(2, 0),
        analytics.WORKFLOW,
        analytics.DailyAnalyticsInput(),
        catch_up=timedelta(hours=12),
        queue=queues.ANALYTICS,
    ),
    ScheduledWorkflow(
        "reconciliation/daily",
        "compares payments with what their providers say",
        _daily(3, 30),
        reconciliation.WORKFLOW,
        reconciliation.ReconciliationInput(),
        catch_up=timedelta(hours=12),
        queue=queues.PAYMENTS,
    ),
    ScheduledWorkflow(
        "maintenance/hourly",
        "deletes rows that are stored for hours",
        _hourly(7),
        maintenance.WORKFLOW,
        maintenance.MaintenanceInput(
            sweep=(RetainedData.IDEMPOTENCY_KEYS, RetainedData.LOGIN_FAILURES, RetainedData.RATE_LIMITS)
        ),
        catch_up=timedelta(minutes=30),
    ),
    ScheduledWorkflow(
        "maintenance/daily",
        "deletes rows and files that are stored for days, and makes the audit trail's next partitions",
        _daily(4, 10),
        maintenance.WORKFLOW,
        maintenance.MaintenanceInput(
            sweep=(
                RetainedData.OUTBOX,
                RetainedData.COMMAND_TEXTS,
                RetainedData.SESSIONS,
                RetainedData.EMAIL_VERIFICATIONS,
                RetainedData.PASSWORD_RESETS,
                RetainedData.WAITLIST,
            ),
            audit_months=3,
            files=True,
        ),
        catch_up=timedelta(hours=12),
    ),
)


async def write_schedules(client: Client) -> None:
    """Create missing schedules and update the others. One that an operator has paused stays paused."""
    for each in SCHEDULES:
        await _write(client, each)


async def _write(client: Client, each: ScheduledWorkflow) -> None:
    try:
        await client.create_schedule(each.id, _schedule(each, ScheduleState(note=each.summary)))
    except ScheduleAlreadyRunningError:
        pass
    else:
        return

    def update(found: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(_schedule(each, found.description.schedule.state))

    await client.get_schedule_handle(each.id).update(update)


def _schedule(each: ScheduledWorkflow, state: ScheduleState) -> Schedule:
    """A run that would overlap the one before is skipped: the next one does its work."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            each.workflow,
            each.start,
            # Temporal adds the time of the run.
            id=each.id,
            task_queue=each.queue,
            execution_timeout=_AT_MOST,
            static_summary=each.summary,
        ),
        spec=ScheduleSpec(calendars=[each.at], time_zone_name=_ZONE),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=each.catch_up),
        state=state,
    )
