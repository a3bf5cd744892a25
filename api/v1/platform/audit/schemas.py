"""What the audit trail looks like."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict

from api.http.fields import Output, examples
from db.platform.audit_trail import AuditEntry
from domain.identity.actor import ActorKind
from domain.platform.audit_readers import without_operators_columns

Change = Literal["insert", "update", "delete"]


class AuditRead(Output):
    """One change of one row. ``before`` and ``after`` hold the changed columns alone, secrets masked.

    ``actor_kind`` is customer, guest, staff, admin, system or provider. ``request_id`` is the `X-Request-ID` of the
    request that did it, the id of the command that it became, or of the workflow whose step it was. For owners, ``ip``
    and ``user_agent`` are null where the actor is not of the staff, and what operators note for each other is left out.
    """

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "48213",
                "at": "2026-11-21T01:31:00Z",
                "business_id": "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01",
                "entity": "services",
                "entity_id": "019a0c5f-1c2d-7e30-9b5a-7d9e4f1a3c04",
                "action": "update",
                "before": {"price": 5500},
                "after": {"price": 6600},
                "actor_kind": "staff",
                "actor_id": "019a0c5e-7b3f-7c21-b5d4-a9e1f2036c58",
                "request_id": "req_019a0c5e7b3f7c21b5d4a9e1f2036c58",
                "ip": "203.0.113.7",
                "user_agent": "OmotenashiApp/3.1",
            }
        )
    )

    id: str
    at: datetime
    business_id: UUID | None
    entity: str
    entity_id: str
    action: Change
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    actor_kind: str | None
    actor_id: UUID | None
    request_id: str | None
    ip: str | None
    user_agent: str | None

    @classmethod
    def of(cls, entry: AuditEntry, to_operator: bool) -> Self:
        """A stored entry; an owner reads no column that other answers keep from owners."""
        values = {name: getattr(entry, name) for name in cls.model_fields if name != "id"} | {"id": str(entry.id)}
        if not to_operator:
            for side in ("before", "after"):
                values[side] = without_operators_columns(entry.entity, values[side])
            if entry.actor_kind != ActorKind.STAFF:
                values |= {"ip": None, "user_agent": None}
        return cls.model_validate(values)
