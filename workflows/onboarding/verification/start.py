"""How the run of a business's review is started."""

from temporalio.common import SearchAttributePair

from db.platform.outbox import START_VERIFICATION
from domain.onboarding.verification import ReviewStatus
from workflows.onboarding.verification import messages
from workflows.start import ProcessStart, always, attributes
from workflows.support import ids, queues
from workflows.support.search_attributes import BUSINESS_ID, STAGE

START = ProcessStart(
    command=START_VERIFICATION,
    workflow=messages.WORKFLOW,
    payload=messages.VerificationInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.verification(start.business_id),
    attributes=lambda start: attributes(
        SearchAttributePair(BUSINESS_ID, str(start.business_id)), SearchAttributePair(STAGE, ReviewStatus.WAITING.value)
    ),
    summary=lambda start: f"review {start.verification_id}",
    # A business that was rejected may ask again.
    restarts=always,
)
