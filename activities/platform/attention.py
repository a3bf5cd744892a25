"""Files attention items: problems that a person must solve."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope


@dataclass(frozen=True)
class AttentionInput:
    """``kind`` is a stable code, ``dedupe_key`` keeps one open item per problem; ``details`` are ids, amounts and
    codes, never names."""

    kind: str
    dedupe_key: str
    business_id: UUID | None = None
    booking_id: UUID | None = None
    payment_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class AttentionActivities:
    """Files an attention item."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="attention.file")
    async def file(self, item: AttentionInput) -> bool:
        """File an item. False when an open item with its key exists."""
        scope = Scope.platform() if item.business_id is None else Scope.tenant(item.business_id)
        async with self._database.unit_of_work(scope) as work:
            return await work.platform.attention.file(
                item.kind,
                item.dedupe_key,
                business_id=item.business_id,
                booking_id=item.booking_id,
                payment_id=item.payment_id,
                details=item.details,
            )
