"""Who does it, in which request, under which idempotency key; every store may write it down."""

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from domain.identity.actor import SYSTEM, Actor


@dataclass(frozen=True, slots=True)
class Context:
    """Who does it and in which request; lands in the audit trail. ``session_id``: the session that the request's token
    belongs to, which must be live for anything to be done."""

    actor: Actor = SYSTEM
    request_id: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    session_id: UUID | None = None


#: The workflow whose step is being taken, if any: what the audit trail names where no request is known.
WORKFLOW: ContextVar[str | None] = ContextVar("workflow", default=None)

#: Nobody in particular, for the platform's own doings.
NOBODY = Context()


@dataclass(frozen=True, slots=True)
class IdempotencyClaim:
    """An idempotency key to take inside the transaction; ``fingerprint`` is a digest of method, path and body."""

    subject: str
    key: str
    fingerprint: bytes
