"""Schemas of the audit trail."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.http.fields import Output, examples
from db.platform.audit_trail import AuditEntry
from domain.platform.actor import ActorKind
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

    id: str = Field(description="Number of the entry, in order of time.")
    at: datetime = Field(description="When it happened, RFC 3339.")
    business_id: UUID | None = Field(description="Id of the business (UUID); null for what belongs to the platform.")
    entity: str = Field(description="Name of the table that was changed.")
    entity_id: str = Field(description="Id of the row that was changed.")
    action: Change = Field(description="What was done: `insert`, `update`, `delete`, or the name of an action.")
    before: dict[str, Any] | None = Field(description="The row before the change; null for a new row.")
    after: dict[str, Any] | None = Field(description="The row after the change; null after a deletion.")
    actor_kind: str | None = Field(description="Who made the change, such as `customer`, `staff`, `system`.")
    actor_id: UUID | None = Field(
        description="User who made the change (UUID); null for guests, the platform and providers.",
    )
    request_id: str | None = Field(
        description="Id of the request, as in the header `X-Request-ID`; null when it was not a request.",
    )
    ip: str | None = Field(description="IP address of the request; null when unknown.")
    user_agent: str | None = Field(description="The header `User-Agent` of the request; null when unknown.")

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
