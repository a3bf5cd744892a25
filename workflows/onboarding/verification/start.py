"""How the run of a business's review is started."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.engine.session import Database, Scope
from db.platform.outbox import START_VERIFICATION
from domain.onboarding.verification import ReviewStatus
from workflows.onboarding.verification import messages
from workflows.start import ProcessStart, always, attributes
from workflows.support import ids, queues
from workflows.support.search_attributes import BUSINESS_ID, STAGE

OPEN = frozenset({ReviewStatus.WAITING, ReviewStatus.INFO_REQUESTED})


async def _is_open(start: messages.VerificationInput, database: Database) -> bool:
    """False if the first decision started the run and ended it before the outbox row was delivered."""
    async with database.unit_of_work(Scope.tenant(start.business_id)) as work:
        review = await work.onboarding.verifications.open_review(start.business_id)
    return review is not None and review[0] == start.verification_id and review[1] in OPEN


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
    # A rejected business may submit again.
    restarts=always,
    is_needed=_is_open,
    open_rows=open_rows.VERIFICATIONS,
)
