"""The steps of a review's run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from db.reviews.moderation import Decision
from domain.reviews.moderation import Verdict
from domain.reviews.next_step import ReviewStep
from domain.reviews.status import PublicationStatus, RemovalReason


@dataclass(frozen=True)
class ReviewInput:
    """One review."""

    review_id: UUID
    business_id: UUID


@dataclass(frozen=True)
class ReviewDecideInput:
    """An operator's decision. ``command_id`` is the same for every repeat of a command; ``seen``: the version of the
    text that the operator read."""

    review_id: UUID
    business_id: UUID
    verdict: Verdict
    command_id: str
    by: UUID | None = None
    reason: RemovalReason | None = None
    seen: int | None = None


class ReviewActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="reviews.advance")
    async def advance(self, about: ReviewInput) -> ReviewStep:
        """Publish the review, remind operators or close a request for moderation, as far as it is due; returns what is
        next. One transaction, safe to repeat."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.reviews.advance(about.review_id, self._now())

    @activity.defn(name="reviews.decide")
    async def decide(self, request: ReviewDecideInput) -> PublicationStatus:
        """Apply an operator's decision, once. Raises the coded refusals of `ReviewModerationStore.decide`."""
        decision = Decision(request.verdict, request.command_id, request.by, request.reason, request.seen)
        async with self._database.unit_of_work(Scope.tenant(request.business_id)) as work:
            return await work.reviews.decide(request.review_id, decision, self._now())
