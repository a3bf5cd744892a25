"""The one step of a waitlist's run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from domain.bookings.waitlist import WaitlistTurn


@dataclass(frozen=True)
class WaitlistTurnInput:
    """The business of the waitlist."""

    business_id: UUID


class WaitlistActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="waitlist.take_turn")
    async def take_turn(self, about: WaitlistTurnInput) -> WaitlistTurn:
        """End expired offers and entries, then offer at most one free time; one transaction, safe to repeat."""
        async with self._database.unit_of_work(Scope.tenant(about.business_id)) as work:
            return await work.bookings.waitlist.take_turn(about.business_id, self._now())
