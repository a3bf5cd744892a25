"""Handlers of the waitlist: join, answer an offer, leave."""

from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.envelope import SuccessMessage, created, ok
from api.http.idempotency import Key, Replay, store_response
from api.http.operation_errors import raises
from api.http.rate_limits import count_booking
from api.http.request_info import request_info
from api.v1.bookings.bookings.hold_handlers import (
    TIME_REFUSED,
    BookingAnswer,
    contact_of,
    guest_subject,
    replay_with_token,
)
from api.v1.bookings.waitlist.schemas import (
    AcceptOfferCommand,
    WaitlistEntryCreate,
    WaitlistEntryCreatedRead,
    WaitlistEntryRead,
)
from db.bookings.waitlist.entries import JoinRequest
from domain.bookings.errors import HoldLimit, PriceChanged, TimeIsFree, WaitlistLimit
from domain.bookings.permissions import BookingAction
from domain.bookings.waitlist import EntryStatus
from domain.errors import CurrencyMismatch, Gone, InvalidInput, Unauthenticated, WrongState
from domain.identity.errors import InvalidLink
from domain.permissions import require
from domain.scheduling.errors import NotBookable, OverlappingHours, PartySizeRefused


@raises(TimeIsFree, WaitlistLimit, NotBookable, PartySizeRefused, OverlappingHours)
async def join(access: Access, key: Key, body: WaitlistEntryCreate, services: ApiServices, now: datetime) -> Response:
    """Add the caller to the waitlist; 201 with the entry. Raises the errors of `WaitlistEntryStore.join`."""
    access.subject = guest_subject(access, body.guest)
    links = services.waitlist_links
    try:
        async with access.work(body.service_id, key) as work:
            await count_booking(services, access)
            entry_id = await work.bookings.waitlist.join(_request(access, body), now)
            view = await work.bookings.waitlist.get(entry_id)
            token = None if access.user_id is not None else links.token(entry_id)
            unproven = view.status is EntryStatus.UNPROVEN
            said = SuccessMessage.ADDRESS_ASKED if unproven else SuccessMessage.WAITLIST_JOINED
            answer = created(WaitlistEntryCreatedRead.with_token(view, token), said)
            return await store_response(work, answer)
    except Replay as replay:
        raise replay_with_token(access, replay, links.token) from None


def _request(access: Access, body: WaitlistEntryCreate) -> JoinRequest:
    guest = body.guest
    for_another = body.customer_id is not None or (guest is not None and access.user_id is not None)
    if for_another:
        require(access.role, BookingAction.CREATE_FOR_CUSTOMER)
    if body.customer_id is not None and guest is not None:
        raise InvalidInput.at("customer_id", "not_with_guest")
    if guest is None and access.user_id is None:
        raise InvalidInput.at("guest", "missing")
    return JoinRequest(
        body.service_id,
        body.wanted(),
        user_id=None if for_another else access.user_id,
        person=contact_of(guest) if guest else None,
        language=body.language or request_info().language.value,
        customer_id=body.customer_id,
        by_staff=for_another,
    )


@raises(*TIME_REFUSED, PriceChanged, CurrencyMismatch, HoldLimit, WrongState, Gone)
async def accept(
    access: Access, key: Key, entry_id: UUID, body: AcceptOfferCommand, services: ApiServices, now: datetime
) -> Response:
    """Book the offered time; 201 with the booking. Raises the errors of `WaitlistAcceptStore.accept`."""
    links = services.booking_links
    price = body.expected_price.money() if body.expected_price else None
    try:
        async with access.work(entry_id, key) as work:
            answer = BookingAnswer(access, links)
            await work.bookings.waitlist.accept(entry_id, price, now, answer, work.idempotency_key)
            return answer.made
    except Replay as replay:
        raise replay_with_token(access, replay, links.token) from None


@raises(WrongState)
async def decline(access: Access, key: Key, entry_id: UUID, now: datetime) -> Response:
    """Decline the open offer. Raises WrongState where none is open."""
    async with access.work(entry_id, key) as work:
        await work.bookings.waitlist.decline(entry_id, now)
        answer = WaitlistEntryRead.of(await work.bookings.waitlist.get(entry_id))
        return await store_response(work, ok(answer, SuccessMessage.OFFER_DECLINED))


@raises(WrongState)
async def leave(access: Access, entry_id: UUID, now: datetime) -> Response:
    """Take the entry off the list. Raises WrongState for one that became a booking or ended."""
    async with access.work(entry_id) as work:
        await work.bookings.waitlist.take_off(entry_id, access.works_here, now)
        answer = WaitlistEntryRead.of(await work.bookings.waitlist.get(entry_id))
        return ok(answer, SuccessMessage.WAITLIST_LEFT)


@raises(WrongState, Gone, InvalidLink, WaitlistLimit)
async def prove(access: Access, key: Key, entry_id: UUID, token: str, services: ApiServices, now: datetime) -> Response:
    """Confirm the address. Raises InvalidLink for a token of another object, Gone for an expired one."""
    async with access.work(entry_id, key) as work:
        try:
            proven = services.waitlist_links.read_proof(token, now)
        except Unauthenticated as error:
            raise InvalidLink from error
        if proven != entry_id:
            raise InvalidLink
        await work.bookings.waitlist.prove(entry_id, now)
        answer = WaitlistEntryRead.of(await work.bookings.waitlist.get(entry_id))
        return await store_response(work, ok(answer, SuccessMessage.WAITLIST_JOINED))
