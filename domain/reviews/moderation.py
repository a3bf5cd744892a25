"""The moderation of a review: a business or several readers ask, an operator decides in time. Pure rules; times are
aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import InvalidInput, RuleBroken, WrongState
from domain.reviews.status import ALLOWED, PublicationStatus, RemovalReason

#: Operators are reminded this long after a request.
REMIND_AFTER = (timedelta(hours=24), timedelta(hours=72))
#: A request without a decision is closed after this time, and the review is (or stays) public.
DECIDE_WITHIN = timedelta(days=7)
#: This many reports of one version of a review by readers count as a request.
REPORTS_FOR_A_REQUEST = 3


class Verdict(StrEnum):
    """What an operator decides."""

    PUBLISH = "publish"  # it is published, or stays so
    HIDE = "hide"  # it is not public; an operator may publish it again
    REJECT = "reject"  # it is never published


class Outcome(StrEnum):
    """How a request ended."""

    PUBLISH = "publish"
    HIDE = "hide"
    REJECT = "reject"
    CLOSED = "closed"  # nobody decided in time
    DELETED = "deleted"  # the author deleted the review


BECOMES: Mapping[Verdict, PublicationStatus] = {
    Verdict.PUBLISH: PublicationStatus.PUBLISHED,
    Verdict.HIDE: PublicationStatus.HIDDEN,
    Verdict.REJECT: PublicationStatus.REJECTED,
}
_TAKES_DOWN = frozenset({Verdict.HIDE, Verdict.REJECT})
_CAN_BE_REPORTED = frozenset({PublicationStatus.PENDING, PublicationStatus.PUBLISHED})


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A review whose moderation is asked for. ``is_open``: a request is open. ``is_decided``: an operator has decided
    about this version of the text."""

    status: PublicationStatus
    is_open: bool = False
    is_decided: bool = False


def check_request(review: RequestFacts) -> None:
    """Raise WrongState for a review that is not public and will not be, and RuleBroken while a request is open or
    after an operator has decided about the same text."""
    if review.status not in _CAN_BE_REPORTED:
        raise WrongState({"status": review.status.value, "wanted": PublicationStatus.HIDDEN.value})
    if review.is_open:
        raise RuleBroken({"rule": "review_is_moderated"})
    if review.is_decided:
        raise RuleBroken({"rule": "review_was_moderated"})


def needs_reason(verdict: Verdict) -> bool:
    """Whether the verdict takes a review down, which needs a reason."""
    return verdict in _TAKES_DOWN


def status_after(current: PublicationStatus, verdict: Verdict, reason: RemovalReason | None) -> PublicationStatus:
    """The status after the verdict; a published review stays published by PUBLISH. Raises InvalidInput without the
    reason for taking a review down, and WrongState if the table does not allow the change."""
    if needs_reason(verdict) and reason is None:
        raise InvalidInput.at("reason", "missing")
    wanted = BECOMES[verdict]
    if wanted is not current and wanted not in ALLOWED[current]:
        raise WrongState({"status": current.value, "wanted": wanted.value})
    if wanted is current and verdict in _TAKES_DOWN:
        raise WrongState({"status": current.value, "wanted": wanted.value})
    return wanted


def decide_by(asked_at: datetime) -> datetime:
    """Until when an operator has to decide."""
    return asked_at + DECIDE_WITHIN


def becomes_request(reports: int) -> bool:
    """Whether this number of reports asks for moderation: once, by the report that completes it."""
    return reports == REPORTS_FOR_A_REQUEST
