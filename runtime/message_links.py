"""The signed links in messages with which a recipient without a login chooses which messages come."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from runtime.links import Links, Purpose

#: Later than every message. The link ends some time after its message (`domain.messages.permissions`).
_HORIZON = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MessageLinks:
    """``public_url``: where people open the platform."""

    links: Links
    public_url: str

    def token(self, notice_id: UUID) -> str:
        """For the header ``X-Message-Token``. The same for the same message and signing key."""
        return self.links.issue(Purpose.MESSAGE, notice_id, _HORIZON)

    def url(self, notice_id: UUID) -> str:
        """The page with the choices. A POST of ``List-Unsubscribe=One-Click`` to it switches this kind of message off
        (RFC 8058, 3.2)."""
        return f"{self.public_url.rstrip('/')}/messages/{quote(self.token(notice_id))}"

    def short(self, code: str) -> str:
        """The short address of what a message is about; ``code`` is its secret end."""
        return f"{self.public_url.rstrip('/')}/m/{code}"

    def logo(self, business_id: UUID) -> str:
        """Where mail programs load the logo of a business. It stays the same when the logo changes."""
        return f"{self.public_url.rstrip('/')}/api/v1/notifications/logo/{business_id}"

    def read(self, token: str, now: datetime) -> UUID:
        """The id of the message. Raises Unauthenticated for a token that is not ours."""
        return self.links.read(Purpose.MESSAGE, token, now)
