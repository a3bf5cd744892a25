"""The verification of a business: what it must have, and the statuses of its review."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.business_status import ALLOWED, BusinessStatus
from domain.businesses.profile import PERMIT_NEEDED, Vertical
from domain.errors import WrongState
from domain.onboarding.errors import VerificationIncomplete

#: An operator who has not answered is reminded after these times.
REMIND_AFTER = (timedelta(hours=24), timedelta(hours=48))
#: A business that does not answer a request for information is closed after this.
ANSWER_WITHIN = timedelta(days=30)


class DocumentKind(StrEnum):
    """What a document proves."""

    REGISTRATION = "registration"  # that the business exists: 登記事項証明書 or 開業届
    PERMIT = "permit"  # that it may do what it does
    IDENTITY = "identity"  # who answers for it


class DocumentStatus(StrEnum):
    """The status of a document. ``uploading``: the upload form was issued; no file is known yet."""

    UPLOADING = "uploading"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class ReviewStatus(StrEnum):
    """The status of a review."""

    WAITING = "waiting"  # for an operator
    INFO_REQUESTED = "info_requested"  # for the business
    APPROVED = "approved"
    REJECTED = "rejected"
    CLOSED = "closed"  # the business did not answer in time


class Decision(StrEnum):
    """Every recorded step of a review, with its actor and reason."""

    SUBMITTED = "submitted"
    INFO_REQUESTED = "info_requested"
    RESUBMITTED = "resubmitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    IDENTITY_CHANGED = "identity_changed"  # an approved business is reviewed again and stays open meanwhile


R, D = ReviewStatus, Decision

#: The status of the review after each decision, and the statuses that allow it.
REVIEW: Mapping[Decision, tuple[frozenset[ReviewStatus], ReviewStatus]] = {
    D.INFO_REQUESTED: (frozenset({R.WAITING}), R.INFO_REQUESTED),
    D.RESUBMITTED: (frozenset({R.INFO_REQUESTED}), R.WAITING),
    D.APPROVED: (frozenset({R.WAITING, R.INFO_REQUESTED}), R.APPROVED),
    D.REJECTED: (frozenset({R.WAITING, R.INFO_REQUESTED}), R.REJECTED),
    D.CLOSED: (frozenset({R.INFO_REQUESTED}), R.CLOSED),
}
#: The status of the business after a decision.
BUSINESS: Mapping[Decision, BusinessStatus] = {
    D.SUBMITTED: BusinessStatus.PENDING,
    D.APPROVED: BusinessStatus.APPROVED,
    D.REJECTED: BusinessStatus.REJECTED,
    D.CLOSED: BusinessStatus.REJECTED,
    D.SUSPENDED: BusinessStatus.SUSPENDED,
    D.REINSTATED: BusinessStatus.APPROVED,
}
#: A business in one of these was approved once: a review of it is another one.
_ADMITTED = frozenset({BusinessStatus.APPROVED, BusinessStatus.SUSPENDED})
_REFUSALS = frozenset({D.REJECTED, D.CLOSED})

#: Decisions that need a reason, which the business reads.
NEEDS_REASON = frozenset({D.INFO_REQUESTED, D.REJECTED, D.SUSPENDED})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a business has when it submits itself for review. ``documents``: kinds that are there and were not
    refused."""

    vertical: Vertical
    has_name: bool
    has_address: bool
    has_postal_code: bool
    has_prefecture: bool
    has_city: bool
    has_phone: bool
    has_hours: bool
    has_active_service: bool
    takes_online_payments: bool
    has_legal_notice: bool
    owner_email_verified: bool
    documents: frozenset[DocumentKind]


def missing(standing: Standing) -> tuple[str, ...]:
    """Stable words for everything that is not there yet, in the order of a form; empty: it may be reviewed.

    Every business that takes money online needs the 特定商取引法 notice (特定商取引に関する法律第11条).
    """
    wanted = {
        "name": standing.has_name,
        "postal_code": standing.has_postal_code,
        "prefecture": standing.has_prefecture,
        "city": standing.has_city,
        "address": standing.has_address,
        "phone": standing.has_phone,
        "hours": standing.has_hours,
        "active_service": standing.has_active_service,
        "legal_notice": standing.has_legal_notice or not standing.takes_online_payments,
        "owner_email_verified": standing.owner_email_verified,
        "document.registration": DocumentKind.REGISTRATION in standing.documents,
        "document.identity": DocumentKind.IDENTITY in standing.documents,
        "document.permit": DocumentKind.PERMIT in standing.documents or standing.vertical not in PERMIT_NEEDED,
    }
    return tuple(name for name, there in wanted.items() if not there)


def check_complete(standing: Standing) -> None:
    """Raise ``VerificationIncomplete`` with everything that is missing at once."""
    absent = missing(standing)
    if absent:
        raise VerificationIncomplete({"missing": list(absent)})


def review_after(current: ReviewStatus, decision: Decision) -> ReviewStatus:
    """The status of the review after the decision. Raises WrongState for one that the table does not allow."""
    allowed, becomes = REVIEW[decision]
    if current not in allowed:
        raise WrongState({"status": current.value, "wanted": becomes.value})
    return becomes


def business_after(current: BusinessStatus, decision: Decision) -> BusinessStatus | None:
    """Status of the business after the decision; None: it stays as it is. In another review of an approved business,
    approving changes nothing and refusing suspends. Raises WrongState where the table does not allow it."""
    wanted = BUSINESS.get(decision)
    if current in _ADMITTED and decision is Decision.APPROVED:
        wanted = None
    elif current in _ADMITTED and decision in _REFUSALS:
        wanted = BusinessStatus.SUSPENDED if current is BusinessStatus.APPROVED else None
    if wanted is not None and wanted not in ALLOWED[current]:
        raise WrongState({"status": current.value, "wanted": wanted.value})
    return wanted
