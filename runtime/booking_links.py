"""The signed link that lets somebody without a login see, pay, move and cancel one booking."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from runtime.links import Links, Purpose

#: Beyond every booking. When the link is over is judged from the end of the booking as it stands
#: (`domain.bookings.link`): a time inside the token would be the one before a reschedule.
_HORIZON = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BookingLinks:
    """``public_url``: where customers open the platform, without a slash at its end."""

    links: Links
    public_url: str

    def token(self, booking_id: UUID) -> str:
        """For the header ``X-Booking-Token``. The same for the same booking and signing key."""
        return self.links.issue(Purpose.BOOKING, booking_id, _HORIZON)

    def url(self, booking_id: UUID) -> str:
        """For a message. Behind ``#``, so that no browser sends the token to a server's log or another page."""
        return f"{self.public_url.rstrip('/')}/bookings/{booking_id}#token={quote(self.token(booking_id))}"

    def read(self, token: str, now: datetime) -> UUID:
        """The booking that the token names. Raises Unauthenticated for one that is not ours."""
        return self.links.read(Purpose.BOOKING, token, now)
