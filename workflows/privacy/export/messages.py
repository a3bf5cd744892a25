"""Input of the export workflow."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "data-export"


@dataclass(frozen=True)
class ExportInput:
    """The row in ``data_exports`` is there already."""

    export_id: UUID
    user_id: UUID
