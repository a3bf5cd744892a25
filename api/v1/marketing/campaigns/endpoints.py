"""Campaigns, for owner and manager."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.marketing.campaigns import handlers
from api.v1.marketing.campaigns.schemas import (
    CampaignCreate,
    CampaignPreviewRead,
    CampaignRead,
    CampaignResultsRead,
    CampaignStartCommand,
    CampaignTestCommand,
    CampaignTestRead,
    CampaignUpdate,
)
from domain.errors import WrongState
from domain.marketing.campaigns import CampaignCommand
from domain.marketing.errors import SenderIncomplete
from domain.marketing.permissions import MarketingAction

router = routing.router("/campaigns", tags=["marketing"])

MayList = Annotated[Access, Depends(may(MarketingAction.READ, on="business"))]
MayCreate = Annotated[Access, Depends(may(MarketingAction.WRITE, on="business"))]
MayRead = Annotated[Access, Depends(may(MarketingAction.READ, on="campaigns"))]
MayWrite = Annotated[Access, Depends(may(MarketingAction.WRITE, on="campaigns"))]
MaySend = Annotated[Access, Depends(may(MarketingAction.SEND, on="campaigns"))]


@router.get("", summary="List campaigns", response_model=ListEnvelope[CampaignRead])
async def list_campaigns(business_id: UUID, access: MayList, page: PageAsked) -> Response:
    """The newest first."""
    async with access.work(business_id) as work:
        rows = await work.marketing.campaigns.list_campaigns(business_id, page.after_id, page.fetch)
    return page.answer(rows, CampaignRead.of, lambda row: (row.id,))


@router.post("", status_code=201, summary="Create a campaign", response_model=Envelope[CampaignRead])
async def create_campaign(body: CampaignCreate, access: MayCreate, key: OptionalKey) -> Response:
    """A draft: nothing is sent before it is started."""
    segment, texts = body.segment.segment(), body.texts.texts()
    async with access.work(body.business_id, key) as work:
        row = await work.marketing.campaigns.add(body.business_id, body.name, segment, texts, body.count_days)
        return await store_response(work, created(CampaignRead.of(row)))


@router.get("/{campaign_id}", summary="Get a campaign", response_model=Envelope[CampaignRead])
async def get_campaign(campaign_id: UUID, access: MayRead) -> Response:
    """One campaign."""
    async with access.work(campaign_id) as work:
        return ok(CampaignRead.of(await work.marketing.campaigns.get(campaign_id)))


@router.put("/{campaign_id}", summary="Update a campaign", response_model=Envelope[CampaignRead])
@raises(WrongState)
async def update_campaign(campaign_id: UUID, body: CampaignUpdate, access: MayWrite) -> Response:
    """Only a draft can be changed."""
    segment = body.segment.segment() if body.segment is not None else None
    texts = body.texts.texts() if body.texts is not None else None
    async with access.work(campaign_id) as work:
        row = await work.marketing.campaigns.change(campaign_id, body.name, segment, texts, body.count_days)
    return ok(CampaignRead.of(row), SuccessMessage.UPDATED)


@router.delete("/{campaign_id}", summary="Delete a campaign", response_model=Envelope[DeletedRead])
@raises(WrongState)
async def delete_campaign(campaign_id: UUID, access: MayWrite) -> Response:
    """Only a draft can be deleted."""
    async with access.work(campaign_id) as work:
        await work.marketing.campaigns.remove(campaign_id)
    return ok(DeletedRead(id=campaign_id), SuccessMessage.DELETED)


@router.get(
    "/{campaign_id}/preview", summary="Get a preview of a campaign", response_model=Envelope[CampaignPreviewRead]
)
async def get_campaign_preview(campaign_id: UUID, access: MayRead, now: Now) -> Response:
    """How many customers would get it now, some of them, and the texts with their values."""
    async with access.work(campaign_id) as work:
        return ok(await handlers.preview(work, await work.marketing.campaigns.get(campaign_id), now))


@router.get(
    "/{campaign_id}/results", summary="Get the results of a campaign", response_model=Envelope[CampaignResultsRead]
)
async def get_campaign_results(campaign_id: UUID, access: MayRead) -> Response:
    """Counted now. Bookings count within the days that the campaign names."""
    async with access.work(campaign_id) as work:
        campaign = await work.marketing.campaigns.get(campaign_id)
        return ok(CampaignResultsRead.of(await work.marketing.results.of_campaign(campaign_id, campaign.count_days)))


@router.post(
    "/{campaign_id}/test",
    status_code=202,
    summary="Send a test of a campaign to yourself",
    response_model=Envelope[CampaignTestRead],
)
@raises(handlers.send_test)
async def test_campaign(campaign_id: UUID, body: CampaignTestCommand, access: MaySend, key: OptionalKey) -> Response:
    """As a customer would get it, to the address of your login."""
    return await handlers.send_test(access, campaign_id, body, key)


@router.post("/{campaign_id}/start", summary="Start a campaign", response_model=Envelope[CampaignRead])
@raises(WrongState, SenderIncomplete)
async def start_campaign(
    campaign_id: UUID, body: CampaignStartCommand, access: MaySend, now: Now, key: OptionalKey
) -> Response:
    """At once or at a time. Customers without a recorded consent get nothing, and nobody gets it twice. In quiet hours
    it waits for the morning."""
    async with access.work(campaign_id, key) as work:
        row = await work.marketing.campaigns.start(campaign_id, body.starts_at, now)
        return await store_response(work, ok(CampaignRead.of(row), SuccessMessage.UPDATED))


@router.post(
    "/{campaign_id}/{command}", summary="Pause, resume or stop a campaign", response_model=Envelope[CampaignRead]
)
@raises(handlers.command)
async def command_campaign(
    campaign_id: UUID,
    command: Annotated[CampaignCommand, Path(description="What to do.")],
    access: MaySend,
    services: Services,
) -> Response:
    """What is queued when it is paused is still sent. After ``stop`` nobody gets it who has not got it yet. Safe to
    repeat; takes no ``Idempotency-Key``."""
    return await handlers.command(services, access, campaign_id, command)
