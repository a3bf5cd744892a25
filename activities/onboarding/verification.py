"""The steps of a business's review."""

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
    """One decision. ``command_id`` is the same for every repeat of the same command and names its text in
    ``command_texts``; ``by`` None: the platform itself."""

    verification_id: UUID
    business_id: UUID
    decision: Decision
    command_id: str
    by: UUID | None = None
    seen: str | None = None


@dataclass(frozen=True)
class RemindInput:
    """The ``number``-th reminder (from 1) of the ``round``-th wait for an operator."""

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
    async def decide(self, asked: DecideInput) -> ReviewStatus:
        """Take the review one step further, once. Raises the coded refusals of `VerificationStore.decide`."""
        async with self._database.unit_of_work(Scope.tenant(asked.business_id)) as work:
            deciding = Deciding(asked.decision, asked.command_id, asked.by, seen=asked.seen)
            return await work.onboarding.verifications.decide(asked.verification_id, deciding, self._now())

    @activity.defn(name="verification.remind")
    async def remind(self, asked: RemindInput) -> ReviewStatus:
        """Write to every operator that a business waits, unless it does not any more; returns the review's status.
        Twice is once."""
        async with self._database.unit_of_work(Scope.tenant(asked.business_id)) as work:
            status = await work.onboarding.verifications.get_status(asked.verification_id)
            if status is ReviewStatus.WAITING:
                await work.onboarding.verifications.remind_admins(
                    asked.verification_id, asked.business_id, asked.round, asked.number
                )
            return status
