"""The waitlist: join, read one's place, answer an offer, leave; and the list of a business."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from api.access.callers import Access, Now, Services
from api.access.listing import Listing, may_list
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, ListEnvelope, ok
from api.http.idempotency import RequiredKey
from api.http.operation_errors import raises
from api.http.paging import PageAsked
from api.v1.bookings.bookings.schemas import BookingCreatedRead
from api.v1.bookings.waitlist.handlers import accept, decline, join, leave, prove
from api.v1.bookings.waitlist.schemas import (
    AcceptOfferCommand,
    BusinessWaitlistEntryRead,
    WaitlistEntryCreate,
    WaitlistEntryCreatedRead,
    WaitlistEntryRead,
    WaitlistPlaceRead,
    WaitlistProofCommand,
)
from domain.bookings.permissions import BookingAction
from domain.bookings.waitlist import EntryStatus

router = routing.router(tags=["bookings"])

MayJoin = Annotated[Access, Depends(may(BookingAction.JOIN_WAITLIST, "service", public=True))]
MayListOwn = Annotated[Listing, Depends(may_list(BookingAction.READ_WAITLIST))]
MayRead = Annotated[Access, Depends(may(BookingAction.READ_WAITLIST, "waitlist", link=True))]
MayAnswer = Annotated[Access, Depends(may(BookingAction.ANSWER_OFFER, "waitlist", link=True))]
MayLeave = Annotated[Access, Depends(may(BookingAction.LEAVE_WAITLIST, "waitlist", link=True))]
MayList = Annotated[Access, Depends(may(BookingAction.READ_WAITLIST, "business"))]

#: The body of a command may be left out.
_NO_PRICE = AcceptOfferCommand()


@router.post(
    "/waitlist",
    status_code=201,
    summary="Join the waitlist",
    response_model=Envelope[WaitlistEntryCreatedRead],
)
@raises(join)
async def create_waitlist_entry(
    body: WaitlistEntryCreate, access: MayJoin, services: Services, now: Now, key: RequiredKey
) -> Response:
    """Wait until a time that fits is freed. Refused (`time_is_free`) while one can be booked. Somebody whose address is
    not confirmed yet must confirm it before ``proof_deadline``, with the link in the message that is sent there, and
    gets no offers before. A guest keeps ``guest_token``, which opens this entry in the header ``X-Waitlist-Token``."""
    return await join(access, key, body, services, now)


@router.get(
    "/waitlist",
    summary="List my waitlist entries",
    response_model=ListEnvelope[WaitlistEntryRead],
)
async def list_waitlist_entries(access: MayListOwn, page: PageAsked) -> Response:
    """At every business, newest first."""
    async with access.mine() as work:
        rows = await work.bookings.waitlist.list_of_user(access.me.id, page.after_id, page.fetch)
    return page.answer(rows, WaitlistEntryRead.of, lambda row: (row.id,))


@router.get(
    "/waitlist/{entry_id}",
    summary="Get a waitlist entry",
    response_model=Envelope[WaitlistPlaceRead],
)
async def get_waitlist_entry(entry_id: UUID, access: MayRead, now: Now) -> Response:
    """For its person, by login or link, and for those who work there."""
    async with access.work(entry_id) as work:
        view = await work.bookings.waitlist.get(entry_id)
        return ok(WaitlistPlaceRead.with_place(view, await work.bookings.waitlist.place_of(view, now)))


@router.delete(
    "/waitlist/{entry_id}",
    summary="Leave the waitlist",
    response_model=Envelope[WaitlistEntryRead],
)
@raises(leave)
async def delete_waitlist_entry(entry_id: UUID, access: MayLeave, now: Now) -> Response:
    """An open offer ends with it. Those who work there take an entry off the list in the same way."""
    return await leave(access, entry_id, now)


@router.post(
    "/waitlist/{entry_id}/accept",
    status_code=201,
    summary="Accept the offered time",
    response_model=Envelope[BookingCreatedRead],
)
@raises(accept)
async def accept_waitlist_offer(
    entry_id: UUID,
    access: MayAnswer,
    services: Services,
    now: Now,
    key: RequiredKey,
    body: AcceptOfferCommand = _NO_PRICE,
) -> Response:
    """The offered time becomes a booking, with the payment and the approval that the service asks for: as the answer of
    `POST /bookings`. After ``expires_at`` the answer is 410."""
    return await accept(access, key, entry_id, body, services, now)


@router.post(
    "/waitlist/{entry_id}/decline",
    summary="Decline the offered time",
    response_model=Envelope[WaitlistEntryRead],
)
@raises(decline)
async def decline_waitlist_offer(entry_id: UUID, access: MayAnswer, now: Now, key: RequiredKey) -> Response:
    """The time is offered to the next person on the waitlist. The entry stays on the list, and is not offered this time
    again."""
    return await decline(access, key, entry_id, now)


@router.post(
    "/waitlist/{entry_id}/confirm-address",
    summary="Confirm the e-mail address of a waitlist entry",
    response_model=Envelope[WaitlistEntryRead],
)
@raises(prove)
async def confirm_address_of_waitlist_entry(
    entry_id: UUID, body: WaitlistProofCommand, access: MayAnswer, services: Services, now: Now, key: RequiredKey
) -> Response:
    """With the token of the message that went to the address. The entry waits from now on."""
    return await prove(access, key, entry_id, body.token, services, now)


@router.get(
    "/owner/businesses/{business_id}/waitlist",
    summary="List the waitlist of a business",
    response_model=ListEnvelope[BusinessWaitlistEntryRead],
)
async def list_business_waitlist(
    business_id: UUID,
    access: MayList,
    page: PageAsked,
    status: Annotated[EntryStatus | None, Query(description="Only those with this status.")] = None,
    service_id: Annotated[UUID | None, Query(description="Only those who wait for this service.")] = None,
) -> Response:
    """Oldest first, with who waits and what is offered."""
    async with access.work(business_id) as work:
        rows = await work.bookings.waitlist.list_of_business(business_id, status, service_id, page.after_id, page.fetch)
    return page.answer(rows, BusinessWaitlistEntryRead.of, lambda row: (row.id,))
