"""Input of the export workflow."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "analytics-export"


@dataclass(frozen=True)
class AnalyticsExportInput:
    """The row in ``analytics_exports`` is there already. ``business_id`` is None for all businesses."""

    export_id: UUID
    business_id: UUID | None = None
