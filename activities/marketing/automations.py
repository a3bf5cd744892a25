"""The step of an automation's run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from db.marketing.automations import AutomationStep


@dataclass(frozen=True)
class AutomationStepInput:
    """A row of ``automations``."""

    automation_id: UUID
    business_id: UUID


class AutomationActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="automations.look")
    async def look(self, step: AutomationStepInput) -> AutomationStep:
        """Queue the messages that are due; returns when to look again. One transaction, safe to repeat: a cause has one
        message."""
        async with self._database.unit_of_work(Scope.tenant(step.business_id)) as work:
            return await work.marketing.automations.look(step.automation_id, self._now())
