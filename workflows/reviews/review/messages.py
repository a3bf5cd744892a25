"""The messages of a review's run. Texts and names are in Postgres alone."""

from dataclasses import dataclass
from uuid import UUID

from domain.reviews.moderation import Verdict
from domain.reviews.status import RemovalReason

WORKFLOW = "review"

# Signals.
CHANGED = "changed"
# Updates.
DECIDE = "decide"
# Queries.
STATE = "state"


@dataclass(frozen=True)
class ReviewRunInput:
    """The row in ``reviews`` exists already."""

    review_id: UUID
    business_id: UUID


@dataclass(frozen=True)
class ReviewChanged:
    """The review was written or deleted, or its moderation was asked for: look at it again."""


@dataclass(frozen=True)
class ReviewDecision:
    """An operator's decision. With ``command_id`` a repeat changes nothing; ``seen``: the version of the text."""

    verdict: Verdict
    command_id: str
    by: UUID | None = None
    reason: RemovalReason | None = None
    seen: int | None = None


@dataclass(frozen=True)
class ReviewRunState:
    """``waiting_until``: the next deadline (RFC 3339), null for none. ``decisions``: how many this run applied."""

    waiting_until: str | None
    decisions: int
