"""Data exports and erasures that a person can ask for."""

from datetime import timedelta
from enum import StrEnum

#: How long the file of an export can be downloaded; then it is deleted.
EXPORT_LASTS = timedelta(days=7)
#: Personal data is removed at once; what still links the legally required rows is removed after this time.
ERASURE_DELAY = timedelta(days=30)


class ExportStatus(StrEnum):
    """The status of a data export."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
