"""The interface of a provider of SMS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.messages.delivery import DeliveryReport


@dataclass(frozen=True, slots=True)
class Sms:
    """One message to one number (``to``: E.164). ``notice_id`` comes back in webhooks."""

    to: str
    text: str
    notice_id: str


@dataclass(frozen=True, slots=True)
class SentSms:
    """The provider's id, and in how many segments it is sent: each is paid for."""

    id: str
    segments: int


class SmsProvider(Protocol):
    """Raises ``providers.errors``; ``parse_webhook`` raises ``domain.errors.ForgedWebhook``."""

    name: str

    async def send(self, sms: Sms) -> SentSms:
        """Send one message. There is no idempotency key: after OutcomeUnknown ask ``find`` before a repeat."""
        ...

    async def find(self, sms: Sms, since: datetime) -> SentSms | None:
        """The same text to the same number that the provider has accepted since then (aware UTC), if any."""
        ...

    def parse_webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> DeliveryReport:
        """Verify the signature over ``url`` (as the provider called it) and the form in ``body``, and read the report.
        ``headers`` keys are lower case."""
        ...

    async def aclose(self) -> None:
        """Close connections. No call may follow."""
        ...
