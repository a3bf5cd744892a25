"""Handlers of campaigns: previews, starts, tests, and commands, which go through the campaign's workflow."""

from datetime import datetime
from uuid import UUID, uuid4

from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.envelope import SuccessMessage, ok
from api.http.idempotency import Key, store_response
from api.http.operation_errors import raises
from api.v1.marketing.campaigns.schemas import (
    CampaignPreviewRead,
    CampaignRead,
    CampaignTestCommand,
    CampaignTestRead,
    RenderedTextRead,
)
from api.workflow_calls import NotRunning, ask, away
from db.engine.session import UnitOfWork
from db.marketing.campaigns import Audience, CampaignRow
from domain.errors import Unavailable, WrongState
from domain.marketing.campaigns import OVER, CampaignCommand, CampaignStatus, check_sender
from domain.marketing.errors import SenderIncomplete
from domain.marketing.texts import written
from domain.messages.formats import full_name
from domain.messages.text_examples import EXAMPLES
from workflows.marketing.campaign import messages
from workflows.support import ids


async def preview(work: UnitOfWork, campaign: CampaignRow, now: datetime) -> CampaignPreviewRead:
    """Who would get it at ``now``, and the texts for one of them."""
    audience = await work.marketing.campaigns.audience(campaign.business_id, campaign.segment, now)
    names = (await work.businesses.get(campaign.business_id)).name
    rendered = [_rendered(campaign, language, names, audience) for language in campaign.texts]
    return CampaignPreviewRead.of(audience, rendered)


def _rendered(campaign: CampaignRow, language: str, names: dict[str, str], audience: Audience) -> RenderedTextRead:
    business = names.get(language) or next(iter(names.values()), "")
    readers = [one for one in audience.sample if one.language == language] or audience.sample
    customer = (
        full_name(readers[0].family_name, readers[0].given_name, language)
        if readers
        else EXAMPLES[language]["customer"]
    )
    subject, paragraphs = written(campaign.texts[language], business, customer)
    return RenderedTextRead(language=language, subject=subject, paragraphs=paragraphs)


@raises(WrongState, SenderIncomplete)
async def send_test(access: Access, campaign_id: UUID, body: CampaignTestCommand, key: Key | None) -> Response:
    """The message to the caller's own login. Raises what `check_sender` raises, as the start would."""
    async with access.work(campaign_id, key) as work:
        check_sender(await work.marketing.campaigns.sender(access.business_id))
        if access.user_id is not None:
            await work.marketing.campaigns.send_test(campaign_id, body.language, access.user_id, uuid4().hex)
        return await store_response(work, ok(CampaignTestRead(id=campaign_id, language=body.language), status_code=202))


@raises(WrongState, Unavailable)
async def command(services: ApiServices, access: Access, campaign_id: UUID, wanted: CampaignCommand) -> Response:
    """The campaign after the command. Raises WrongState for one that was not started or has ended, and Unavailable
    when Temporal or its workers do not answer; then the command may be repeated."""
    async with access.work(campaign_id) as work:
        campaign = await work.marketing.campaigns.get(campaign_id)
    if campaign.status is CampaignStatus.DRAFT or campaign.status in OVER:
        raise WrongState({"status": campaign.status.value, "wanted": wanted.value})
    said = messages.CommandInput(wanted, uuid4().hex)
    patience, workflow_id = services.settings.temporal_rpc_timeout, ids.campaign(campaign_id)
    try:
        await ask(services.temporal, patience, workflow_id, messages.COMMAND, said, said.command_id, CampaignStatus)
    except NotRunning as error:
        # The relay is about to start it, or it has just ended: the next call shows which.
        raise away() from error
    async with access.work(campaign_id) as work:
        return ok(CampaignRead.of(await work.marketing.campaigns.get(campaign_id)), SuccessMessage.UPDATED)
