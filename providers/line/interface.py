"""The interface of LINE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LineMessage:
    """One message to one person. ``to``: the LINE user id; ``button``: label and address; ``retry_key``: a UUID, the
    same for every call for this message."""

    to: str
    text: str
    button: tuple[str, str]
    retry_key: str


class LineProvider(Protocol):
    """Raises ``providers.errors``; ``parse_webhook`` raises ``domain.errors.ForgedWebhook``."""

    name: str

    async def send(self, message: LineMessage) -> str:
        """Send one message, or find that an earlier call with its key was accepted. Returns LINE's request id."""
        ...

    async def verify_login(self, id_token: str, nonce: str) -> str | None:
        """The LINE user id of an id token of LINE Login that was asked for with ``nonce``; None for any other token."""
        ...

    async def is_friend(self, user_id: str) -> bool:
        """Whether messages to this person arrive: the account was added and not blocked."""
        ...

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Sequence[str]:
        """Verify the signature over the raw body; the LINE user ids of those who have blocked the account. ``headers``
        keys are lower case."""
        ...

    async def aclose(self) -> None:
        """Close connections. No call may follow."""
        ...
