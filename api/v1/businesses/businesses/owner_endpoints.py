"""Commands of owners and managers on their businesses."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from api.access.callers import Access, CurrentUser, Now, Services
from api.access.permissions import may
from api.http import routing
from api.http.confirm import Confirm
from api.http.envelope import Envelope, ListEnvelope, SuccessMessage, created, ok
from api.http.fields import DeletedRead
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.http.request_info import request_info
from api.v1.businesses.businesses.handlers import (
    change_business,
    change_settings,
    check_konbini,
    check_prices,
    check_provider,
    city_reading,
)
from api.v1.businesses.businesses.schemas import BusinessCreate, BusinessRead, BusinessUpdate, OwnBusinessRead
from api.v1.businesses.businesses.settings_schemas import OwnSettingsRead, SettingsUpdate
from api.v1.scheduling.schedules.hours_schemas import HolidaysUpdate, HoursRead, HoursUpdate
from domain.businesses.permissions import BusinessAction
from domain.catalogue.errors import LegalNoticeRequired
from domain.errors import AlreadyExists, CurrencyMismatch, Forbidden, RuleBroken, WrongState
from domain.scheduling.errors import OverlappingHours, WouldBreakBookings

router = routing.router("/owner/businesses", tags=["businesses"])

MayUpdate = Annotated[Access, Depends(may(BusinessAction.UPDATE, on="business"))]
MayDelete = Annotated[Access, Depends(may(BusinessAction.DELETE, on="business"))]
MaySetHours = Annotated[Access, Depends(may(BusinessAction.UPDATE_HOURS, on="business"))]
MaySet = Annotated[Access, Depends(may(BusinessAction.UPDATE_SETTINGS, on="business"))]


@router.post(
    "",
    status_code=201,
    summary="Create a business",
    response_model=Envelope[BusinessRead],
)
@raises(AlreadyExists, CurrencyMismatch, Forbidden)
async def create_business(body: BusinessCreate, caller: CurrentUser, key: OptionalKey) -> Response:
    """A draft with default settings and without hours. Only an approved business is public."""
    city_kana = await city_reading(body.postal_code)
    async with caller.work(key, BusinessAction.CREATE) as work:
        business = await work.businesses.create(caller.id, body.columns(), request_info().language, city_kana)
        return await store_response(work, created(BusinessRead.of(business)))


@router.get("", summary="List my businesses", response_model=ListEnvelope[OwnBusinessRead])
async def list_my_businesses(caller: CurrentUser, page: PageAsked) -> Response:
    """The businesses that the caller owns or works for, in every status, with the caller's role."""
    async with caller.work() as work:
        rows = await work.businesses.list_mine(page.after_id, page.fetch)
    return page.answer(rows, OwnBusinessRead.mine, lambda row: (row[0].id,))


@router.put(
    "/{business_id}",
    summary="Update a business",
    response_model=Envelope[BusinessRead],
)
@raises(AlreadyExists, CurrencyMismatch, LegalNoticeRequired, RuleBroken, WrongState)
async def update_business(
    business_id: UUID, body: BusinessUpdate, access: MayUpdate, services: Services, now: Now, confirm: Confirm
) -> Response:
    """Fields that are left out do not change. Another time zone moves the hours, and so may strand bookings. An
    approved business cannot change to a vertical that needs a permit, because no permit was verified. Another name,
    address or number is verified again; the business stays open meanwhile."""
    async with access.work(business_id) as work:
        if body.time_zone is not None:
            await work.scheduling.hours.set_zone(business_id, body.time_zone, now, confirm)
        business = await change_business(work, business_id, body.columns())
        if body.payment_provider is not None:
            account = await work.payments.accounts.find_current(business_id, business.payment_provider)
            check_provider(services.payments, business, has_account=account is not None)
            await check_prices(work, business)
            await check_konbini(work, business)
    return ok(BusinessRead.of(business), SuccessMessage.UPDATED)


@router.delete(
    "/{business_id}",
    summary="Close a business for good",
    response_model=Envelope[DeletedRead],
)
@raises(WouldBreakBookings)
async def delete_business(business_id: UUID, access: MayDelete, now: Now) -> Response:
    """It is no longer visible; its records are kept. Refused, with the list, while there are future bookings: cancel or
    move them first."""
    async with access.work(business_id) as work:
        await work.businesses.remove(business_id, now)
    return ok(DeletedRead(id=business_id), SuccessMessage.DELETED)


@router.put(
    "/{business_id}/hours",
    summary="Set the hours",
    response_model=Envelope[HoursRead],
)
@raises(OverlappingHours)
async def update_hours(
    business_id: UUID, body: HoursUpdate, access: MaySetHours, now: Now, confirm: Confirm
) -> Response:
    """The whole week at once."""
    week = body.week()
    async with access.work(business_id) as work:
        hours = await work.scheduling.hours.set_week(business_id, week, now, confirm)
    return ok(HoursRead.of(hours), SuccessMessage.UPDATED)


@router.put(
    "/{business_id}/holidays",
    summary="Set the one-off days",
    response_model=Envelope[HoursRead],
)
@raises(OverlappingHours)
async def update_holidays(
    business_id: UUID, body: HolidaysUpdate, access: MaySetHours, now: Now, confirm: Confirm
) -> Response:
    """All one-off days from today on; past ones do not change."""
    days = body.one_off()
    async with access.work(business_id) as work:
        hours = await work.scheduling.hours.set_days(business_id, days, now, confirm)
    return ok(HoursRead.of(hours), SuccessMessage.UPDATED)


@router.put(
    "/{business_id}/settings",
    summary="Update the settings",
    response_model=Envelope[OwnSettingsRead],
)
@raises(RuleBroken)
async def update_settings(business_id: UUID, body: SettingsUpdate, access: MaySet) -> Response:
    """Fields that are left out do not change."""
    async with access.work(business_id) as work:
        settings = await change_settings(work, business_id, body.columns())
    return ok(OwnSettingsRead.of(settings), SuccessMessage.UPDATED)
