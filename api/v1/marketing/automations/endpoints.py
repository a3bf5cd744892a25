"""Automations, for owner and manager."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked, moment_of
from api.v1.marketing.automations.schemas import (
    AutomationCreate,
    AutomationRead,
    AutomationResultsRead,
    AutomationUpdate,
    DryRunRead,
)
from domain.errors import Conflict, WrongState
from domain.marketing.campaigns import COUNT_DAYS
from domain.marketing.errors import SenderIncomplete
from domain.marketing.permissions import MarketingAction

router = routing.router("/automations", tags=["marketing"])

MayList = Annotated[Access, Depends(may(MarketingAction.READ, on="business"))]
MayCreate = Annotated[Access, Depends(may(MarketingAction.WRITE, on="business"))]
MayRead = Annotated[Access, Depends(may(MarketingAction.READ, on="automations"))]
MayWrite = Annotated[Access, Depends(may(MarketingAction.SEND, on="automations"))]


@router.get("", summary="List automations", response_model=ListEnvelope[AutomationRead])
async def list_automations(business_id: UUID, access: MayList, page: PageAsked) -> Response:
    """The newest first."""
    async with access.work(business_id) as work:
        rows = await work.marketing.automations.list_automations(business_id, page.after_id, page.fetch)
    return page.answer(rows, AutomationRead.of, lambda row: (row.id,))


@router.post("", status_code=201, summary="Create an automation", response_model=Envelope[AutomationRead])
@raises(Conflict)
async def create_automation(body: AutomationCreate, access: MayCreate, key: OptionalKey) -> Response:
    """One of each kind; to rebook, one for each service. It is off until it is switched on."""
    texts = body.texts.texts()
    async with access.work(body.business_id, key) as work:
        row = await work.marketing.automations.add(body.business_id, body.kind, body.days, body.service_id, texts)
        return await store_response(work, created(AutomationRead.of(row)))


@router.get("/{automation_id}", summary="Get an automation", response_model=Envelope[AutomationRead])
async def get_automation(automation_id: UUID, access: MayRead) -> Response:
    """One automation."""
    async with access.work(automation_id) as work:
        return ok(AutomationRead.of(await work.marketing.automations.get(automation_id)))


@router.put("/{automation_id}", summary="Update an automation", response_model=Envelope[AutomationRead])
@raises(WrongState, SenderIncomplete)
async def update_automation(automation_id: UUID, body: AutomationUpdate, access: MayWrite, now: Now) -> Response:
    """Switched on, it sends what is due from then on, each morning at ten. Nobody gets two messages for one cause, nor
    two automatic messages within a week."""
    texts = body.texts.texts() if body.texts is not None else None
    async with access.work(automation_id) as work:
        sender = await work.marketing.campaigns.sender(access.business_id)
        row = await work.marketing.automations.change(automation_id, body.days, texts, body.enabled, sender, now)
    return ok(AutomationRead.of(row), SuccessMessage.UPDATED)


@router.delete("/{automation_id}", summary="Delete an automation", response_model=Envelope[DeletedRead])
async def delete_automation(automation_id: UUID, access: MayWrite, now: Now) -> Response:
    """Nothing more is sent."""
    async with access.work(automation_id) as work:
        await work.marketing.automations.remove(automation_id, now)
    return ok(DeletedRead(id=automation_id), SuccessMessage.DELETED)


@router.get(
    "/{automation_id}/dry-run",
    summary="List whom an automation would have reached",
    response_model=ListEnvelope[DryRunRead],
)
async def list_automation_dry_run(automation_id: UUID, access: MayRead, page: PageAsked, now: Now) -> Response:
    """In the last month, by the bookings and consents of that time, the newest first. Nothing is sent."""
    async with access.work(automation_id) as work:
        rows = await work.marketing.automations.dry_run(automation_id, now, page.after(moment_of, UUID), page.fetch)
    return page.answer(rows, DryRunRead.of, lambda row: (row.at.isoformat(), row.customer_id))


@router.get(
    "/{automation_id}/results",
    summary="Get the results of an automation",
    response_model=Envelope[AutomationResultsRead],
)
async def get_automation_results(automation_id: UUID, access: MayRead) -> Response:
    """Counted now, of all its messages. Bookings count within 14 days."""
    async with access.work(automation_id) as work:
        await work.marketing.automations.get(automation_id)
        return ok(AutomationResultsRead.of(await work.marketing.results.of_automation(automation_id, COUNT_DAYS)))
