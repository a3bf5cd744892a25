"""The actor, the request and the idempotency key of a transaction."""

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from domain.platform.actor import SYSTEM, Actor


@dataclass(frozen=True, slots=True)
class Context:
    """The actor and the request, for the audit trail. ``session_id``: the session of the request's token; the
    transaction is refused if it has ended."""

    actor: Actor = SYSTEM
    request_id: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    session_id: UUID | None = None


#: The workflow of the running activity, if any; the audit trail has it if there is no request.
WORKFLOW: ContextVar[str | None] = ContextVar("workflow", default=None)

#: The platform itself.
NOBODY = Context()


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """An idempotency key of one subject; ``fingerprint`` is a digest of method, path and body."""

    subject: str
    key: str
    fingerprint: bytes
