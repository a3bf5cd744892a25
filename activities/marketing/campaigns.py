"""The steps of a campaign's run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope
from db.marketing.campaigns import CampaignPage
from domain.marketing.campaigns import CampaignCommand, CampaignStatus


@dataclass(frozen=True)
class CampaignStepInput:
    """A row of ``campaigns``."""

    campaign_id: UUID
    business_id: UUID


@dataclass(frozen=True)
class CampaignCommandInput:
    """What a person wants to happen to the campaign."""

    campaign_id: UUID
    business_id: UUID
    command: CampaignCommand


class CampaignActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @activity.defn(name="campaigns.take_page")
    async def take_page(self, step: CampaignStepInput) -> CampaignPage:
        """Queue the messages of the next page, in one transaction. Safe to repeat: a customer who has one is behind
        the campaign's cursor, and gets no second one."""
        async with self._database.unit_of_work(Scope.tenant(step.business_id)) as work:
            return await work.marketing.campaigns.take_page(step.campaign_id, self._now())

    @activity.defn(name="campaigns.command")
    async def command(self, step: CampaignCommandInput) -> CampaignStatus:
        """Pause, resume or stop. Raises the coded refusals of `CampaignStore.command`. Safe to repeat."""
        async with self._database.unit_of_work(Scope.tenant(step.business_id)) as work:
            return await work.marketing.campaigns.command(step.campaign_id, step.command, self._now())
