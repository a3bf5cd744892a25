"""How the run of a campaign is started."""

from temporalio.common import SearchAttributePair

from db import open_rows
from db.platform.outbox import START_CAMPAIGN
from workflows.marketing.campaign import messages
from workflows.start import ProcessStart, attributes
from workflows.support import ids, queues
from workflows.support.priorities import CAMPAIGN
from workflows.support.search_attributes import BUSINESS_ID

START = ProcessStart(
    command=START_CAMPAIGN,
    workflow=messages.WORKFLOW,
    payload=messages.CampaignInput,
    queue=queues.PLATFORM,
    workflow_id=lambda start: ids.campaign(start.campaign_id),
    attributes=lambda start: attributes(SearchAttributePair(BUSINESS_ID, str(start.business_id))),
    summary=lambda start: f"campaign {start.campaign_id}",
    fairness_key=lambda start: str(start.business_id),
    priority=lambda start: CAMPAIGN,
    open_rows=open_rows.CAMPAIGNS,
)
