"""Money that is taken at the venue, in cash or on the business's own terminal, and the tills of a day."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now
from api.access.listing import Listing, may_list
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ok
from api.http.idempotency import OptionalKey, RequiredKey
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, limited
from api.http.times import Day
from api.v1.payments.venue.handlers import close_own_till, correct_entry, open_own_till, record_venue_payment
from api.v1.payments.venue.schemas import (
    TillCloseCommand,
    TillOpenCommand,
    TillRead,
    TillReportRead,
    VenueCorrectionCreate,
    VenueCorrectionRead,
    VenuePaymentCreate,
    VenuePaymentRead,
)
from domain.payments.permissions import PaymentAction

router = routing.router("/venue-payments", tags=["payments"])
tills = routing.router("/tills", tags=["payments"])

MayRecord = Annotated[Access, Depends(may(PaymentAction.RECORD_AT_VENUE, "booking"))]
MayCorrect = Annotated[Access, Depends(may(PaymentAction.RECORD_AT_VENUE, "venue_payments"))]
MayList = Annotated[Listing, Depends(may_list(PaymentAction.READ))]
MayKeepTill = Annotated[Access, Depends(may(PaymentAction.RECORD_AT_VENUE, "business"))]
MayReport = Annotated[Access, Depends(may(PaymentAction.REPORT_TILLS, "business"))]


@router.post("", status_code=201, summary="Record a payment at the venue", response_model=Envelope[VenuePaymentRead])
@raises(record_venue_payment)
@limited(RateClass.PAYMENT)
async def create_venue_payment(body: VenuePaymentCreate, access: MayRecord, now: Now, key: RequiredKey) -> Response:
    """Money that a customer paid at the venue, or got back there. No more than the price is taken: what is paid or held
    online counts."""
    return await record_venue_payment(access, body, key, now)


@router.get("", summary="Get what was paid at the venue for a booking", response_model=Envelope[VenueCorrectionRead])
async def get_venue_payments(access: MayList, booking_id: Annotated[UUID, Query()]) -> Response:
    """All entries of one booking, oldest first, corrections included."""
    async with access.of("booking", booking_id) as work:
        found = await work.payments.venue.of_booking(booking_id)
        return ok(VenueCorrectionRead(entries=[VenuePaymentRead.of(entry) for entry in found]))


@router.post(
    "/{venue_payment_id}/correct",
    status_code=201,
    summary="Correct a payment at the venue",
    response_model=Envelope[VenueCorrectionRead],
)
@raises(correct_entry)
@limited(RateClass.PAYMENT)
async def correct_venue_payment(
    venue_payment_id: UUID, body: VenueCorrectionCreate, access: MayCorrect, now: Now, key: RequiredKey
) -> Response:
    """The entry is reverted by a reversal, and the right one is recorded. Both count on the day of the correction; a
    day that was closed does not change."""
    return await correct_entry(access, venue_payment_id, body, key, now)


@tills.post("/open", status_code=201, summary="Open my till", response_model=Envelope[TillRead])
@raises(open_own_till)
async def open_till(body: TillOpenCommand, access: MayKeepTill, now: Now, key: OptionalKey) -> Response:
    """The caller's till of today, with the cash that is in it. A till that was closed by mistake is opened again and
    keeps its first amount."""
    return await open_own_till(access, body, key, now)


@tills.post("/close", summary="Close my till", response_model=Envelope[TillRead])
@raises(close_own_till)
async def close_till(body: TillCloseCommand, access: MayKeepTill, now: Now, key: OptionalKey) -> Response:
    """The caller's open till, with the cash that was counted; the answer has the difference. The caller can record no
    more payments on that day."""
    return await close_own_till(access, body, key, now)


@tills.get("/report", summary="Get the till report of a day", response_model=Envelope[TillReportRead])
async def get_till_report(
    access: MayReport,
    now: Now,
    business_id: Annotated[UUID, Query()],
    day: Annotated[Day | None, Query(description="Day of the till; left out, today.")] = None,
) -> Response:
    """What each person took at the venue, by method, with the tills and their differences."""
    async with access.work(business_id) as work:
        return ok(TillReportRead.of(*await work.payments.venue.report(business_id, day, now)))
