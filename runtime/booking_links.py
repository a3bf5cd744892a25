"""The signed link with which a guest without a login sees, pays, reschedules and cancels one booking."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from runtime.links import Links, Purpose

#: Later than every booking. The link expires by the present end of the booking (`domain.bookings.link`): a time inside
#: the token would be the one before a reschedule.
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
        """For a message: the page of the booking. The token is in the path, so that the page needs no JavaScript; pages
        send no referrer, and logs leave the token out."""
        return f"{self.public_url.rstrip('/')}/bookings/{quote(self.token(booking_id))}"

    def proof(self, booking_id: UUID, until: datetime) -> str:
        """A token that proves that its holder reads mail at the booking's address, valid before ``until``. It is sent
        to that address only."""
        return self.links.issue(Purpose.BOOKING_PROOF, booking_id, until)

    def proof_url(self, booking_id: UUID, until: datetime) -> str:
        """For the message that asks to confirm the address."""
        return f"{self.url(booking_id)}?proof={quote(self.proof(booking_id, until))}"

    def read_proof(self, token: str, now: datetime) -> UUID:
        """The booking whose address is proven. Raises Unauthenticated for a token that is not ours, Gone for one that
        is over."""
        return self.links.read(Purpose.BOOKING_PROOF, token, now)

    def read(self, token: str, now: datetime) -> UUID:
        """The id of the booking. Raises Unauthenticated for a token that is not ours."""
        return self.links.read(Purpose.BOOKING, token, now)
