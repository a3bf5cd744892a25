"""What can be said to a review's workflow."""

from dataclasses import dataclass
from uuid import UUID

from domain.onboarding.verification import Decision, ReviewStatus

WORKFLOW = "business-verification"
APPROVE = "approve"
REJECT = "reject"
REQUEST_INFO = "request_info"
RESUBMIT = "resubmit"
STATE = "state"

#: The update that says each decision.
SAYS = {
    Decision.APPROVED: APPROVE,
    Decision.REJECTED: REJECT,
    Decision.INFO_REQUESTED: REQUEST_INFO,
    Decision.RESUBMITTED: RESUBMIT,
}


@dataclass(frozen=True)
class VerificationInput:
    """The row in ``business_verifications`` is there already, and the business is pending."""

    verification_id: UUID
    business_id: UUID


@dataclass(frozen=True)
class VerificationCommand:
    """One command of an operator or of the business; ``command_id`` makes it happen once, and names the text in
    ``command_texts`` that was typed with it."""

    command_id: str
    by: UUID | None = None
    #: The version of the business that the operator has seen (`VerificationStore.version`).
    seen: str | None = None


@dataclass(frozen=True)
class VerificationState:
    """The state of the run: what it waits for and until when (RFC 3339), and how often operators were reminded."""

    status: ReviewStatus
    waiting_until: str | None
    reminded: int
