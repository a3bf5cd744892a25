"""The steps of the review of a business."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from db.onboarding.verifications import Deciding
from domain.onboarding.verification import Decision, ReviewStatus


@dataclass(frozen=True)
class DecideInput:
    """One decision. ``command_id`` is the same for every repeat of a command, and the key of its text in
    ``command_texts``; ``by`` None: the platform itself."""

    verification_id: UUID
    business_id: UUID
    decision: Decision
    command_id: str
    by: UUID | None = None
    seen: str | None = None


@dataclass(frozen=True)
class RemindInput:
    """The ``number``-th reminder (from 1) in the ``round``-th wait for an operator."""

    verification_id: UUID
    business_id: UUID
    round: int
    number: int


class VerificationActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="verification.decide")
    async def decide(self, request: DecideInput) -> ReviewStatus:
        """Apply one decision to the review, once. Raises the coded refusals of `VerificationStore.decide`."""
        async with self._database.unit_of_work(Scope.tenant(request.business_id)) as work:
            deciding = Deciding(request.decision, request.command_id, request.by, seen=request.seen)
            return await work.onboarding.verifications.decide(request.verification_id, deciding, self._now())

    @activity.defn(name="verification.remind")
    async def remind(self, request: RemindInput) -> ReviewStatus:
        """Notify every operator that a business waits, if it still does; returns the review's status. A repeat sends
        nothing."""
        async with self._database.unit_of_work(Scope.tenant(request.business_id)) as work:
            status = await work.onboarding.verifications.get_status(request.verification_id)
            if status is ReviewStatus.WAITING:
                await work.onboarding.verifications.remind_admins(
                    request.verification_id, request.business_id, request.round, request.number
                )
            return status
