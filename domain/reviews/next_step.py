"""What the workflow of a review does next. Pure rules; times are aware UTC."""

from dataclasses import dataclass
from datetime import datetime

from domain.reviews.moderation import REMIND_AFTER
from domain.reviews.status import PublicationStatus


@dataclass(frozen=True)
class ReviewFacts:
    """A review as it is now. ``asked_at`` and ``decide_by`` are of the open request for moderation; None: there is
    none."""

    status: PublicationStatus
    publish_at: datetime
    asked_at: datetime | None = None
    decide_by: datetime | None = None


@dataclass(frozen=True)
class ReviewStep:
    """``next_at``: when something is due next, None if nothing is (the run ends). ``publishes``: it is published now.
    ``closes``: the request ends now without a decision. ``reminders``: how many reminders are due by now."""

    next_at: datetime | None
    publishes: bool = False
    closes: bool = False
    reminders: int = 0


def next_step(review: ReviewFacts, now: datetime) -> ReviewStep:
    """What is due at ``now``, and when to look again. While a request is open the review is not published."""
    if review.asked_at is not None and review.decide_by is not None:
        if review.decide_by <= now:
            return ReviewStep(None, closes=True)
        reminders = [review.asked_at + after for after in REMIND_AFTER]
        ahead = [at for at in (*reminders, review.decide_by) if at > now]
        return ReviewStep(min(ahead), reminders=sum(at <= now for at in reminders))
    if review.status is not PublicationStatus.PENDING:
        return ReviewStep(None)
    if review.publish_at <= now:
        return ReviewStep(None, publishes=True)
    return ReviewStep(review.publish_at)
