"""The interface of an e-mail provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.messages.delivery import DeliveryReport


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a message; ``content`` is raw bytes."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Email:
    """One message to one recipient. ``from_name`` is shown as the sender; answers go to ``reply_to`` (None: nobody
    reads them). ``notice_id`` travels as a custom argument and comes back in webhooks."""

    to: str
    from_name: str
    reply_to: str | None
    subject: str
    text: str
    html: str
    notice_id: str
    language: str
    attachments: Sequence[Attachment] = field(default_factory=tuple)
    #: Where a POST without a login switches messages of this kind off (RFC 8058); None for what is always sent.
    unsubscribe_url: str | None = None


class EmailProvider(Protocol):
    """Raises ``providers.errors``; ``parse_webhook`` raises ``domain.errors.ForgedWebhook``."""

    name: str

    async def send(self, email: Email) -> str:
        """Send one message. Returns the provider's message id."""
        ...

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Sequence[DeliveryReport]:
        """Verify the signature over the raw body and parse all events. ``headers`` keys are lower case."""
        ...

    async def aclose(self) -> None:
        """Close connections and threads. No call may follow."""
        ...


def list_headers(email: Email) -> dict[str, str]:
    """Both headers of one-click unsubscription (RFC 8058, 3.1); none for a message that is always sent. The DKIM
    signature that must cover them (RFC 8058, 4) is made by SendGrid for an authenticated domain, or by the mail
    server."""
    if email.unsubscribe_url is None:
        return {}
    return {
        "List-Unsubscribe": f"<{email.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
