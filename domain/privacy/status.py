"""What a person may ask of what is held about them: a copy of it, and that it be forgotten."""

from datetime import timedelta
from enum import StrEnum

#: How long the file of an export can be fetched; then it is deleted.
EXPORT_LASTS = timedelta(days=7)
#: The person is made unknown at once; what still connects the rows that the law keeps goes after this.
ERASURE_DELAY = timedelta(days=30)


class ExportStatus(StrEnum):
    """Where a copy of somebody's data stands."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
