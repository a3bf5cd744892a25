"""The actor of a change, for the history, the audit trail and permissions."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """The capacity in which a person or program acts."""

    CUSTOMER = "customer"
    STAFF = "staff"
    ADMIN = "admin"
    GUEST = "guest"
    SYSTEM = "system"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Actor:
    """``user_id`` is None for guests, for the system itself, and for providers."""

    kind: ActorKind
    user_id: UUID | None = None


SYSTEM = Actor(ActorKind.SYSTEM)
PROVIDER = Actor(ActorKind.PROVIDER)
