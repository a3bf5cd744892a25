"""The steps of a re-accommodation on Postgres; each may run twice and matters once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from domain.scheduling.reaccommodation import ReaccommodationStatus


@dataclass(frozen=True)
class ReaccommodationStep:
    """Which one."""

    reaccommodation_id: UUID
    business_id: UUID
    booking_id: UUID


class ReaccommodationActivities:
    """Each step returns the status afterwards. ``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="reaccommodations.offer")
    async def offer(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        """Promise the message with the nearest free times; a customer whom no message reaches is a person's task."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.scheduling.reaccommodations.offer(about.reaccommodation_id, self._now())

    @activity.defn(name="reaccommodations.remind")
    async def remind(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        """Promise the reminder while there is no answer."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.scheduling.reaccommodations.remind(about.reaccommodation_id, self._now())

    @activity.defn(name="reaccommodations.give_up")
    async def give_up(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        """Have the booking's workflow signalled that the customer chose no other time."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.scheduling.reaccommodations.give_up(about.reaccommodation_id)

    @activity.defn(name="reaccommodations.tell")
    async def tell(self, about: ReaccommodationStep) -> ReaccommodationStatus:
        """Promise the message of how it was decided."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.scheduling.reaccommodations.notify(about.reaccommodation_id)
