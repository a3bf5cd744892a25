"""The signed links with which a guest without a login opens one entry of the waitlist, and proves its address."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from runtime.links import Links, Purpose

#: Later than every entry. The link ends some time after its entry (`domain.bookings.link`).
_HORIZON = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WaitlistLinks:
    """Messages make their own tokens of the same purposes (`activities.templates.account_email`)."""

    links: Links

    def token(self, entry_id: UUID) -> str:
        """For the header ``X-Waitlist-Token``. The same for the same entry and signing key."""
        return self.links.issue(Purpose.WAITLIST, entry_id, _HORIZON)

    def read(self, token: str, now: datetime) -> UUID:
        """The id of the entry. Raises Unauthenticated for a token that is not ours, Gone for one that is over."""
        return self.links.read(Purpose.WAITLIST, token, now)

    def read_proof(self, token: str, now: datetime) -> UUID:
        """The entry whose address is proven. Raises Unauthenticated for a token that is not ours, Gone for one that is
        over."""
        return self.links.read(Purpose.WAITLIST_PROOF, token, now)
