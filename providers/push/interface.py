"""The interface of web push."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Subscription:
    """Of one browser, as ``PushSubscription.toJSON`` gives it; keys are base64url."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class PushMessage:
    """What a service worker shows. ``tag``: a later one with the same tag replaces it. ``seconds``: how long the push
    service keeps it for a browser that is not there."""

    title: str
    text: str
    url: str
    tag: str
    language: str
    seconds: int


class PushProvider(Protocol):
    """Raises ``providers.errors``."""

    name: str
    #: For ``PushManager.subscribe`` (``applicationServerKey``).
    public_key: str

    def takes(self, endpoint: str) -> bool:
        """Whether the endpoint is one of a known push service."""
        ...

    async def send(self, subscription: Subscription, message: PushMessage) -> str:
        """Send to one browser; returns the push service's id. A subscription that has ended is ProviderRefused with the
        reason :data:`ENDED`."""
        ...

    async def aclose(self) -> None:
        """Close connections. No call may follow."""
        ...


#: The subscription has ended: it is to be deleted.
ENDED = "subscription_ended"
