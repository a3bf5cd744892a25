"""Who does it, in which request, under which idempotency key; every store may write it down."""

from dataclasses import dataclass

from domain.identity.actor import SYSTEM, Actor


@dataclass(frozen=True, slots=True)
class Context:
    """Who does it and in which request; lands in the audit trail."""

    actor: Actor = SYSTEM
    request_id: str | None = None
    ip: str | None = None
    user_agent: str | None = None


#: Nobody in particular, for the platform's own doings.
NOBODY = Context()


@dataclass(frozen=True, slots=True)
class Remember:
    """An idempotency key to take inside the transaction; ``fingerprint`` is a digest of method, path and body."""

    subject: str
    key: str
    fingerprint: bytes
