"""The messages of a campaign's workflow."""

from dataclasses import dataclass
from uuid import UUID

from domain.marketing.campaigns import CampaignCommand, CampaignStatus

WORKFLOW = "campaign"
COMMAND = "command"
STATE = "state"


@dataclass(frozen=True)
class CampaignInput:
    """The row in ``campaigns`` exists already. ``status`` and ``queued``: what a former run has reached. A run
    continues as a new one after ``pages_per_run``: a page is about 8 events, and a history may have 51,200."""

    campaign_id: UUID
    business_id: UUID
    status: CampaignStatus = CampaignStatus.SCHEDULED
    queued: int = 0
    pages_per_run: int = 400


@dataclass(frozen=True)
class CommandInput:
    """A command of a person. ``command_id`` is the same for every repeat."""

    command: CampaignCommand
    command_id: str


@dataclass(frozen=True)
class CampaignState:
    """The state of the run; ``queued``: messages so far."""

    status: CampaignStatus
    queued: int
