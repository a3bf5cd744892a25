"""Input of the archive workflow."""

from dataclasses import dataclass
from uuid import UUID

WORKFLOW = "business-archive"


@dataclass(frozen=True)
class BusinessArchiveInput:
    """The row in ``business_archives`` is there already."""

    archive_id: UUID
    business_id: UUID
