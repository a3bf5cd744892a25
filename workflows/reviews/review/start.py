"""The signal to the run of a review; without an open run it starts a new one."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.engine.session import Database
from db.platform.outbox import REVIEW_CHANGED
from domain.reviews.status import PublicationStatus
from workflows.reviews.review import messages
from workflows.start import ProcessSignal, ProcessStart, always, attributes
from workflows.support import ids, queues
from workflows.support.search_attributes import BUSINESS_ID, STAGE


async def _input_of(about: messages.ReviewRunInput, database: Database) -> messages.ReviewRunInput:
    return about


START = ProcessStart(
    command="review.start",
    workflow=messages.WORKFLOW,
    payload=messages.ReviewRunInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.review(start.review_id),
    attributes=lambda start: attributes(
        SearchAttributePair(BUSINESS_ID, str(start.business_id)),
        SearchAttributePair(STAGE, PublicationStatus.PENDING.value),
    ),
    summary=lambda start: f"review {start.review_id}",
    restarts=always,
    fairness_key=lambda start: str(start.business_id),
    open_rows=open_rows.REVIEWS,
)

CHANGED = ProcessSignal(
    command=REVIEW_CHANGED,
    payload=messages.ReviewRunInput,
    signal=messages.CHANGED,
    workflow_id=lambda about: ids.review(about.review_id),
    message=lambda about: messages.ReviewChanged(),
    process=START,
    restart=_input_of,
)
