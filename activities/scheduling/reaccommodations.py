"""The steps of a re-accommodation on Postgres. Each may run twice; the second run changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from domain.scheduling.reaccommodation import ReaccommodationStatus


@dataclass(frozen=True)
class ReaccommodationStep:
    """The re-accommodation and its booking."""

    reaccommodation_id: UUID
    business_id: UUID
    booking_id: UUID


class ReaccommodationActivities:
    """Each step returns the status after it. ``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="reaccommodations.offer")
    async def offer(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        """Queue the notice with the nearest free times. If the customer has no address, files an attention item."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.scheduling.reaccommodations.offer(about.reaccommodation_id, self._now())

    @activity.defn(name="reaccommodations.remind")
    async def remind(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        """Queue the reminder if the customer has not answered."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.scheduling.reaccommodations.remind(about.reaccommodation_id, self._now())

    @activity.defn(name="reaccommodations.give_up")
    async def give_up(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        """Signal the booking's workflow that the customer chose no other time."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.scheduling.reaccommodations.give_up(about.reaccommodation_id)

    @activity.defn(name="reaccommodations.notify_decision")
    async def notify_decision(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        """Queue the notice of the decision."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.scheduling.reaccommodations.notify(about.reaccommodation_id)
