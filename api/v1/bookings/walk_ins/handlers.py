"""Takes in a customer who has no booking."""

from datetime import datetime

from starlette.responses import Response

from api.access.callers import Access, ApiServices
from api.http.idempotency import Key
from api.http.operation_errors import raises
from api.http.request_info import request_info
from api.v1.bookings.bookings.hold_handlers import TIME_REFUSED, BookingAnswer
from api.v1.bookings.walk_ins.schemas import WalkInCreate, WalkInPersonWrite
from db.bookings.commands.hold_request import HoldRequest
from domain.bookings.contact import Contact, walk_in_contact


@raises(*TIME_REFUSED)
async def take_in(access: Access, key: Key, body: WalkInCreate, services: ApiServices, now: datetime) -> Response:
    """Hold, confirm and check in, in one transaction; 201 with the booking. Raises what `HoldStore.hold` raises."""
    async with access.work(body.items[0].service_id, key) as work:
        answer = BookingAnswer(access, services.booking_links)
        await work.bookings.holds.hold(_request(body, now), now, answer, work.idempotency_key)
        return answer.made


def _request(body: WalkInCreate, now: datetime) -> HoldRequest:
    language = body.language or request_info().language.value
    return HoldRequest(
        items=body.requested,
        start_at=now.replace(second=0, microsecond=0),
        party_size=body.party_size,
        customer_id=body.customer_id,
        person=None if body.customer_id else _contact(body.guest, language),
        by_staff=True,
        special_requests=body.special_requests,
        language=language,
        is_walk_in=True,
    )


def _contact(guest: WalkInPersonWrite | None, language: str) -> Contact:
    if guest is None:
        return walk_in_contact(language)
    return Contact(guest.family_name, guest.given_name or "", guest.email, guest.phone.e164 if guest.phone else None)
