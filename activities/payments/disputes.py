"""The steps of a dispute: gather the evidence, remind a person of the deadline."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope


@dataclass(frozen=True)
class DisputeStepInput:
    """A row of ``payment_disputes``."""

    dispute_id: UUID
    business_id: UUID


class DisputeActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="disputes.gather")
    async def gather(self, dispute: DisputeStepInput) -> None:
        """Store what is known of the booking. A repeat changes nothing."""
        async with self._database.unit_of_work(Scope.tenant(dispute.business_id)) as work:
            await work.payments.disputes.gather(dispute.dispute_id)

    @activity.defn(name="disputes.remind")
    async def remind(self, dispute: DisputeStepInput) -> bool:
        """File the deadline for a person, unless the dispute has ended. A repeat files one item."""
        async with self._database.unit_of_work(Scope.tenant(dispute.business_id)) as work:
            return await work.payments.disputes.remind(dispute.dispute_id, self._now())
