"""Signed links as a caller shows them, without a login or beside one: of a booking, or of an entry of the waitlist."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from api.http.operation_errors import raises
from domain.bookings.link import link_ends
from domain.errors import Gone, Unauthenticated
from runtime.booking_links import BookingLinks
from runtime.message_links import MessageLinks
from runtime.waitlist_links import WaitlistLinks

HEADER = "X-Booking-Token"
WAITLIST_HEADER = "X-Waitlist-Token"
MESSAGE_HEADER = "X-Message-Token"
_header = APIKeyHeader(
    name=HEADER,
    scheme_name="BookingLink",
    auto_error=False,
    description="The `token` of the link in a booking's messages, or `guest_token` of `POST /bookings`: opens this "
    "one booking without a login, until 30 days after its end.",
)
_waitlist_header = APIKeyHeader(
    name=WAITLIST_HEADER,
    scheme_name="WaitlistLink",
    auto_error=False,
    description="The `token` of the link in a message of the waitlist, or `guest_token` of `POST /waitlist`: opens "
    "this one entry without a login, until 30 days after its end.",
)
_message_header = APIKeyHeader(
    name=MESSAGE_HEADER,
    scheme_name="MessageLink",
    auto_error=False,
    description="The `token` of the link under a message that can be switched off: opens the choice of messages of its "
    "recipient without a login, for 400 days.",
)


@dataclass(frozen=True, slots=True)
class GuestLink:
    """A link whose signature is good. ``kind``: booking, waitlist or notice. ``at``: when it was shown, aware UTC."""

    object_id: UUID
    at: datetime
    kind: str = "booking"

    def check(self, end_at: datetime | None, lasts: timedelta | None = None) -> None:
        """Raises Gone when the booking or entry it names has been over for too long: for ``lasts``, or for the time of
        `link_ends`."""
        if end_at is None or (link_ends(end_at) if lasts is None else end_at + lasts) <= self.at:
            raise Gone({"reason": "link_expired"})


@raises(Unauthenticated, Gone)
async def optional_link(request: Request, token: Annotated[str | None, Depends(_header)]) -> GuestLink | None:
    """The booking of the caller's link. Raises Unauthenticated for an invalid token, and for two tokens."""
    if token is None:
        return None
    _check_single(request, HEADER)
    links: BookingLinks = request.app.state.services.booking_links
    at: datetime = request.app.state.services.now()
    return GuestLink(links.read(token, at), at)


@raises(Unauthenticated, Gone)
async def optional_waitlist_link(
    request: Request, token: Annotated[str | None, Depends(_waitlist_header)]
) -> GuestLink | None:
    """The entry that the caller's link names. Raises Unauthenticated for a token that is not ours, and for two."""
    if token is None:
        return None
    _check_single(request, WAITLIST_HEADER)
    links: WaitlistLinks = request.app.state.services.waitlist_links
    at: datetime = request.app.state.services.now()
    return GuestLink(links.read(token, at), at, "waitlist")


@raises(Unauthenticated, Gone)
async def optional_message_link(
    request: Request, token: Annotated[str | None, Depends(_message_header)]
) -> GuestLink | None:
    """The message that the caller's link is from. Raises Unauthenticated for a token that is not ours, and for two."""
    if token is None:
        return None
    _check_single(request, MESSAGE_HEADER)
    links: MessageLinks = request.app.state.services.message_links
    at: datetime = request.app.state.services.now()
    return GuestLink(links.read(token, at), at, "notice")


def _check_single(request: Request, header: str) -> None:
    if len(request.headers.getlist(header)) > 1:
        raise Unauthenticated({"reason": "invalid_link"})


MaybeLink = Annotated[GuestLink | None, Depends(optional_link)]
MaybeMessageLink = Annotated[GuestLink | None, Depends(optional_message_link)]
MaybeWaitlistLink = Annotated[GuestLink | None, Depends(optional_waitlist_link)]
