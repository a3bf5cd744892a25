"""Makes bookings: for whom, and the answer that is stored with the hold."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.answer_secrets import data_of, with_secret
from api.http.envelope import SuccessMessage, created
from api.http.idempotency import Key, Replay, without_secrets
from api.http.operation_errors import raises
from api.http.rate_limits import count_booking
from api.http.request_info import request_info
from api.v1.bookings.bookings.create_schemas import BookingCreate, GuestWrite
from api.v1.bookings.bookings.schemas import BookingCreatedRead
from db.bookings.commands.hold_request import HoldRequest
from db.engine.session import UnitOfWork
from domain.booking_status import BookingStatus
from domain.bookings.contact import Contact
from domain.bookings.errors import HoldLimit, PriceChanged
from domain.bookings.permissions import BookingAction
from domain.bookings.proof import phone_proof_windows
from domain.bookings.view import BookingView
from domain.errors import CurrencyMismatch, InvalidInput, RateLimited
from domain.identity.network import network_of
from domain.messages.kinds import Channel
from domain.permissions import allowed, require
from domain.scheduling.errors import (
    NobodyWorks,
    NotBookable,
    OutsideBookingWindow,
    OutsideOpeningHours,
    PartySizeRefused,
    SlotTaken,
)
from providers.payments.registry import LIMITS
from runtime.booking_links import BookingLinks
from runtime.settings import Settings

#: Reasons why a booking cannot have the requested time.
TIME_REFUSED = (SlotTaken, OutsideBookingWindow, OutsideOpeningHours, NobodyWorks, NotBookable, PartySizeRefused)


@dataclass(slots=True)
class BookingAnswer:
    """The answer, made while the hold is written, so that it can be stored for the key: without the guest's token."""

    access: Access
    links: BookingLinks
    #: The number of a guest without an address, E.164.
    number: str | None = None
    made: Response = field(init=False)

    def __call__(self, booking: BookingView) -> bytes:
        token = self.links.token(booking.id) if self.access.user_id is None else None
        said = SuccessMessage.NUMBER_ASKED if self.number and booking.proof_deadline is not None else _message(booking)
        self.made = created(BookingCreatedRead.with_token(booking, self.access.works_here, token), said)
        return without_secrets(bytes(self.made.body))


def _message(booking: BookingView) -> SuccessMessage:
    if booking.status is BookingStatus.CONFIRMED:
        return SuccessMessage.BOOKING_CONFIRMED
    if booking.is_provisional:
        return SuccessMessage.BOOKING_PROVISIONAL
    if booking.status is BookingStatus.CHECKED_IN:
        return SuccessMessage.BOOKING_CHECKED_IN
    if booking.proof_deadline is not None:
        return SuccessMessage.ADDRESS_ASKED
    return SuccessMessage.BOOKING_HELD if booking.amount_due else SuccessMessage.BOOKING_REQUESTED


@raises(*TIME_REFUSED, PriceChanged, CurrencyMismatch, HoldLimit)
async def take(access: Access, key: Key, body: BookingCreate, services: ApiServices, now: datetime) -> Response:
    """Hold the time in one transaction; 201 with the booking. Raises what `HoldStore.hold` raises, Forbidden if a
    caller books for another person without being staff, and InvalidInput if no customer is named."""
    access.subject = guest_subject(access, body.guest)
    links = services.booking_links
    try:
        async with access.work(body.requested[0].service_id, key) as work:
            await count_booking(services, access)
            answer = BookingAnswer(access, links, _number_of(body.guest))
            request = replace(
                request_of(access, body, services.settings), sms_is_on=Channel.SMS in services.channels.on
            )
            booking = await work.bookings.holds.hold(request, now, answer, work.idempotency_key)
            if answer.number is not None and booking.proof_deadline is not None and not booking.is_provisional:
                await count_phone_proof(services, work, access, answer.number, booking.business_id)
            return answer.made
    except Replay as replay:
        raise replay_with_token(access, replay, links.token) from None


def _number_of(guest: GuestWrite | None) -> str | None:
    return guest.phone.e164 if guest is not None and not guest.email and guest.phone else None


async def count_phone_proof(
    services: ApiServices, work: UnitOfWork, access: Access, number: str, business_id: UUID
) -> None:
    """Count a proof by SMS for its number, network and business. Raises RateLimited; the booking is then not made."""
    key = services.links.keys.derived("phone proof")
    windows = phone_proof_windows(key, number, network_of(access.address), business_id)
    counted = await work.platform.rate_limits.count(list(windows))
    if not all(one.allowed for one in counted):
        longest = max(one.resets_in for one in counted if not one.allowed)
        raise RateLimited({"retry_after": max(1, int(longest.total_seconds()))})


def replay_with_token(access: Access, replay: Replay, token: Callable[[UUID], str]) -> Replay:
    """The stored answer with the guest's token in it, which is never stored; for a login as it is."""
    made = data_of(replay).get("id")
    if access.user_id is not None or made is None:
        return replay
    return with_secret(replay, "guest_token", token(UUID(made)))


def guest_subject(access: Access, guest: GuestWrite | None) -> str | None:
    """The owner of a guest's keys: one client (its network and program) with one contact. The contact alone is known to
    others, and a replay contains the token of the booking."""
    if guest is None:
        return None
    reached = (guest.email or (guest.phone.e164 if guest.phone else "")).casefold()
    client = "\0".join((network_of(access.address), access.context.user_agent or "", reached))
    return f"guest:{hashlib.sha256(client.encode()).hexdigest()[:32]}"


def request_of(access: Access, body: BookingCreate, settings: Settings) -> HoldRequest:
    """What the caller asks for, as the store takes it. Raises Forbidden and InvalidInput as ``take``."""
    for_another = body.customer_id is not None or (body.guest is not None and access.user_id is not None)
    if for_another or body.request_payment or body.provisional:
        require(access.role, BookingAction.CREATE_FOR_CUSTOMER)
    if body.customer_id is not None and body.guest is not None:
        raise InvalidInput.at("customer_id", "not_with_guest")
    if body.overbook:
        require(access.role, BookingAction.OVERBOOK)
    if (body.provisional or body.overbook) and not for_another:
        raise InvalidInput.at("customer_id", "required")
    if access.user_id is None and body.guest is None:
        raise InvalidInput.at("guest", "missing")
    return HoldRequest(
        network_limit=settings.unpaid_bookings_per_network,
        limits=LIMITS,
        items=body.requested,
        start_at=body.start_at,
        party_size=body.party_size,
        user_id=None if for_another else access.user_id,
        customer_id=body.customer_id,
        person=contact_of(body.guest) if body.guest else None,
        by_staff=for_another and _is_staff(access),
        request_payment=body.request_payment,
        expected_price=body.expected_price.money() if body.expected_price else None,
        special_requests=body.special_requests,
        language=body.language or request_info().language.value,
        is_provisional=body.provisional,
        answer_by=body.answer_by,
        overbook_reason=body.overbook_reason,
    )


def _is_staff(access: Access) -> bool:
    return access.role is not None and allowed(access.role, BookingAction.CREATE_FOR_CUSTOMER)


def contact_of(guest: GuestWrite) -> Contact:
    """What somebody without a login typed about themselves."""
    kana = (guest.family_name_kana, guest.given_name_kana)
    phone = guest.phone.e164 if guest.phone else None
    return Contact(guest.family_name, guest.given_name or "", guest.email, phone, *kana)
