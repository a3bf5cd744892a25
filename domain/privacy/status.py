"""A person may ask for a copy of their data, and for its erasure."""

from datetime import timedelta
from enum import StrEnum

#: How long the file of an export can be fetched; then it is deleted.
EXPORT_LASTS = timedelta(days=7)
#: Personal data is removed at once; what still connects the rows that the law requires is removed after this.
ERASURE_DELAY = timedelta(days=30)


class ExportStatus(StrEnum):
    """The status of a data export."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
