"""What no machine can settle is handed to a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from temporalio import activity

from db.engine.session import Database, Scope


@dataclass(frozen=True)
class AttentionInput:
    """``kind`` is a stable word, ``dedupe_key`` keeps one open entry per matter; ``details`` hold ids, amounts and
    codes, never a name."""

    kind: str
    dedupe_key: str
    business_id: UUID | None = None
    booking_id: UUID | None = None
    payment_id: UUID | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class AttentionActivities:
    """One method: file it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="attention.file")
    async def file(self, matter: AttentionInput) -> bool:
        """File a matter; False when an open entry for it is there already."""
        scope = Scope.platform() if matter.business_id is None else Scope.tenant(matter.business_id)
        async with self._database.unit_of_work(scope) as work:
            return await work.platform.attention.file(
                matter.kind,
                matter.dedupe_key,
                business_id=matter.business_id,
                booking_id=matter.booking_id,
                payment_id=matter.payment_id,
                details=matter.details,
            )
