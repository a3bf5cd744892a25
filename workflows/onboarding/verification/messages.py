"""The messages of a review's workflow."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.onboarding.verification import Decision, ReviewStatus

WORKFLOW = "business-verification"
APPROVE = "approve"
REJECT = "reject"
REQUEST_INFO = "request_info"
RESUBMIT = "resubmit"
STATE = "state"

#: The update for each decision.
UPDATES = {
    Decision.APPROVED: APPROVE,
    Decision.REJECTED: REJECT,
    Decision.INFO_REQUESTED: REQUEST_INFO,
    Decision.RESUBMITTED: RESUBMIT,
}


@dataclass(frozen=True)
class VerificationInput:
    """The row in ``business_verifications`` exists already, and the business is pending."""

    verification_id: UUID
    business_id: UUID
    #: Of a run that replaces a lost one: the status, since when (aware UTC; None: the start of the run), and how often
    #: the business has submitted.
    status: ReviewStatus = ReviewStatus.WAITING
    since: datetime | None = None
    round: int = 1


@dataclass(frozen=True)
class VerificationCommand:
    """One command of an operator or of the business. With ``command_id`` a repeat changes nothing; it is also the key
    of the text in ``command_texts`` that was typed with the command."""

    command_id: str
    by: UUID | None = None
    #: The version of the business that the operator saw (`VerificationStore.version`).
    seen: str | None = None


@dataclass(frozen=True)
class VerificationState:
    """The state of the run: its status, its next deadline (RFC 3339), and how often operators were reminded."""

    status: ReviewStatus
    waiting_until: str | None
    reminded: int
