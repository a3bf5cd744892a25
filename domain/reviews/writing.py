"""Who may write, change, delete and answer a review, and until when. Pure rules; times are aware UTC."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.booking_status import BookingStatus
from domain.errors import AlreadyExists, InvalidInput, RuleBroken, WrongState
from domain.reviews.status import PublicationStatus

#: Time after the end of the visit in which its customer may write a review, and change it.
WRITE_WITHIN = timedelta(days=90)
#: A review is published at least this long after it was written: the author can correct it, and the business can ask
#: for moderation.
PUBLISH_AFTER = timedelta(hours=24)
#: A random time up to this is added, so that the day of publication does not show the day of the visit.
PUBLISH_SPREAD = timedelta(hours=48)

#: A family name of one character is part of too many other words.
_NAME_LENGTH = 2
_EDITABLE = frozenset({PublicationStatus.PENDING, PublicationStatus.PUBLISHED})


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A booking that is to be reviewed. ``undo_until``: until when staff can undo its last step. ``by_team``: the
    writer owns the business or works there. ``is_reviewed``: a review was written, even if it is deleted."""

    status: BookingStatus
    end_at: datetime
    undo_until: datetime | None = None
    by_team: bool = False
    is_reviewed: bool = False


def check_post(visit: VisitFacts, now: datetime) -> datetime:
    """Until when the new review can be changed. Raises RuleBroken for a visit that is not completed, is too long ago,
    or was at the writer's own business, and AlreadyExists for a second review of one visit."""
    if visit.by_team:
        raise RuleBroken({"rule": "review_of_own_business"})
    if visit.status is not BookingStatus.COMPLETED or (visit.undo_until is not None and now < visit.undo_until):
        raise RuleBroken({"rule": "review_needs_a_completed_visit"})
    editable_until = visit.end_at + WRITE_WITHIN
    if now >= editable_until:
        raise RuleBroken({"rule": "review_too_late"})
    if visit.is_reviewed:
        raise AlreadyExists({"field": "booking_id"})
    return editable_until


def check_edit(status: PublicationStatus, editable_until: datetime, now: datetime, *, is_moderated: bool) -> None:
    """Raise WrongState for a review that was taken down, and RuleBroken after its time or while it is moderated: an
    operator decides about the text that the business complained of."""
    if status not in _EDITABLE:
        raise WrongState({"status": status.value, "wanted": PublicationStatus.PUBLISHED.value})
    if now >= editable_until:
        raise RuleBroken({"rule": "review_too_late"})
    if is_moderated:
        raise RuleBroken({"rule": "review_is_moderated"})


def check_reply(status: PublicationStatus) -> None:
    """Raise WrongState unless the review is public: the reply is shown under it."""
    if status is not PublicationStatus.PUBLISHED:
        raise WrongState({"status": status.value, "wanted": PublicationStatus.PUBLISHED.value})


def publish_at(written_at: datetime, spread: float) -> datetime:
    """When a review that was written at ``written_at`` is published. ``spread``: a random number, 0 ≤ spread < 1."""
    return written_at + PUBLISH_AFTER + PUBLISH_SPREAD * spread


def check_display_name(display_name: str | None, family_name: str) -> None:
    """Raise InvalidInput for a public name with the family name that the visit was booked under: others who were there
    could see who wrote. None: no name is shown."""
    family = folded(family_name)
    if display_name is not None and len(family) >= _NAME_LENGTH and family in folded(display_name):
        raise InvalidInput.at("display_name", "real_name")


def folded(text: str) -> str:
    """Without differences of width, case and spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
