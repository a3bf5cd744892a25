"""The messages of an automation's workflow."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "automation"
CHANGED = "changed"
STATE = "state"


@dataclass(frozen=True)
class AutomationInput:
    """The row in ``automations`` exists already."""

    automation_id: UUID
    business_id: UUID


@dataclass(frozen=True)
class AutomationChanged:
    """It was switched on or off, or deleted."""


@dataclass(frozen=True)
class AutomationState:
    """When the run looks again (RFC 3339), None when it is about to end; ``queued``: messages of this run."""

    looks_at: str | None
    queued: int
