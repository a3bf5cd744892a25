"""What owners and managers do with their businesses."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.businesses.hours import HolidaysUpdate, HoursRead, HoursUpdate
from api.businesses.reading import city_reading
from api.businesses.schemas import BusinessCreate, BusinessRead, BusinessUpdate, OwnBusinessRead
from api.businesses.settings import OwnSettingsRead, SettingsUpdate
from api.dependencies import Access, Me, Now, may
from api.envelope import Envelope, ListEnvelope, Said, created, ok
from api.errors import body_errors, errors
from api.fields import DeletedRead
from api.idempotency import OptionalKey, kept
from api.incoming import incoming
from api.pagination import PageAsked
from domain.errors import (
    AlreadyExists,
    CurrencyMismatch,
    Forbidden,
    IdempotencyKeyReused,
    LegalNoticeRequired,
    NotFound,
    OverlappingHours,
    RequestInProgress,
    Unauthenticated,
    WouldBreakBookings,
    WrongState,
)
from domain.permissions import Action

router = APIRouter(prefix="/owner/businesses", tags=["businesses"])

MayUpdate = Annotated[Access, Depends(may(Action.BUSINESS_UPDATE, on="business"))]
MayDelete = Annotated[Access, Depends(may(Action.BUSINESS_DELETE, on="business"))]
MaySetHours = Annotated[Access, Depends(may(Action.HOURS_UPDATE, on="business"))]
MaySet = Annotated[Access, Depends(may(Action.SETTINGS_WRITE, on="business"))]
Confirm = Annotated[bool, Query(description="Do it although bookings are stranded; each is offered another time.")]
_GUARDED = (Unauthenticated, Forbidden, NotFound)


@router.post(
    "",
    status_code=201,
    summary="Create a business",
    response_model=Envelope[BusinessRead],
    responses=body_errors(
        Unauthenticated, Forbidden, AlreadyExists, CurrencyMismatch, IdempotencyKeyReused, RequestInProgress
    ),
)
async def create_business(body: BusinessCreate, myself: Me, key: OptionalKey) -> Response:
    """A draft of one's own, with default settings and without hours. Only an approved business is public."""
    city_kana = await city_reading(body.postal_code)
    async with myself.work(key, Action.BUSINESS_CREATE) as work:
        business = await work.businesses.found(myself.id, body.columns(), incoming().language, city_kana)
        return await kept(work, created(BusinessRead.of(business)))


@router.get(
    "", summary="List my businesses", response_model=ListEnvelope[OwnBusinessRead], responses=errors(Unauthenticated)
)
async def list_my_businesses(myself: Me, page: PageAsked) -> Response:
    """Those one owns and those one works for, whatever their status, with one's role."""
    async with myself.work() as work:
        rows = await work.businesses.list_mine(page.after_id, page.fetch)
    return page.answer(rows, OwnBusinessRead.mine, lambda row: (row[0].id,))


@router.put(
    "/{business_id}",
    summary="Change a business",
    response_model=Envelope[BusinessRead],
    responses=body_errors(*_GUARDED, AlreadyExists, LegalNoticeRequired, WouldBreakBookings, WrongState),
)
async def update_business(
    business_id: UUID, body: BusinessUpdate, access: MayUpdate, now: Now, confirm: Confirm = False
) -> Response:
    """What is not sent stays. Another time zone moves the hours, and so may strand bookings. A business that was let in
    does not become a kind that needs a permit: nobody has looked at it."""
    async with access.work(business_id) as work:
        if body.time_zone is not None:
            await work.businesses.set_zone(business_id, body.time_zone, now, confirm)
        business = await work.businesses.change(business_id, body.columns())
    return ok(BusinessRead.of(business), Said.UPDATED)


@router.delete(
    "/{business_id}",
    summary="Close a business for good",
    response_model=Envelope[DeletedRead],
    responses=errors(*_GUARDED, WouldBreakBookings),
)
async def delete_business(business_id: UUID, access: MayDelete, now: Now) -> Response:
    """It is gone for everybody; its records are kept. Refused, with the list, while bookings are to come: cancel or
    move them first."""
    async with access.work(business_id) as work:
        await work.businesses.remove(business_id, now)
    return ok(DeletedRead(id=business_id), Said.DELETED)


@router.put(
    "/{business_id}/hours",
    summary="Set the hours",
    response_model=Envelope[HoursRead],
    responses=body_errors(*_GUARDED, OverlappingHours, WouldBreakBookings),
)
async def update_hours(
    business_id: UUID, body: HoursUpdate, access: MaySetHours, now: Now, confirm: Confirm = False
) -> Response:
    """The whole week at once."""
    week = body.week()
    async with access.work(business_id) as work:
        hours = await work.businesses.set_week(business_id, week, now, confirm)
    return ok(HoursRead.of(hours), Said.UPDATED)


@router.put(
    "/{business_id}/holidays",
    summary="Set the one-off days",
    response_model=Envelope[HoursRead],
    responses=body_errors(*_GUARDED, OverlappingHours, WouldBreakBookings),
)
async def update_holidays(
    business_id: UUID, body: HolidaysUpdate, access: MaySetHours, now: Now, confirm: Confirm = False
) -> Response:
    """All one-off days from today on; those of the past stay as they were."""
    days = body.one_off()
    async with access.work(business_id) as work:
        hours = await work.businesses.set_days(business_id, days, now, confirm)
    return ok(HoursRead.of(hours), Said.UPDATED)


@router.put(
    "/{business_id}/settings",
    summary="Change the settings",
    response_model=Envelope[OwnSettingsRead],
    responses=body_errors(*_GUARDED),
)
async def update_settings(business_id: UUID, body: SettingsUpdate, access: MaySet) -> Response:
    """What is not sent stays."""
    async with access.work(business_id) as work:
        settings = await work.businesses.change_settings(business_id, body.columns())
    return ok(OwnSettingsRead.of(settings), Said.UPDATED)
