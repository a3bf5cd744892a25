"""The signed link of a booking as a caller shows it: without a login, or beside one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from api.http.operation_errors import raises
from domain.bookings.link import link_ends
from domain.errors import Gone, Unauthenticated
from runtime.booking_links import BookingLinks

HEADER = "X-Booking-Token"
_header = APIKeyHeader(
    name=HEADER,
    scheme_name="BookingLink",
    auto_error=False,
    description="The `token` of the link in a booking's messages, or `guest_token` of `POST /bookings`: opens this "
    "one booking without a login, until 30 days after its end.",
)


@dataclass(frozen=True, slots=True)
class GuestLink:
    """A link whose signature is good. ``at``: when it was shown, aware UTC."""

    booking_id: UUID
    at: datetime

    def check(self, end_at: datetime | None) -> None:
        """Raises Gone when the booking it names has been over for too long."""
        if end_at is None or link_ends(end_at) <= self.at:
            raise Gone({"reason": "link_expired"})


@raises(Unauthenticated, Gone)
async def optional_link(request: Request, token: Annotated[str | None, Depends(_header)]) -> GuestLink | None:
    """The booking that the caller's link names. Raises Unauthenticated for a token that is not ours, and for two."""
    if token is None:
        return None
    if len(request.headers.getlist(HEADER)) > 1:
        raise Unauthenticated({"reason": "invalid_link"})
    links: BookingLinks = request.app.state.services.booking_links
    at: datetime = request.app.state.services.now()
    return GuestLink(links.read(token, at), at)


MaybeLink = Annotated[GuestLink | None, Depends(optional_link)]
