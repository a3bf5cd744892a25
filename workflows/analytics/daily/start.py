"""How marked business days are computed: by the open run if there is one, else by a new run."""

from dataclasses import dataclass

from db.engine.session import Database
from db.platform.outbox import COMPUTE_DAYS
from workflows.analytics.daily import messages
from workflows.start import ProcessSignal, ProcessStart, always, no_attributes
from workflows.support import ids, queues


@dataclass(frozen=True)
class DaysMarked:
    """Payload of ``analytics.compute``: the days themselves are in the database."""


async def _marked_only(marked: DaysMarked, database: Database) -> messages.DailyAnalyticsInput:
    return messages.DailyAnalyticsInput(collect=False)


START = ProcessStart(
    command="analytics.start",
    workflow=messages.WORKFLOW,
    payload=messages.DailyAnalyticsInput,
    queue=queues.ANALYTICS,
    workflow_id=lambda start: ids.BACKFILL,
    attributes=no_attributes,
    summary=lambda start: "computes marked business days",
    restarts=always,
    unlisted="marked days stay marked until they are computed, and the next night's run computes them",
)

MARKED = ProcessSignal(
    command=COMPUTE_DAYS,
    payload=DaysMarked,
    signal=messages.DAYS_MARKED,
    workflow_id=lambda marked: ids.BACKFILL,
    message=lambda marked: messages.DaysMarkedInput(),
    process=START,
    restart=_marked_only,
)
