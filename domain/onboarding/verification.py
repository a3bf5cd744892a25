"""The verification of a business: its requirements, and the statuses of its review."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.business_status import ALLOWED, BusinessStatus
from domain.businesses.profile import PERMIT_NEEDED, Vertical
from domain.errors import WrongState
from domain.onboarding.errors import VerificationIncomplete

#: An operator is reminded after these times.
REMIND_AFTER = (timedelta(hours=24), timedelta(hours=48))
#: A review is closed if the business does not answer a request for information within this time.
ANSWER_WITHIN = timedelta(days=30)


class DocumentKind(StrEnum):
    """What a document proves."""

    REGISTRATION = "registration"  # that the business exists: 登記事項証明書 or 開業届
    PERMIT = "permit"  # that it has the permit that its kind of business needs
    IDENTITY = "identity"  # who the responsible person is


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
    """All recorded steps of a review, with actor and reason."""

    SUBMITTED = "submitted"
    INFO_REQUESTED = "info_requested"
    RESUBMITTED = "resubmitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    IDENTITY_CHANGED = "identity_changed"  # an approved business is reviewed again and stays public meanwhile


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
#: A business with one of these statuses was approved before: a later review is a repeated one.
_ADMITTED = frozenset({BusinessStatus.APPROVED, BusinessStatus.SUSPENDED})
_REFUSALS = frozenset({D.REJECTED, D.CLOSED})

#: Decisions that need a reason, which is shown to the business.
NEEDS_REASON = frozenset({D.INFO_REQUESTED, D.REJECTED, D.SUSPENDED})


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """The facts that a review requires. ``documents``: kinds of uploaded documents that were not refused."""

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


def missing(facts: ReviewFacts) -> tuple[str, ...]:
    """Stable codes for everything that is missing, in the order of the form; empty: the review can start.

    Every business that takes money online needs the 特定商取引法 notice (特定商取引に関する法律第11条).
    """
    wanted = {
        "name": facts.has_name,
        "postal_code": facts.has_postal_code,
        "prefecture": facts.has_prefecture,
        "city": facts.has_city,
        "address": facts.has_address,
        "phone": facts.has_phone,
        "hours": facts.has_hours,
        "active_service": facts.has_active_service,
        "legal_notice": facts.has_legal_notice or not facts.takes_online_payments,
        "owner_email_verified": facts.owner_email_verified,
        "document.registration": DocumentKind.REGISTRATION in facts.documents,
        "document.identity": DocumentKind.IDENTITY in facts.documents,
        "document.permit": DocumentKind.PERMIT in facts.documents or facts.vertical not in PERMIT_NEEDED,
    }
    return tuple(name for name, there in wanted.items() if not there)


def check_complete(facts: ReviewFacts) -> None:
    """Raise ``VerificationIncomplete`` with everything that is missing."""
    absent = missing(facts)
    if absent:
        raise VerificationIncomplete({"missing": list(absent)})


def review_after(current: ReviewStatus, decision: Decision) -> ReviewStatus:
    """The status of the review after the decision. Raises WrongState if the table does not allow the decision."""
    allowed, becomes = REVIEW[decision]
    if current not in allowed:
        raise WrongState({"status": current.value, "wanted": becomes.value})
    return becomes


def business_after(current: BusinessStatus, decision: Decision) -> BusinessStatus | None:
    """The status of the business after the decision; None: unchanged. In a repeated review of an approved business, an
    approval changes nothing and a rejection suspends it. Raises WrongState if the table does not allow the decision."""
    wanted = BUSINESS.get(decision)
    if current in _ADMITTED and decision is Decision.APPROVED:
        wanted = None
    elif current in _ADMITTED and decision in _REFUSALS:
        wanted = BusinessStatus.SUSPENDED if current is BusinessStatus.APPROVED else None
    if wanted is not None and wanted not in ALLOWED[current]:
        raise WrongState({"status": current.value, "wanted": wanted.value})
    return wanted
