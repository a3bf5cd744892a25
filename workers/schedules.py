"""The one list of what runs by the clock, and how it is written to Temporal."""

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
from workflows.platform.maintenance import messages as maintenance
from workflows.support import queues

_ZONE = "Asia/Tokyo"
#: A round that hangs is given up, so that it cannot keep the next ones from starting for ever.
_AT_MOST = timedelta(hours=6)


@dataclass(frozen=True)
class ScheduledWorkflow:
    """One schedule. ``catch_up``: rounds that fell into an outage of Temporal are made up for if they are not older."""

    id: str
    says: str
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
        "maintenance/hourly",
        "deletes what is kept for hours",
        _hourly(7),
        maintenance.WORKFLOW,
        maintenance.MaintenanceInput(
            sweep=(RetainedData.IDEMPOTENCY_KEYS, RetainedData.LOGIN_FAILURES, RetainedData.RATE_LIMITS)
        ),
        catch_up=timedelta(minutes=30),
    ),
    ScheduledWorkflow(
        "maintenance/daily",
        "deletes what is kept for days, rows and files, and makes the audit trail's partitions ahead",
        _daily(4, 10),
        maintenance.WORKFLOW,
        maintenance.MaintenanceInput(
            sweep=(
                RetainedData.OUTBOX,
                RetainedData.COMMAND_TEXTS,
                RetainedData.SESSIONS,
                RetainedData.EMAIL_VERIFICATIONS,
                RetainedData.PASSWORD_RESETS,
            ),
            audit_months=3,
            files=True,
        ),
        catch_up=timedelta(hours=12),
    ),
)


async def write_schedules(client: Client) -> None:
    """Create what is missing and bring the rest up to the list. One that a person has paused stays paused."""
    for each in SCHEDULES:
        await _write(client, each)


async def _write(client: Client, each: ScheduledWorkflow) -> None:
    try:
        await client.create_schedule(each.id, _schedule(each, ScheduleState(note=each.says)))
    except ScheduleAlreadyRunningError:
        pass
    else:
        return

    def renew(found: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(_schedule(each, found.description.schedule.state))

    await client.get_schedule_handle(each.id).update(renew)


def _schedule(each: ScheduledWorkflow, state: ScheduleState) -> Schedule:
    """A round that would overlap the one before is left out: the next one does its work."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            each.workflow,
            each.start,
            # Temporal adds the round's time.
            id=each.id,
            task_queue=each.queue,
            execution_timeout=_AT_MOST,
            static_summary=each.says,
        ),
        spec=ScheduleSpec(calendars=[each.at], time_zone_name=_ZONE),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=each.catch_up),
        state=state,
    )
